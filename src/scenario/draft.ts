// Drafts a scenario: from the audit of a recording, or a spike from nothing; a commented file to start from.
import type { Audit } from '../recording/audit/audit.js';
import type { AuditedRoute } from '../recording/audit/route-audit.js';
import { isActingPath } from '../recording/quarantine.js';
import { isReading } from '../recording/sendable.js';
import {
  formatCount,
  formatDuration,
  formatRate,
  formatShare,
  parseMultiple,
  parseRatePerSec,
} from '../units.js';
import { type DraftedRoute, draftRoutes } from './draft-routes.js';
import { isLoopback } from './safety.js';

const TARGET = 'http://127.0.0.1:8080';
const HOSTS_DRAFTED = 20;
const WRITES_LISTED = 12;
/** Hosts under one name that make it a platform of tenants. */
const TENANTS_MIN = 3;

export interface DraftOptions {
  /** How the scenario names its files: relative to its own. */
  readonly recordings: readonly string[];
  /** Where it is to be sent; a loopback placeholder unless given. */
  readonly target?: string;
}

/** A scenario that replays a recording, as commented YAML ending in a line break. */
export function draftScenario(audit: Audit, { recordings, target = TARGET }: DraftOptions): string {
  const routes = draftRoutes(audit);
  const sections = [
    opening(audit),
    targetLines(audit, target),
    writeLines(audit.routes, routes),
    streamLines(audit, recordings, routes),
    routeLines(routes),
    gateLines(audit),
  ];
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** Requests a second at normal times, in a spike from nothing. */
const SPIKE_BASE = 20;

/** What is to be drafted from nothing. */
export interface SpikeOptions {
  /** A multiple of normal such as `5x`, or a rate such as `300/s`; as a scenario takes it. */
  readonly peak: string;
  readonly target?: string;
}

/** A scenario of a spike, without any recording. @throws UnitError for a peak that is neither */
export function draftSpike({ peak, target = TARGET }: SpikeOptions): string {
  const peakPerSec = /[x×]$/i.test(peak) ? SPIKE_BASE * parseMultiple(peak) : parseRatePerSec(peak);
  return `# A spike to ${comment(peak)}, drafted from nothing: every figure here is a guess to put yours in place of.
name: ${quoted(`Spike to ${peak}`)}
${targetBlock(target, peakPerSec).join('\n')}
# Routes that may be sent other methods than GET and HEAD:
# writes: [cart]
seed: 1

streams:
  - name: shoppers
    # base: your usual requests a second; peak: what you fear, as a multiple of it or as a rate of its own.
    spike: { base: ${SPIKE_BASE}, peak: ${quoted(peak)}, at: 2m, rise: 90s, hold: 5m, fall: 3m, total: 14m }
    # Put your own pages here; weights are shares of the requests.
    requests:
      - { route: home, weight: 30, get: / }
      - { route: product, weight: 60, get: "/products/{product}" }
      - { route: search, weight: 10, get: "/search?q={word}" }
    data:
      # The first few products draw most of the crowd.
      product: { range: [1, 5000], zipf: 1.1 }
      word: { list: [shoes, gift, sale] }

visits: { requests: 6, think: 8s }

gates:
  - errors < 1%
  - p99 < 800ms
`;
}

function opening(audit: Audit): string[] {
  const { rows, spanS, from, peakSecond, lines, parsed, setApart, replayable } = audit;
  const lost = Object.values(audit.dropped).reduce((sum, n) => sum + n, 0);
  const apart = Object.values(setApart).reduce((sum, n) => sum + n, 0);
  const peak = peakSecond === null ? '' : `, ${formatRate(peakSecond.requests)} in the busiest second`;
  return [
    `# Drafted from a recording: ${formatCount(rows)} requests over ${formatDuration(spanS * 1e6)}${peak}.`,
    ...(from === null
      ? []
      : [`# It begins ${comment(from)}; replayed from its first request, at the pace it had.`]),
    ...(lost === 0
      ? []
      : [
          `# Of ${formatCount(lines)} lines ${formatCount(parsed)} were understood:`,
          ...reasons(audit.dropped),
        ]),
    ...(apart === 0 ? [] : ['# Understood and set apart:', ...reasons(setApart)]),
    ...(replayable.requests === rows
      ? []
      : [
          `# Sent as it stands: ${formatShare(replayable.share)}. The rest is held back:`,
          ...reasons(replayable.why),
        ]),
    '# What this kind of log cannot hold:',
    ...audit.cannotHold.map((sentence) => `#   ${comment(sentence)}`),
    `name: ${quoted(`Replay of ${from?.slice(0, 16) ?? 'a recording'}`)}`,
  ];
}

function reasons(counts: Readonly<Record<string, number>>): string[] {
  return Object.entries(counts)
    .filter(([, n]) => n > 0)
    .sort((a, b) => b[1] - a[1])
    .map(([reason, n]) => `#   ${formatCount(n)} ${comment(reason)}`);
}

function targetLines({ hosts, peakSecond }: Audit, target: string): string[] {
  const names = Object.entries(hosts)
    .sort((a, b) => b[1] - a[1])
    .map(([host]) => host)
    .filter((host) => HOST.test(host));
  const head = '# Every request goes here, and nowhere else.';
  if (names.length === 0) return [head, ...targetBlock(target, peakSecond?.requests ?? 1), 'seed: 1'];
  const suffix = tenantSuffix(names);
  const patterns = new Set(
    names.map((host) => (suffix !== null && host.endsWith(`.${suffix}`) ? `*.${suffix}` : host)),
  );
  const shown = [...patterns].slice(0, HOSTS_DRAFTED);
  const more = patterns.size - shown.length;
  return [
    head,
    ...targetBlock(target, peakSecond?.requests ?? 1, [
      '  # Recorded host: the Host to send. What no rule takes is dropped and counted.',
      '  hosts:',
      ...shown.map((pattern) => `    ${quoted(pattern)}: ${quoted(sentAs(pattern, target))}`),
      ...(more > 0 ? [`    # and ${formatCount(more)} more`] : []),
    ]),
    ...(suffix === null
      ? []
      : [
          '# Each shop by its host, so that the report can tell who was hit.',
          `tenants: { host: ${quoted(`{tenant}.${suffix}`)} }`,
        ]),
    'seed: 1',
  ];
}

/** A target that is not this machine needs a ceiling. */
function targetBlock(target: string, peakPerSec: number, hosts: readonly string[] = []): string[] {
  const ceiling =
    elsewhere(target) === null
      ? []
      : [`  ceiling: ${roundUp(Math.max(1, peakPerSec))}/s # the most that it may get`];
  if (hosts.length === 0 && ceiling.length === 0) return [`target: ${targetValue(target)}`];
  return ['target:', `  url: ${targetValue(target)}`, ...ceiling, ...hosts];
}

/** The host that a recorded one becomes: itself on this machine, else the target's or a name under it. */
function sentAs(pattern: string, target: string): string {
  const hostname = elsewhere(target);
  if (hostname === null) return pattern;
  return pattern.startsWith('*.') ? `*.${hostname}` : hostname;
}

/** The host name of a target that is not this machine; null if it is. */
function elsewhere(target: string): string | null {
  const hostname = URL.canParse(target) ? new URL(target).hostname : '';
  return hostname === '' || isLoopback(hostname) ? null : hostname;
}

/** What a host may be in a mapping. */
const HOST = /^[a-z0-9_](?:[a-z0-9_.-]{0,250}[a-z0-9])?(?::\d{1,5})?$/;

/** What most hosts have in common after their first label, where there are enough; null where not. */
function tenantSuffix(hosts: readonly string[]): string | null {
  const counts = new Map<string, number>();
  for (const host of hosts) {
    const suffix = host.slice(host.indexOf('.') + 1);
    if (!suffix.includes('.') || suffix.includes(':') || /^[\d.]+$/.test(suffix)) continue;
    counts.set(suffix, (counts.get(suffix) ?? 0) + 1);
  }
  const [most] = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  return most !== undefined && most[1] >= TENANTS_MIN && 2 * most[1] >= hosts.length ? most[0] : null;
}

/** Nothing is allowed by a draft: what could be stands in a comment. */
function writeLines(seen: readonly AuditedRoute[], routes: readonly DraftedRoute[]): string[] {
  const acting = seen.filter(({ method, path }) => !isReading(method) || isActingPath(path));
  if (acting.length === 0) return ['# The recording has nothing that changes something: GET and HEAD only.'];
  const nameOf = ({ method, path }: AuditedRoute) =>
    routes.find((route) => route.path === path && route.method === (isReading(method) ? null : method))?.name;
  const names = new Set(acting.flatMap((route) => nameOf(route) ?? []));
  const shown = acting.slice(0, WRITES_LISTED);
  return [
    '# Held back until their routes are allowed by name, as they change something:',
    ...shown.map(
      (route) => `#   ${formatCount(route.requests)} × ${comment(`${route.method} ${route.path}`)}`,
    ),
    ...(acting.length > shown.length ? [`#   and ${formatCount(acting.length - shown.length)} more`] : []),
    ...(names.size === 0 ? [] : [`# writes: [${[...names].map(quoted).join(', ')}]`]),
  ];
}

function streamLines(
  { bots, rows, retries }: Audit,
  recordings: readonly string[],
  routes: readonly DraftedRoute[],
): string[] {
  const share = rows === 0 ? 0 : bots / rows;
  const [ids] = routes.filter(({ name, path }) => /^[a-z]\w*$/.test(name) && path.split('{id}').length === 2);
  const list = recordings.map(quoted).join(', ');
  return [
    'streams:',
    '  - name: recorded',
    `    recording: ${recordings.length === 1 ? list : `[${list}]`}`,
    '    # Five times as many visitors, each with a rhythm of their own:',
    '    # amplify: 5',
    ...(share === 0
      ? []
      : [
          `    # Without bots (${formatShare(share)} of the requests say that they are one):`,
          '    # where: { not: { client: bot } }',
        ]),
    '    # Only a part of it, from its start or by the clock:',
    '    # from: 10m',
    '    # to: 70m',
    ...(retries === 0
      ? []
      : [
          `    # ${formatCount(retries)} requests repeat one that failed: send each thing wanted once:`,
          '    # fold: true',
        ]),
    ...(ids === undefined
      ? []
      : [
          '    # Ids that the target does not know, sent as ids that it has, the hot ones as hot ones:',
          `    # ids: { ${ids.name}: { map: staging-${ids.name}.csv, by: popularity } }`,
        ]),
    '  # A spike on top of what was recorded:',
    '  # - name: promo',
    '  #   spike: { base: 0, peak: 100/s, at: 10m, rise: 90s, hold: 10m, fall: 5m }',
    '  #   requests: [{ route: home, get: / }]',
  ];
}

function routeLines(routes: readonly DraftedRoute[]): string[] {
  if (routes.length === 0) return ['# No single route has enough of the requests to be named here.'];
  return [
    '# Found in the recording: at least 0.5 % of its requests each.',
    'routes:',
    ...routes.map(({ name, method, path, share }) => {
      const only = method === null ? '' : `, method: ${method}`;
      return `  ${quoted(name)}: { path: ${quoted(path)}${only} } # ${formatShare(share)}`;
    }),
  ];
}

function gateLines({ errorsShare, durations }: Audit): string[] {
  const errors = errorsShare === null ? 0.01 : roundUp(Math.max(errorsShare, 0.001));
  const p99Ms = durations === null ? null : roundUp(Math.max(1, durations.p99Ms * 1.2));
  return [
    '# What must hold; from what was recorded where the log tells it.',
    'gates:',
    `  - errors < ${Number((Math.min(errors, 1) * 100).toPrecision(6))}%`,
    ...(errorsShare === null ? [] : ['  - errors < recorded']),
    p99Ms === null ? '  - p99 < 800ms # a guess: the log has no durations' : `  - p99 < ${p99Ms}ms`,
    ...(p99Ms === null ? [] : ['  - p99 < recorded * 1.2']),
  ];
}

/** The next of 1, 1.5, 2, 3, 5, 8 times a power of ten. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 1.5, 2, 3, 5, 8, 10].find((n) => n * power >= value * (1 - 1e-9)) as number;
  return Number((step * power).toPrecision(6));
}

/** A target as it is typed: plain where it can be, so that a draft reads well. */
function targetValue(target: string): string {
  return /^https?:\/\/[\w.:-]+$/.test(target) ? target : quoted(target);
}

/** A YAML text in double quotes; what is not printable ASCII is an escape. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[^\x20-\x7e×]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A text for a comment: printable, on one line, of a bounded length. */
function comment(text: string): string {
  const shown = text.replace(/[^\x20-\x7e×]/g, '?');
  return shown.length <= 160 ? shown : `${shown.slice(0, 157)}...`;
}
