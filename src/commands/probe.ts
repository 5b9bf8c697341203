// `flashcrowd probe`: one request per route and tenant before a run, and what came back.
import { MonotonicClock } from '../drive/pacing/clock.js';
import { shakeHands } from '../drive/probe/handshake.js';
import { Prober } from '../drive/probe/prober.js';
import { serverNameOf } from '../drive/sockets/target.js';
import {
  alpnOf,
  describeTransport,
  type TransportKind,
  type TransportOption,
} from '../drive/transports/choose.js';
import { loadTransport } from '../drive/transports/load.js';
import { Conversation } from '../drive/visits/conversation.js';
import { loadHooks } from '../drive/visits/hook-module.js';
import { HookCaller } from '../drive/visits/hooks.js';
import { ExitCode } from '../exit-codes.js';
import { judgeProbe } from '../judge/probe/probe.js';
import type { Handshake, Probed } from '../measure/probed.js';
import { jsonText } from '../report/json-text.js';
import { paintFor } from '../report/paint.js';
import { probeText } from '../report/probe.js';
import { isAsExpected, type ProbeReport, probeJson } from '../report/probe-json.js';
import type { Overrides } from '../scenario/load.js';
import { type Hidden, hiding, secretsHidden, userHidden } from '../schedule/hidden.js';
import type { Shard } from '../schedule/lanes.js';
import { type ChosenProbes, Probes, type ProbeVisit } from '../schedule/probes.js';
import { VERSION } from '../version.js';
import { coverageOf } from './coverage.js';
import { negotiate, wishOf } from './preflight/protocol.js';
import { mannerOf, type Reached, reachTarget, schedule } from './preflight/reach.js';
import { type Prepared, prepare } from './prepare.js';
import { hideUsers } from './redactor.js';
import { openStream } from './stream-arrivals.js';
import { type Terminal, warn as warnOn } from './terminal.js';

export interface ProbeOptions extends Overrides {
  readonly shard: Shard;
  readonly transport: TransportOption;
  readonly json: boolean;
}

/** Characters of what a hook said that are looked at. */
const SAID_MAX = 16_384;
/** Requests that a probe sends at most, redirects aside, and visits that it makes at once. */
const REQUESTS_MAX = 200;
const AT_ONCE = 4;
/** How long one operation may take at most, and after how long no further visit is begun. */
const TIMEOUT_MAX_US = 10e6;
const TIME_MAX_US = 120e6;
/** Server names with which hands are shaken. */
const NAMES_MAX = 20;

/**
 * Probes a scenario's target.
 * @throws UserError for bad input, UnreachableError if the target is not there; nothing was sent then
 */
export async function probeCommand(
  file: string,
  options: ProbeOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const prepared = await prepare(file, options, options.shard, terminal.env);
  terminal.hide(prepared.loaded.secrets);
  const { loaded } = prepared;
  const users = loaded.inputs.streams.flatMap((input) =>
    input.kind === 'rate' ? Object.values(input.users?.columns ?? {}) : [],
  );
  const warn = (text: string) => warnOn(terminal, hideUsers(text.slice(0, SAID_MAX), users));
  for (const warning of loaded.warnings) warn(warning);
  const run = `${loaded.planId.slice(0, 8)}-${Date.now().toString(36)}`;
  const wish = wishOf(loaded.target, options.transport);
  const reached = await reachTarget(loaded, VERSION, run);
  try {
    for (const warning of reached.warnings) warn(warning);
    const transport = await negotiate(wish, reached.target);
    const chosen = await choose(prepared);
    const alpn = alpnOf(wish);
    const handshakes = await shakeAll(chosen.visits, reached, alpn.length === 0 ? ['http/1.1'] : alpn);
    const probes = await new Sending(prepared, reached, transport, run, warn).all(chosen.visits);
    const report = reportOf(prepared, reached, transport, { run, chosen, handshakes, probes });
    terminal.out(
      options.json
        ? jsonText(probeJson(report))
        : probeText(report, terminal.columns(), paintFor(terminal.colour)),
    );
    return isAsExpected(report) ? ExitCode.passed : ExitCode.gateFailed;
  } finally {
    reached.close();
  }
}

/** Walks the plan until enough of it is known. */
async function choose({ loaded, shard }: Prepared): Promise<ChosenProbes> {
  const probes = new Probes(loaded.plan, REQUESTS_MAX);
  for (const i of probes.order) {
    const stream = openStream(loaded, i, shard, 'filled');
    const walk = probes.walk(i);
    const { arrivals } = stream;
    while (!walk.isOver && arrivals.dueUs !== Number.POSITIVE_INFINITY) {
      if (Number.isNaN(arrivals.dueUs)) {
        await stream.read();
        continue;
      }
      walk.meet(arrivals);
      arrivals.advance();
    }
    await stream.close();
  }
  return probes.choose();
}

/** Shakes hands once for each server name that the requests ask for. */
async function shakeAll(
  visits: readonly ProbeVisit[],
  { target }: Reached,
  alpn: Parameters<typeof shakeHands>[1]['alpn'],
): Promise<Handshake[]> {
  if (target.protocol === 'http:') return [];
  const hosts = visits.flatMap(({ requests }) => requests.map(({ request }) => request.host));
  const names = [...new Set(hosts.map((host) => serverNameOf(host, target)))].slice(0, NAMES_MAX);
  return inTurn(names, (name) => shakeHands(name, { target, alpn, schedule }));
}

/** Does things a few at a time; gives what came of them in the order of the things. */
async function inTurn<Thing, Result>(
  things: readonly Thing[],
  act: (thing: Thing, lane: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const lane = async (_: unknown, number: number) => {
    for (let i = next++; i < things.length; i = next++) results[i] = await act(things[i] as Thing, number);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, things.length) }, lane));
  return results;
}

/** Sends the visits of a probe, a few at a time, each over parts of its own. */
class Sending {
  readonly #prepared: Prepared;
  readonly #reached: Reached;
  readonly #transport: TransportKind;
  readonly #run: string;
  readonly #warn: (text: string) => void;

  constructor(
    prepared: Prepared,
    reached: Reached,
    transport: TransportKind,
    run: string,
    warn: (text: string) => void,
  ) {
    this.#prepared = prepared;
    this.#reached = reached;
    this.#transport = transport;
    this.#run = run;
    this.#warn = warn;
  }

  async all(visits: readonly ProbeVisit[]): Promise<Probed[]> {
    const probers = await this.#probers();
    const { loaded } = this.#prepared;
    const secrets = [...secretsHidden(loaded.secrets), ...loginHidden(this.#reached)];
    const clock = new MonotonicClock('sleep');
    const endUs = clock.nowUs() + TIME_MAX_US;
    const probed = await inTurn(visits, async (visit, lane): Promise<Probed[]> => {
      const prober = probers[lane] as Prober;
      if (clock.nowUs() > endUs || probers.some(({ stopRequested }) => stopRequested)) return [];
      const user = userHidden(loaded.plan, loaded.inputs, visit.stream, visit.visitor);
      return prober.visit(visit, hiding([...secrets, ...user]));
    });
    for (const prober of probers) prober.close();
    return probed.flat();
  }

  async #probers(): Promise<Prober[]> {
    const { plan, hooksFile } = this.#prepared.loaded;
    const { target } = this.#reached;
    const makeTransport = await loadTransport(this.#transport);
    const hooks = hooksFile === null ? null : await loadHooks(hooksFile);
    const clock = new MonotonicClock('sleep');
    const caller =
      hooks === null
        ? null
        : new HookCaller({
            plan,
            hooks,
            targetHost: target.host,
            nowUs: () => clock.nowUs(),
            warn: this.#warn,
          });
    return Array.from({ length: AT_ONCE }, () => {
      return new Prober({
        plan,
        target,
        transport: makeTransport(target, clock, 0),
        conversation: new Conversation(plan, target, clock, caller),
        clock,
        schedule,
        timeoutUs: Math.min(plan.timeoutUs, TIMEOUT_MAX_US),
        run: this.#run,
      });
    });
  }
}

/** The credentials as they are sent. */
function loginHidden({ target: { headers } }: Reached): Hidden[] {
  const at = headers.indexOf('authorization');
  const value = at < 0 ? undefined : headers[at + 1];
  return value === undefined ? [] : [[value.replace(/^Basic /, ''), '(credentials)']];
}

interface Carried {
  readonly run: string;
  readonly chosen: ChosenProbes;
  readonly handshakes: readonly Handshake[];
  readonly probes: readonly Probed[];
}

function reportOf(
  prepared: Prepared,
  { target: resolved, dnsUs }: Reached,
  transport: TransportKind,
  { run, chosen, handshakes, probes }: Carried,
): ProbeReport {
  const { name, plan, planId, target } = prepared.loaded;
  const nowMs = Date.now();
  const routes = (coverageOf(prepared).routes ?? []).map(({ route, rows }) => ({ route, rows }));
  const wanted = chosen.visits.reduce((sum, { requests }) => sum + requests.length, 0);
  const unmet = chosen.unmet.map((i) => plan.routes[i]?.name ?? '');
  return {
    scenario: name,
    planId,
    run,
    target: {
      url: target.url,
      addresses: resolved.addresses,
      dnsUs,
      proxy: target.proxy?.url ?? null,
      transport: `${describeTransport(transport, target.secure)}${mannerOf(target)}`,
    },
    nowMs,
    handshakes,
    probes,
    findings: judgeProbe(probes, handshakes, {
      target: target.url,
      nowMs,
      redirects: plan.redirects ?? 0,
      hasBasicAuth: target.basicAuth !== null,
      insecure: target.tls?.insecure === true,
    }),
    leftOut: {
      pairs: chosen.leftOut,
      unsent: wanted - probes.length,
      routes,
      unmet: unmet.filter((route) => !routes.some((missing) => missing.route === route)),
    },
  };
}
