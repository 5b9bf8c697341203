// Recorded against replayed: gates that are relative to a recording, and the comparison by route.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { evaluateGate } from '../../src/judge/gates/gates.js';
import { compareWithRecorded } from '../../src/judge/recorded.js';
import { brokenConservation } from '../../src/judge/validity/conservation.js';
import { mergeSnapshots, type Snapshot } from '../../src/measure/snapshot.js';
import type { Gate } from '../../src/scenario/gate.js';
import type { PlanStream } from '../../src/scenario/plan.js';
import {
  completed,
  ERRORS_RECORDED,
  gateOf,
  gateOn,
  headOf,
  judged,
  nightSnapshot,
  type Op,
  P99_RECORDED,
  recorded,
  snapshotOf,
  TIMEOUT_US,
} from '../support/snapshots.js';

const { plan } = nightSnapshot().head;
const [NIGHT, EVERYDAY] = plan.streams as [PlanStream, PlanStream];
const HEAD = headOf({ planChanges: { streams: [NIGHT] } });
const BOTH = headOf({ planChanges: { streams: [NIGHT, EVERYDAY] } });

const many = (n: number, op: Omit<Op, 'windowS'>): Op[] =>
  Array.from({ length: n }, (_, i) => ({ windowS: i % 60, ...op }));
const run = (...ops: Op[][]): Snapshot => completed(snapshotOf(HEAD, ops.flat()));
const p99 = (comparison: Gate['comparison'], factor: number): Gate => ({
  ...P99_RECORDED,
  comparison,
  bound: recorded(factor),
});
const errors = (comparison: Gate['comparison'], factor: number): Gate => ({
  ...ERRORS_RECORDED,
  comparison,
  bound: recorded(factor),
});
const BAD = { outcome: 'bad_status' } as const;

test('errors are held against the failed share of the same requests when they were recorded', () => {
  const snapshot = run(
    many(590, { recordedStatus: 200 }),
    many(400, { recordedStatus: 503 }),
    many(10, { recordedStatus: 200, ...BAD }),
  );
  const { result, actual, bound, n } = gateOn(snapshot, ERRORS_RECORDED);
  assert.deepEqual({ result, actual, bound, n }, { result: 'pass', actual: 0.01, bound: 0.4, n: 1000 });
  assert.equal(gateOn(snapshot, errors('<', 0.005)).result, 'fail');
  assert.equal(gateOn(snapshot, errors('<', 0.025)).result, 'inconclusive');
  assert.equal(gateOn(snapshot, errors('>', 1)).result, 'fail');
});

test('where nothing had failed, less than that cannot be had, and it is said', () => {
  const snapshot = run(many(100, { recordedStatus: 200 }));
  assert.equal(gateOn(snapshot, errors('<=', 1)).result, 'pass');
  const { result, reason } = gateOn(snapshot, ERRORS_RECORDED);
  assert.equal(result, 'fail');
  assert.match(reason ?? '', /nothing is below that: write <=/);
});

test('latencies are held against the recorded durations times the factor', () => {
  const snapshot = run(many(2000, { serviceUs: 298_950, recordedStatus: 200, recordedDurationUs: 250_000 }));
  const { result, actual, bound } = gateOn(snapshot, p99('<', 1.2));
  assert.equal(result, 'fail');
  assert.deepEqual(actual, { us: 300_000, atLeast: false });
  assert.deepEqual(bound, { us: 300_000, atLeast: false });
  assert.equal(gateOn(snapshot, p99('<=', 1.2)).result, 'pass');
  const mean = gateOf('mean < recorded * 1.3', { kind: 'mean' }, '<', recorded(1.3));
  const max = gateOf('max < recorded', { kind: 'max' }, '<', recorded());
  assert.deepEqual(
    [mean, max].map((gate) => gateOn(snapshot, gate).result),
    ['pass', 'fail'],
  );
});

const SLOW_THEN = { recordedStatus: 200, recordedDurationUs: 2 * TIMEOUT_US } as const;
const QUICK_THEN = { recordedStatus: 200, recordedDurationUs: 50_000 } as const;
const SLOW_NOW = { outcome: 'timeout' } as const;
const QUICK_NOW = { serviceUs: 40_000 } as const;
const cut: [string, Omit<Op, 'windowS'>, Gate, string, RegExp?][] = [
  [
    'what was cut then is at least that: less now is less',
    { ...SLOW_THEN, ...QUICK_NOW },
    p99('<', 1),
    'pass',
  ],
  [
    'more than what was cut then cannot be shown',
    { ...SLOW_THEN, ...QUICK_NOW },
    p99('>', 0.001),
    'fail',
    /longer than the timeout/,
  ],
  [
    'less than a part of what was cut then cannot be shown',
    { ...SLOW_THEN, ...QUICK_NOW },
    p99('<', 0.001),
    'fail',
    /longer than the timeout/,
  ],
  ['both cut cannot be shown', { ...SLOW_THEN, ...SLOW_NOW }, p99('<', 2), 'fail', /at least 10 s/],
  ['cut now and quick then breaks for certain', { ...QUICK_THEN, ...SLOW_NOW }, p99('<', 2), 'fail'],
  ['cut now and quick then is more for certain', { ...QUICK_THEN, ...SLOW_NOW }, p99('>', 2), 'pass'],
];
for (const [what, op, gate, expected, why] of cut) {
  test(`timeouts: ${what}`, () => {
    const { result, reason } = gateOn(run(many(2000, op)), gate);
    assert.equal(result, expected);
    if (why === undefined) assert.equal(reason, null);
    else assert.match(reason ?? '', why);
  });
}

test('what the recording does not say is no data, with the reason', () => {
  const reasonOf = (snapshot: Snapshot, gate: Gate) => {
    const { result, bound, reason } = gateOn(snapshot, gate);
    assert.deepEqual([result, bound], ['no_data', null]);
    return reason ?? '';
  };
  const noDurations = run(many(200, { recordedStatus: 200 }));
  assert.match(reasonOf(noDurations, P99_RECORDED), /the recording has no durations there/);
  assert.equal(gateOn(noDurations, errors('<=', 1)).result, 'pass');
  const noStatuses = run(many(200, {}));
  for (const gate of [P99_RECORDED, ERRORS_RECORDED]) {
    assert.match(reasonOf(noStatuses, gate), /the recording has no statuses there/);
  }
  assert.match(reasonOf(completed(snapshotOf(headOf(), [])), ERRORS_RECORDED), /plan has no recording/);
  assert.match(reasonOf(run([]), ERRORS_RECORDED), /nothing was due/);
  const everyday = { ...ERRORS_RECORDED, selector: { stream: 'everyday' } };
  assert.match(
    reasonOf(completed(snapshotOf(BOTH, [{ windowS: 0, stream: 1 }])), everyday),
    /nothing was due|no recording/,
  );
});

test('a percentile of too few recorded requests is too little to pass on', () => {
  const ops = [many(50, { ...QUICK_NOW, ...QUICK_THEN }), many(1950, { ...QUICK_NOW, recordedStatus: 503 })];
  const { result, reason } = gateOn(run(...ops), p99('<', 2));
  assert.equal(result, 'inconclusive');
  assert.match(reason ?? '', /needs 100 recorded requests, there were 50/);
  assert.equal(gateOn(run(...ops), p99('<', 0.1)).result, 'fail');
});

test('other streams are on neither side, and that is said; a part that is not known too', () => {
  const ops = [...many(80, { recordedStatus: 503 }), ...many(20, {}), ...many(900, { stream: 1, ...BAD })];
  const { result, actual, n, reason } = gateOn(completed(snapshotOf(BOTH, ops)), ERRORS_RECORDED);
  assert.deepEqual({ result, actual, n }, { result: 'pass', actual: 0, n: 100 });
  assert.match(reason ?? '', /over recordings alone: night; what was recorded is known of 80\.0 %/);
});

test('a gate on a route or a phase compares that part of both', () => {
  const snapshot = nightSnapshot();
  const on = (selector: Gate['selector']) => gateOn(snapshot, { ...ERRORS_RECORDED, selector }).result;
  assert.equal(on({ route: 'product', phase: 'peak' }), 'pass');
  assert.equal(on({ route: 'cart' }), 'fail');
  assert.equal(on({ phase: 'before' }), 'fail');
  assert.equal(on({ stream: 'night' }), 'pass');
});

test('the comparison names the worst drift first, and is null where nothing was recorded', () => {
  const comparison = compareWithRecorded(nightSnapshot());
  assert.deepEqual(
    comparison?.routes.map(({ name }) => name),
    ['cart', 'checkout', 'product'],
  );
  assert.equal(judged(completed(snapshotOf(headOf(), many(10, {}))), []).recorded, null);
});

test('more recorded than planned, or failed than recorded, breaks conservation', () => {
  const sound = run(many(10, { recordedStatus: 200 }));
  assert.deepEqual(brokenConservation(sound), []);
  const group = [...sound.groups.values()][0];
  assert.ok(group?.counts.recorded);
  group.counts.recorded.planned = 11;
  assert.match(brokenConservation(sound).join('\n'), /10 planned, 11 recorded/);
});

test('relative gates on a merged result are those on the whole', () => {
  const op: fc.Arbitrary<Op> = fc.record({
    windowS: fc.integer({ min: 0, max: 59 }),
    stream: fc.integer({ min: 0, max: 1 }),
    route: fc.integer({ min: 0, max: 2 }),
    outcome: fc.constantFrom('ok', 'timeout', 'bad_status'),
    status: fc.constantFrom(200, 404),
    serviceUs: fc.integer({ min: 1, max: 9_000_000 }),
    recordedStatus: fc.constantFrom(200, 404, 503),
    recordedDurationUs: fc.integer({ min: 0, max: 12_000_000 }),
  });
  const gates = [ERRORS_RECORDED, P99_RECORDED, { ...ERRORS_RECORDED, selector: { route: 'cart' } }];
  fc.assert(
    fc.property(fc.array(op, { maxLength: 60 }), fc.nat(60), (ops, at) => {
      const head = { ...BOTH, gates };
      const whole = snapshotOf(head, ops);
      const parts = [snapshotOf(head, ops.slice(0, at)), snapshotOf(head, ops.slice(at))] as const;
      for (const merged of [mergeSnapshots(...parts, head), mergeSnapshots(parts[1], parts[0], head)]) {
        for (const gate of gates) assert.deepEqual(evaluateGate(merged, gate), evaluateGate(whole, gate));
      }
    }),
    { numRuns: 60 },
  );
});
