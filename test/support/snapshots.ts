// Synthetic results, made from formulas: a spike that breaks and recovers, a healthy run, a stalled generator,
// and one that was cut. The same numbers on every machine, without a clock or a draw.
import { evaluateGate, type GateResult } from '../../src/judge/gates/gates.js';
import { type Judgement, judge } from '../../src/judge/verdict.js';
import { bucketOf, COARSE, FINE, type Layout, ROUGH } from '../../src/measure/buckets.js';
import {
  type Cell,
  type Counts,
  emptyCounts,
  emptyRecordedCounts,
  SLICE_S,
  type Slice,
  type Tail,
} from '../../src/measure/cell.js';
import { addDistributions, type Distribution, emptyDistribution } from '../../src/measure/distribution.js';
import { BIN_US, emptyEmission } from '../../src/measure/emission.js';
import { OUTCOME_INDEX, type Outcome } from '../../src/measure/outcome.js';
import { countCell, seriesOf } from '../../src/measure/series.js';
import {
  absorbCell,
  absorbClosed,
  absorbSlice,
  absorbTenant,
  emptySnapshot,
  type Head,
  phaseIndexAt,
  type Snapshot,
} from '../../src/measure/snapshot.js';
import { emptyStallTimes, type ProcessVitals, type StallCause } from '../../src/measure/vitals.js';
import type { Gate } from '../../src/scenario/gate.js';
import type { Plan, PlanStream } from '../../src/scenario/plan.js';

export const TIMEOUT_US = 10_000_000;

/** A distribution of exact values; those from `cutFromUs` on count as cut short. */
export function distributionOf(
  layout: Layout,
  values: readonly number[],
  cutFromUs = Number.POSITIVE_INFINITY,
): Distribution {
  const counts = new Map<number, number>();
  const cut = values.filter((v) => v >= cutFromUs);
  for (const v of values) counts.set(bucketOf(layout, v), (counts.get(bucketOf(layout, v)) ?? 0) + 1);
  const buckets = [...counts.keys()].sort((a, b) => a - b);
  return {
    layout,
    buckets: Uint16Array.from(buckets),
    counts: Float64Array.from(buckets, (bucket) => counts.get(bucket) as number),
    count: values.length,
    sumUs: values.reduce((sum, v) => sum + v, 0),
    maxUs: Math.max(0, ...values),
    cuts: cut.length,
    cutMinUs: Math.min(Number.POSITIVE_INFINITY, ...cut),
  };
}

/** One operation of a synthetic run; durations in microseconds. */
export interface Op {
  readonly windowS: number;
  readonly stream?: number;
  readonly route?: number;
  readonly tenant?: string;
  readonly outcome?: Outcome;
  /** 0 for no answer; by default 200 for ok and 503 for a bad status. */
  readonly status?: number;
  readonly lagUs?: number;
  readonly waitUs?: number;
  readonly serviceUs?: number;
  readonly stallUs?: number;
  /** What was recorded of it: by default nothing; 200 is ok, and 10 s and more was cut. */
  readonly recordedStatus?: number;
  readonly recordedDurationUs?: number;
}

const UNFIRED: readonly Outcome[] = ['unsent', 'shed', 'unfilled'];
const UNWRITTEN: readonly Outcome[] = [...UNFIRED, 'local', 'refused', 'dns', 'tls'];

/** A snapshot of some operations under a head, whose shards have come as far as these. */
export function snapshotOf(head: Head, ops: Iterable<Op>): Snapshot {
  const snapshot = emptySnapshot(head);
  const absorbed: Cell[] = [];
  cellsOf.set(snapshot.groups, absorbed);
  const cells = new Map<string, Op[]>();
  for (const op of ops) {
    const key = `${op.windowS}/${op.stream ?? 0}/${op.route ?? 0}`;
    const cell = cells.get(key);
    if (cell === undefined) cells.set(key, [op]);
    else cell.push(op);
  }
  for (const cellOps of cells.values()) {
    const whole = cellOf(cellOps);
    absorbed.push(whole);
    absorbCell(snapshot, whole);
    for (const shard of head.shards)
      absorbClosed(snapshot, { shard, closedS: (cellOps[0] as Op).windowS + 1 });
    absorbSlice(snapshot, sliceOf(head, cellOps));
    emit(snapshot, cellOps);
    for (const [tenant, own] of grouped(cellOps, ({ tenant }) => tenant)) {
      if (tenant === undefined) continue;
      const { windowS } = own[0] as Op;
      absorbTenant(snapshot, {
        tenant,
        sliceS: windowS - (windowS % SLICE_S),
        planned: own.length,
        ok: own.filter(isOk).length,
        response: responsesOf(COARSE, own),
      });
    }
  }
  return snapshot;
}

/** What snapshots were made of, by their groups. */
const cellsOf = new WeakMap<Snapshot['groups'], readonly Cell[]>();

/** The same snapshot as it were if its run had these gates: what they need by the second is counted as cells come. */
export function forGates(snapshot: Snapshot, gates: readonly Gate[]): Snapshot {
  const series = seriesOf(gates);
  const { plan } = snapshot.head;
  for (const cell of cellsOf.get(snapshot.groups) ?? []) countCell(series.values(), plan, cell);
  return { ...snapshot, head: { ...snapshot.head, gates }, series };
}

/** What a run with these gates is judged to be. */
export function judged(snapshot: Snapshot, gates: readonly Gate[]): Judgement {
  return judge(forGates(snapshot, gates), gates);
}

/** What a gate of such a run comes to. */
export function gateOn(snapshot: Snapshot, gate: Gate): GateResult {
  return evaluateGate(forGates(snapshot, [gate]), gate);
}

/** Operations of a second are due evenly in it. */
function emit(snapshot: Snapshot, ops: readonly Op[]): void {
  const count = (atUs: number, side: 'due' | 'fired') => {
    const sliceS = Math.floor(atUs / 1e6 / SLICE_S) * SLICE_S;
    const emission = snapshot.emissions.get(sliceS) ?? emptyEmission(sliceS);
    snapshot.emissions.set(sliceS, emission);
    const bin = Math.floor((atUs - sliceS * 1e6) / BIN_US);
    emission[side][bin] = (emission[side][bin] as number) + 1;
  };
  for (const [i, { windowS, outcome = 'ok', lagUs = 150 }] of ops.entries()) {
    const dueUs = (windowS + i / ops.length) * 1e6;
    if (UNFIRED.includes(outcome)) {
      if (outcome === 'unsent' || outcome === 'shed') count(dueUs, 'due');
      continue;
    }
    count(dueUs, 'due');
    count(dueUs + lagUs, 'fired');
  }
}

function cellOf(ops: readonly Op[]): Cell {
  const { windowS, stream = 0, route = 0 } = ops[0] as Op;
  const counts = emptyCounts();
  for (const op of ops) {
    const { outcome = 'ok' } = op;
    const i = OUTCOME_INDEX[outcome];
    counts.planned++;
    counts.outcomes[i] = (counts.outcomes[i] as number) + 1;
    const status = op.status ?? (outcome === 'ok' ? 200 : outcome === 'bad_status' ? 503 : 0);
    if (status > 0) counts.statuses.set(status, (counts.statuses.get(status) ?? 0) + 1);
    addRecorded(counts, op, status);
    if (UNWRITTEN.includes(outcome)) continue;
    counts.sent++;
    counts.attempts++;
    counts.bytes += status === 200 ? 20_000 : 300;
  }
  return {
    stream,
    route,
    windowS,
    ...counts,
    response: responsesOf(FINE, ops),
    recordedDuration: recordedOf(ops),
  };
}

function addRecorded(counts: Counts, { recordedStatus, recordedDurationUs = 0 }: Op, status: number): void {
  if (recordedStatus === undefined) return;
  const recorded = (counts.recorded ??= emptyRecordedCounts());
  recorded.planned++;
  if (recordedStatus !== 200 || recordedDurationUs > TIMEOUT_US) recorded.failed++;
  recorded.statuses.set(recordedStatus, (recorded.statuses.get(recordedStatus) ?? 0) + 1);
  if (status === 404 && recordedStatus === 200) recorded.unknownIds++;
}

function recordedOf(ops: readonly Op[]): Distribution {
  const took = ops.flatMap(({ recordedStatus, recordedDurationUs: us }) =>
    us !== undefined && (recordedStatus === 200 || us > TIMEOUT_US) ? [Math.min(us, TIMEOUT_US)] : [],
  );
  return distributionOf(FINE, took, TIMEOUT_US);
}

function sliceOf(head: Head, ops: readonly Op[]): Slice {
  const { windowS, stream = 0 } = ops[0] as Op;
  const fired = ops.filter(({ outcome = 'ok' }) => !UNFIRED.includes(outcome));
  const ranked = fired.filter(isRanked);
  return {
    stream,
    phase: phaseIndexAt(head.phases, windowS),
    sliceS: windowS - (windowS % SLICE_S),
    slip: emptyDistribution(COARSE),
    lag: distributionOf(
      COARSE,
      fired.map(({ lagUs = 150 }) => lagUs),
    ),
    wait: distributionOf(
      COARSE,
      fired.map(({ waitUs = 900 }) => waitUs),
    ),
    service: rankedOf(COARSE, ranked, serviceOf),
    tainted: fired.filter(({ stallUs = 0 }) => stallUs > 0).length,
    taintedFailures: fired.filter((op) => (op.stallUs ?? 0) > 0 && !isOk(op)).length,
    tail: tailOf(ranked),
  };
}

function tailOf(ops: readonly Op[]): Tail {
  const buckets = [...new Set(ops.map((op) => bucketOf(ROUGH, responseOf(op))))].sort((a, b) => a - b);
  const parts = buckets.map((bucket) => {
    const own = ops.filter((op) => bucketOf(ROUGH, responseOf(op)) === bucket);
    const sum = (read: (op: Op) => number) => own.reduce((total, op) => total + read(op), 0);
    return {
      count: own.length,
      responseUs: sum(responseOf),
      oursUs: sum(({ lagUs = 150, stallUs = 0 }) => lagUs + stallUs),
      waitUs: sum(({ waitUs = 900 }) => waitUs),
      serviceUs: sum(serviceOf),
    };
  });
  return { buckets, parts };
}

function responsesOf(layout: Layout, ops: readonly Op[]): Distribution {
  return rankedOf(layout, ops.filter(isRanked), responseOf);
}

function rankedOf(layout: Layout, ranked: readonly Op[], read: (op: Op) => number): Distribution {
  const done = ranked.filter(isOk).map(read);
  const cut = ranked.filter((op) => !isOk(op)).map(read);
  return addDistributions(distributionOf(layout, done), distributionOf(layout, cut, 0));
}

const isOk = ({ outcome = 'ok' }: Op): boolean => outcome === 'ok';
const isRanked = ({ outcome = 'ok' }: Op): boolean => outcome === 'ok' || outcome === 'timeout';
const serviceOf = (op: Op): number => op.serviceUs ?? (op.outcome === 'timeout' ? TIMEOUT_US : 40_000);
const responseOf = (op: Op): number => (op.lagUs ?? 150) + (op.waitUs ?? 900) + serviceOf(op);

function grouped<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

const STREAM: PlanStream = {
  kind: 'rate',
  name: 'everyday',
  amplify: 1,
  source: { kind: 'stages', stages: [{ from: 60, to: 60, forUs: 120e6 }] },
  arrivals: 'poisson',
  fromUs: 0,
  toUs: null,
  requests: [],
  data: {},
  tenant: null,
  visits: { requests: 6, thinkUs: 8e6 },
};

const PLAN: Plan = {
  format: 1,
  seed: 7,
  lanes: 64,
  speed: 1,
  timeoutUs: TIMEOUT_US,
  connections: { kind: 'visitor', perVisitor: null, idleUs: 5e6 },
  headers: {},
  tenants: { by: 'host', pattern: '{tenant}.shop.example', sendAs: '{tenant}.stg.example' },
  routes: ['product', 'cart', 'checkout'].map((name) => ({ name, expect: [[200, 399]], match: null })),
  streams: [STREAM, { ...STREAM, name: 'promo', amplify: 5 }],
};

/** A head of one steady minute, with what a test needs to be otherwise. */
export function headOf(changes: Partial<Head> & { readonly planChanges?: Partial<Plan> } = {}): Head {
  const { planChanges, ...rest } = changes;
  return {
    format: 2,
    version: '0.1.0',
    node: '20.18.0',
    plan: { ...PLAN, ...planChanges },
    planId: '9f3c51d07a64b8e29f3c51d07a64b8e29f3c51d07a64b8e29f3c51d07a64b8e2',
    scenario: 'Promo spike, 5×',
    label: null,
    target: 'https://edge.stg.example',
    targetIsLocal: false,
    shards: [{ i: 0, n: 1 }],
    hosts: ['loader-1'],
    workers: 2,
    startedAt: '2025-11-20T17:26:00.000Z',
    durationS: 60,
    phases: [{ name: 'steady', startS: 0, endS: 60 }],
    normalPerSec: 60,
    peakPerSec: 60,
    plannedTotal: 0,
    gates: [],
    capDeclared: false,
    coverage: { dropped: {}, notes: [] },
    ...rest,
  };
}

/** The same snapshot as a run that ended, with as many arrivals planned as were due. */
export function completed(snapshot: Snapshot): Snapshot {
  let planned = 0;
  for (const group of snapshot.groups.values()) planned += group.counts.planned;
  const { durationS } = snapshot.head;
  return {
    ...snapshot,
    head: { ...snapshot.head, plannedTotal: planned },
    ends: [{ shard: { i: 0, n: 1 }, reason: 'completed', closedS: durationS, wallUs: durationS * 1e6 }],
  };
}

const TENANTS = [
  'hot-shop',
  ...Array.from({ length: 11 }, (_, i) => `shop-${String(i + 1).padStart(2, '0')}`),
];

/** A value of a skewed distribution around a median: the i-th of n, log-normal by its quantiles. */
function skewed(medianUs: number, i: number, n: number): number {
  const p = (i + 0.5) / n;
  // Logit as a stand-in for the probit: heavy enough a tail, and a formula of one line.
  return Math.round(medianUs * Math.exp(0.38 * Math.log(p / (1 - p))));
}

const SPIKE_HEAD = headOf({
  durationS: 120,
  phases: [
    { name: 'before', startS: 0, endS: 30 },
    { name: 'onset', startS: 30, endS: 50 },
    { name: 'peak', startS: 50, endS: 90 },
    { name: 'decay', startS: 90, endS: 100 },
    { name: 'after', startS: 100, endS: 120 },
  ],
  peakPerSec: 300,
  coverage: {
    dropped: { quarantined: 812, 'host not mapped': 36 },
    routes: [{ route: 'checkout', rows: 812, share: 0.031 }],
    notes: ['Unknown ids 0.4 %'],
  },
});

function promoRate(t: number): number {
  const rising = Math.min(1, Math.max(0, (t - 30) / 20));
  const falling = Math.min(1, Math.max(0, (100 - t) / 10));
  return 240 * Math.min(rising, falling);
}

/** Capacity that an autoscaler adds too late: 110/s until 1:05, then 50/s every three seconds up to 400/s. */
function capacityPerSec(t: number): number {
  return Math.min(400, 110 + 50 * Math.max(0, Math.floor((t - 62) / 3)));
}

function* spikeOps(throughS: number): Generator<Op> {
  for (let windowS = 0; windowS < throughS; windowS++) {
    const rates = [60, Math.round(promoRate(windowS))];
    const load = (rates[0] as number) + (rates[1] as number);
    const share = Math.max(0, 1 - capacityPerSec(windowS) / load);
    const pressure = 1 + 12 * Math.max(0, load / capacityPerSec(windowS) - 0.6);
    for (const [stream, n] of rates.entries()) yield* secondOf(windowS, stream, n, share, pressure);
  }
}

function* secondOf(
  windowS: number,
  stream: number,
  n: number,
  share: number,
  pressure: number,
): Generator<Op> {
  for (let i = 0; i < n; i++) {
    const tenant = stream === 1 ? 'hot-shop' : (TENANTS[(i + windowS) % TENANTS.length] as string);
    // Bystanders fail a third as often, and two of them live elsewhere.
    const spared = tenant === 'shop-10' || tenant === 'shop-11';
    const own = spared ? 0 : tenant === 'hot-shop' ? share : share / 3;
    const fails = Math.floor((i + 1) * own + 0.5) > Math.floor(i * own + 0.5);
    const route = i % 10 < 7 ? 0 : i % 10 < 9 ? 1 : 2;
    const at = (i * 37 + windowS * 11) % n;
    const base: Op = {
      windowS,
      stream,
      route,
      tenant,
      lagUs: skewed(90, at, n),
      waitUs: skewed(700 * pressure, at, n),
    };
    if (!fails) {
      yield { ...base, serviceUs: Math.min(9_000_000, skewed(38_000 * (1 + route) * pressure, at, n)) };
      continue;
    }
    const kind = (i + windowS) % 14;
    if (kind < 8) yield { ...base, outcome: 'bad_status', status: kind === 7 ? 502 : 503 };
    else if (kind < 13) yield { ...base, outcome: 'timeout', serviceUs: TIMEOUT_US - (base.waitUs ?? 0) };
    else yield { ...base, outcome: 'reset' };
  }
}

let spike: Snapshot | undefined;

/** Five times the load within twenty seconds, on a shop whose capacity comes late. Made once: not to be changed. */
export function spikeSnapshot(): Snapshot {
  spike ??= withHealth(completed(snapshotOf(SPIKE_HEAD, spikeOps(120))));
  return spike;
}

/** The same run, killed at 0:41: no end line. */
export function incompleteSnapshot(): Snapshot {
  const snapshot = withHealth(snapshotOf(SPIKE_HEAD, spikeOps(41)));
  const { plannedTotal } = spikeSnapshot().head;
  return { ...snapshot, head: { ...snapshot.head, plannedTotal } };
}

/** A minute at one rate, every request ok. */
export function healthySnapshot(): Snapshot {
  const head = headOf({
    scenario: 'Everyday',
    label: 'before the holidays',
    planChanges: { streams: [STREAM] },
  });
  return withHealth(
    completed(
      snapshotOf(
        head,
        steadyOps(() => 0),
      ),
    ),
  );
}

const NIGHT: PlanStream = {
  kind: 'recording',
  name: 'night',
  amplify: 1,
  digests: ['0'],
  read: {},
  fold: false,
  ids: [],
  pace: null,
  fromUs: null,
  toUs: null,
  where: null,
  hosts: null,
  writes: [],
};

/** A minute of a bad night, replayed on a build that holds: beside it a stream that was never recorded. */
export function nightSnapshot(changes: Partial<PlanStream> = {}, planChanges: Partial<Plan> = {}): Snapshot {
  const streams = [{ ...NIGHT, ...changes } as PlanStream, STREAM];
  const phases = [
    { name: 'before', startS: 0, endS: 20 },
    { name: 'peak', startS: 20, endS: 60 },
  ] as const;
  const head = headOf({
    scenario: 'The night of 20 November',
    phases,
    planChanges: { ...planChanges, streams },
  });
  return withHealth(completed(snapshotOf(head, nightOps())));
}

/** In the peak of the night half of the products failed and many carts were slow; now one cart in 40 is not there. */
function* nightOps(): Generator<Op> {
  for (let windowS = 0; windowS < 60; windowS++) {
    for (let i = 0; i < 40; i++) {
      const route = i % 10 < 7 ? 0 : i % 10 < 9 ? 1 : 2;
      const at = (i * 37 + windowS) % 40;
      const failed = windowS >= 20 && route === 0 && (i + windowS) % 2 === 0;
      const gone = i === 38;
      yield {
        windowS,
        route,
        recordedStatus: failed ? 503 : 200,
        recordedDurationUs: skewed(windowS >= 20 && route === 1 ? 2_400_000 : 60_000, at, 40),
        ...(gone && { outcome: 'bad_status' as const, status: 404 }),
        serviceUs: skewed(route === 2 ? 90_000 : 30_000, at, 40),
      };
    }
    yield { windowS, stream: 1, outcome: windowS % 10 === 0 ? 'reset' : 'ok' };
  }
}

/** The same minute, with a generator whose event loop stood still for 80 ms every tenth of a second. */
export function stalledSnapshot(): Snapshot {
  const head = headOf({ scenario: 'Everyday', targetIsLocal: true, planChanges: { streams: [STREAM] } });
  const stalled = completed(
    snapshotOf(
      head,
      steadyOps((i) => (i % 10 === 0 ? 80_000 : 0)),
    ),
  );
  const fitness = { gaps: 100, gapUs: 8_000_000, gapMaxUs: 92_000, busyPermille: 910 };
  return withHealth(stalled, fitness, 'preempted', { machineBusyPermille: 983, stealPermille: 4 });
}

function* steadyOps(stallUs: (i: number) => number): Generator<Op> {
  for (let windowS = 0; windowS < 60; windowS++) {
    for (let i = 0; i < 60; i++) {
      const stall = stallUs(i);
      const serviceUs = skewed(30_000, (i * 37 + windowS) % 60, 60) + stall;
      const tenant = TENANTS[i % TENANTS.length] as string;
      yield { windowS, route: i % 10 < 7 ? 0 : 1, tenant, lagUs: 80 + stall / 4, serviceUs, stallUs: stall };
    }
  }
}

const CALM = { gaps: 3, gapUs: 6_200, gapMaxUs: 2_900, busyPermille: 310 };

/** Ten seconds of a process that nothing is wrong with. */
export const CALM_PROCESS: ProcessVitals = {
  shard: '0/1',
  sliceS: 0,
  cpuPermille: 420,
  stealPermille: 0,
  machineBusyPermille: 260,
  throttledUs: 0,
  rssBytes: 120e6,
  descriptors: 180,
  descriptorsMax: 20_000,
  tcpSockets: 150,
  portsMax: 28_232,
  segments: 4_000,
  retransmitted: 2,
  synRetransmitted: 0,
  clockSetUs: 0,
  sleptUs: 0,
  haltedUs: 400,
};

function withHealth(
  snapshot: Snapshot,
  fitness: typeof CALM = CALM,
  cause: StallCause = 'busy',
  vitals: Partial<ProcessVitals> = {},
): Snapshot {
  const slices = Array.from({ length: Math.ceil(snapshot.head.durationS / SLICE_S) }, (_, i) => i);
  const processes = slices.map((i) => ({ ...CALM_PROCESS, ...vitals, sliceS: i * SLICE_S }));
  const health = slices.map((i) => ({
    shard: '0/1',
    sliceS: i * SLICE_S,
    ...fitness,
    inFlightMax: 40 + 3 * i,
    connectionsMax: 120 + 10 * i,
    connectionsOpened: 25,
    connect: distributionOf(COARSE, [1_200, 1_300, 1_500, 2_400]),
    dns: emptyDistribution(COARSE),
    tcp: distributionOf(COARSE, [300, 300, 400, 900]),
    tls: distributionOf(COARSE, [900, 1_000, 1_100, 1_500]),
    tlsFull: 20,
    tlsResumed: 5,
    http1: 25,
    http2: 0,
    addresses: { '10.0.0.1': 13, '10.0.0.2': 12 },
    hookCalls: 0,
    hookUs: 0,
    hookMaxUs: 0,
    stalls: { ...emptyStallTimes(), [cause]: fitness.gapUs },
    gcs: 4,
    gcUs: 1_800,
    gcMaxUs: 700,
  }));
  return { ...snapshot, health, processes };
}

/** A gate as the parser would make it. */
export function gateOf(
  text: string,
  metric: Gate['metric'],
  comparison: Gate['comparison'],
  bound: Gate['bound'],
  selector: Gate['selector'] = {},
): Gate {
  return { text, metric, selector, comparison, bound };
}

export const P99_800 = gateOf('p99 < 800ms', { kind: 'quantile', q: 0.99, name: 'p99' }, '<', 800_000);
export const ERRORS_1 = gateOf('errors < 1%', { kind: 'errors' }, '<', 0.01);
export const BYSTANDERS = gateOf('errors[stream=everyday] < 0.1%', { kind: 'errors' }, '<', 0.001, {
  stream: 'everyday',
});
export const CART_PEAK = gateOf(
  'p99[route=cart, phase=peak] < 1s',
  { kind: 'quantile', q: 0.99, name: 'p99' },
  '<',
  1_000_000,
  { route: 'cart', phase: 'peak' },
);
/** `recorded * factor`. */
export const recorded = (factor = 1): Gate['bound'] => ({ of: 'recorded', factor });
export const ERRORS_RECORDED = gateOf('errors < recorded', { kind: 'errors' }, '<', recorded());
export const P99_RECORDED = gateOf(
  'p99 < recorded * 1.2',
  { kind: 'quantile', q: 0.99, name: 'p99' },
  '<',
  recorded(1.2),
);
export const THROUGHPUT = gateOf('throughput > 50/s', { kind: 'throughput' }, '>', 50);
