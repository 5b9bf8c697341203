// What one answer of a probe means, and what to do about it, in plain words.
import type { Probed } from '../../measure/probed.js';
import { formatCount, formatDuration } from '../../units.js';
import { headerOf, type Refusal, refusalOf } from './edges.js';
import { whereLeads } from './redirect.js';

/** What was found, and where. */
export interface ProbeFinding {
  /** Stable; a script can rely on it. */
  readonly id: string;
  /** A problem: an answer that is not as expected. A warning: it is, and yet a run may not be what is meant. */
  readonly level: 'problem' | 'warning';
  /** A sentence without its full stop. */
  readonly message: string;
  readonly advice: string;
  /** Whom it concerns: routes with their tenants, or server names. */
  readonly where: readonly string[];
}

export type Meaning = Omit<ProbeFinding, 'where'>;

/** What the scenario and the machine say beside the answers. */
export interface ProbeContext {
  /** The target's URL. */
  readonly target: string;
  /** UTC milliseconds. */
  readonly nowMs: number;
  /** Redirects that an operation may follow. */
  readonly redirects: number;
  readonly hasBasicAuth: boolean;
  /** Whether a run takes any certificate. */
  readonly insecure: boolean;
}

/** What one answer means; null where nothing is to be said. */
export function meaningOf(probed: Probed, context: ProbeContext): Meaning | null {
  const problem = (id: string, message: string, advice: string): Meaning => ({
    id,
    level: probed.outcome === 'ok' ? 'warning' : 'problem',
    message,
    advice,
  });
  const { outcome, status } = probed;
  if (outcome !== 'ok' && outcome !== 'bad_status' && outcome !== 'bad_body')
    return problem(outcome, ...FAILURES[outcome](probed));
  // A refusal that was recorded, or that the route expects, is as it should be.
  const isExpectedRefusal = outcome === 'ok' && status >= 400;
  const refusal = isExpectedRefusal ? null : refusalOf(probed);
  if (refusal !== null) return problem('edge_refused', ...edgeWords(probed, refusal));
  if (outcome === 'ok') return meaningOfRedirect(probed, context);
  if (outcome === 'bad_body') return problem('bad_body', ...bodyWords(probed));
  if (status === 401) return problem('login_wanted', ...loginWords(probed, context));
  if (status === 404 || status === 410) return problem('unknown_id', ...unknownWords(probed));
  if (status === 421)
    return problem(
      'wrong_server',
      `421: this server does not answer for ${probed.request.host}`,
      'see where the name is served (target.hosts, target.addresses)',
    );
  const redirect = meaningOfRedirect(probed, context);
  if (redirect !== null) return { ...redirect, level: 'problem' };
  return problem('unexpected_status', ...statusWords(probed));
}

type Words = readonly [message: string, advice: string];

type Failure = Exclude<Probed['outcome'], 'ok' | 'bad_status' | 'bad_body'>;

/** What to say where there was no complete answer. */
const FAILURES: Readonly<Record<Failure, (probed: Probed) => Words>> = {
  timeout: ({ totalUs, firstByteUs }) => [
    `no complete answer within ${formatDuration(totalUs ?? 0)}${firstByteUs === null ? '' : ', though it had begun'}`,
    "one request at a time is no load: look at the target's own log before a run",
  ],
  refused: () => [
    'the connection was refused',
    'look at the port, at listeners behind the address, and at a firewall on the way',
  ],
  reset: () => [
    'the connection was closed before the answer was complete',
    "look at the target's log; some firewalls cut what they refuse",
  ],
  dns: () => ['the name does not resolve', 'look at target.url, or say target.addresses'],
  tls: ({ request: { serverName, host } }) => [
    `the TLS handshake for ${serverName ?? host} failed`,
    'look at the certificate below; trust its authority with --ca FILE, or take any with --insecure',
  ],
  protocol: () => [
    'the answer is not valid HTTP',
    'look at the port and scheme of target.url, and try --transport undici for another parser',
  ],
  hook: () => ['a hook of the scenario threw', 'what it said first is on standard error'],
  unfilled: () => [
    'it needs a value that no answer before had given',
    'look at the steps before it, and at what their capture: takes',
  ],
  local: () => [
    'descriptors, ports or buffers of this machine ran out',
    'look at ulimit -n, and at what else runs here',
  ],
  shed: () => ['it was not sent', 'please report this as a defect of flashcrowd'],
  unsent: () => ['it was not sent', 'please report this as a defect of flashcrowd'],
  abandoned: () => ['it was not sent', 'please report this as a defect of flashcrowd'],
  stopped: () => ['it was not sent, as the target asked for a stop', 'ask who runs the target'],
};

function edgeWords({ status, headers }: Probed, { edge, sign }: Refusal): Words {
  const who = edge === null ? `refused with ${status}` : `${edge} refused with ${status} (${sign})`;
  const after = headerOf(headers, 'retry-after');
  const wait = after === null ? '' : `, retry-after: ${after}`;
  const advice =
    status === 429
      ? 'raise the rate limit for the test, or exempt it by address or by the header x-flashcrowd-run'
      : 'let the test through: by address, by the header x-flashcrowd-run, or by a token in headers:';
  return [`${who}${wait}`, advice];
}

function loginWords({ headers }: Probed, { hasBasicAuth }: ProbeContext): Words {
  const challenge = headerOf(headers, 'www-authenticate');
  if (challenge === null || !/^basic\b/i.test(challenge))
    return [
      `401: it wants to know who is there${challenge === null ? '' : ` (www-authenticate: ${challenge})`}`,
      'send a token in headers:, or let the stream log in (login:)',
    ];
  const message = `401: it asks for a name and a password (www-authenticate: ${challenge})`;
  return hasBasicAuth
    ? [message, 'those of target.basicAuth are not taken: look at what the environment gives']
    : [message, 'set target.basicAuth: "${env:STAGING_LOGIN}"'];
}

function unknownWords({ status, recordedStatus }: Probed): Words {
  return recordedStatus >= 200 && recordedStatus < 400
    ? [
        `${status}, and ${recordedStatus} when it was recorded: this staging does not know it`,
        'send ids that it has (ids: in the scenario), or load the recorded ones into it',
      ]
    : [
        `${status}: this staging does not know it`,
        'look at the path and at the ids that data: draws; if it may be missing, say so in routes: (expect)',
      ];
}

function bodyWords({ status, failedChecks }: Probed): Words {
  const checks = failedChecks.map(({ check, wanted }) =>
    check === 'contains'
      ? `it does not contain "${wanted}"`
      : check === 'minBytes'
        ? `it is shorter than ${wanted} B`
        : `no header ${wanted}`,
  );
  return [
    `${status}, but ${checks.length === 0 ? 'not what the route checks for' : checks.join(', ')}`,
    "an error in a page's clothes, or a check that this staging never passes: look at the page",
  ];
}

function statusWords({ status, recordedStatus, expect, request }: Probed): Words {
  const recorded = recordedStatus > 0 ? `, and ${recordedStatus} when it was recorded` : '';
  const ranges = expect.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ');
  const message = `${status}, where ${ranges} is expected${recorded}`;
  if (status >= 500) return [message, "broken before any load: look at the target's own log"];
  if (status === 400)
    return [message, `see if it answers for the Host ${request.host}, and if the request is complete`];
  return [message, 'if that is right, say so in routes: (expect); else look at what the request lacks'];
}

/** Redirects that a run would count as ok, though they lead away from what was meant to be loaded. */
function meaningOfRedirect(probed: Probed, { target, redirects }: ProbeContext): Meaning | null {
  const { location, status, request, recordedStatus, followed, outcome } = probed;
  if (location === null) return null;
  // It was one when it was recorded: the recording holds what came after it.
  if (outcome === 'ok' && recordedStatus >= 300 && recordedStatus < 400) return null;
  const { to, url } = whereLeads(location, { target, host: request.host, path: request.path });
  const level = outcome === 'ok' ? 'warning' : 'problem';
  const through = followed.length === 0 ? '' : ` after ${formatCount(followed.length)} more`;
  const leads = (id: string, where: string, advice: string): Meaning => ({
    id,
    level,
    message: `${status} leads ${where} ${url}${through}`,
    advice,
  });
  switch (to) {
    case 'nowhere':
      return leads('redirect_nowhere', 'to what is no address:', "look at the target's log");
    case 'elsewhere':
      return leads(
        'redirect_elsewhere',
        'off the target, to',
        'no run follows it: map its Host (target.hosts), or mend what the target takes for its own address',
      );
    case 'secure':
      return leads('redirect_secure', 'to https, to', 'say https:// in target.url');
    case 'login':
      return leads(
        'redirect_login',
        'to a login,',
        'who is not logged in sees no shop: log in (login:), or open the shop',
      );
    case 'target':
      if (outcome === 'ok' && followed.length > 0) return null;
      return redirects === 0
        ? leads('redirect', 'within the target, to', 'follow it (redirects: 3), or ask for that path')
        : leads('redirect', 'on and on, to', `it goes on after ${redirects} redirects: look for a loop`);
  }
}
