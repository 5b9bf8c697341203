import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { evaluateGate } from '../../src/judge/gates/gates.js';
import { mergeSnapshots } from '../../src/measure/snapshot.js';
import type { Gate } from '../../src/scenario/gate.js';
import {
  BYSTANDERS,
  CART_PEAK,
  completed,
  ERRORS_1,
  gateOf,
  gateOn,
  headOf,
  type Op,
  P99_800,
  snapshotOf,
  spikeSnapshot,
  THROUGHPUT,
  TIMEOUT_US,
} from '../support/snapshots.js';

const many = (n: number, op: Omit<Op, 'windowS'>): Op[] =>
  Array.from({ length: n }, (_, i) => ({ windowS: i % 60, ...op }));
/** Spread over the minute. */
const evenly = (n: number, op: Omit<Op, 'windowS'>): Op[] =>
  Array.from({ length: n }, (_, i) => ({ windowS: Math.floor((i * 60) / n), ...op }));
const steady = (...ops: Op[][]) => completed(snapshotOf(headOf(), ops.flat()));
const p99 = (comparison: Gate['comparison'], bound: number): Gate =>
  gateOf(`p99 ${comparison} ${bound}`, { kind: 'quantile', q: 0.99, name: 'p99' }, comparison, bound);

test('errors are (planned − ok) / planned, whatever became of the rest', () => {
  const snapshot = steady(
    many(9700, {}),
    evenly(100, { outcome: 'bad_status' }),
    evenly(100, { outcome: 'unsent' }),
    evenly(100, { outcome: 'refused' }),
  );
  const { result, actual, n } = gateOn(snapshot, ERRORS_1);
  assert.deepEqual({ result, actual, n }, { result: 'fail', actual: 0.03, n: 10_000 });
  assert.equal(gateOn(snapshot, { ...ERRORS_1, bound: 0.06 }).result, 'pass');
});

test('fast failures are in no latency', () => {
  const snapshot = steady(
    many(200, { serviceUs: 100_000 }),
    many(800, { outcome: 'bad_status', serviceUs: 1 }),
  );
  assert.equal(gateOn(snapshot, p99('<', 90_000)).result, 'fail');
  assert.equal(gateOn(snapshot, p99('<', 110_000)).n, 200);
});

test('a censored quantile over the bound fails for certain', () => {
  const snapshot = steady(many(900, {}), many(100, { outcome: 'timeout' }));
  const { result, actual, reason } = gateOn(snapshot, P99_800);
  assert.equal(result, 'fail');
  assert.equal(reason, null);
  assert.ok(typeof actual === 'object' && actual?.atLeast === true);
});

test('a censored quantile under the bound cannot be shown to hold, and fails with the reason', () => {
  const snapshot = steady(many(900, {}), many(100, { outcome: 'timeout' }));
  const { result, reason } = gateOn(snapshot, p99('<', 2 * TIMEOUT_US));
  assert.equal(result, 'fail');
  assert.match(reason ?? '', /at least 10 s/);
  assert.equal(gateOn(snapshot, p99('>', TIMEOUT_US / 2)).result, 'pass');
});

test('timeouts beyond the rank leave a quantile exact', () => {
  const snapshot = steady(many(19_980, {}), evenly(20, { outcome: 'timeout' }));
  assert.equal(gateOn(snapshot, P99_800).result, 'pass');
});

test('no data is never a pass', () => {
  const snapshot = steady(many(60, { outcome: 'refused' }));
  assert.equal(gateOn(snapshot, P99_800).result, 'no_data');
  assert.equal(gateOn(snapshot, BYSTANDERS).result, 'fail');
  const empty = completed(snapshotOf(headOf(), []));
  for (const gate of [P99_800, ERRORS_1, BYSTANDERS, THROUGHPUT, CART_PEAK]) {
    assert.equal(gateOn(empty, gate).result, 'no_data', gate.text);
  }
});

test('a quantile over too few requests fails but does not pass, and says how many it would take', () => {
  const few = steady(many(50, { serviceUs: 100_000 }));
  const { result, needed, limits, reason } = gateOn(few, P99_800);
  assert.equal(result, 'inconclusive');
  assert.ok(needed !== null && needed > 250 && needed < 700, `${needed}`);
  assert.equal(limits?.high, null);
  assert.match(reason ?? '', /^0 % took longer than 800 ms, where 1\.0 % may; .* requests would decide it$/);
  assert.equal(gateOn(few, p99('<', 50_000)).result, 'fail');
  assert.equal(gateOn(steady(many(1000, {})), P99_800).result, 'pass');
});

test('what a stop cut leaves a gate undecided only where it decides', () => {
  const snapshot = steady(many(980, {}), many(20, { outcome: 'stopped' }));
  const open = gateOn(snapshot, ERRORS_1);
  assert.equal(open.result, 'inconclusive');
  assert.match(open.reason ?? '', /^20 requests were cut by the stop; had they been ok, it were 0 %$/);
  assert.equal(gateOn(snapshot, { ...ERRORS_1, bound: 0.05 }).result, 'pass');
  const broken = steady(many(900, {}), many(80, { outcome: 'reset' }), many(20, { outcome: 'stopped' }));
  assert.equal(gateOn(broken, ERRORS_1).result, 'fail');
});

test('names that the plan does not have are said', () => {
  const snapshot = spikeSnapshot();
  const on = (selector: Gate['selector']) => gateOn(snapshot, { ...ERRORS_1, selector });
  assert.match(on({ stream: 'nobody' }).reason ?? '', /no stream "nobody"/);
  assert.match(on({ route: 'nowhere' }).reason ?? '', /no route "nowhere"/);
  assert.match(on({ tenant: 'none' }).reason ?? '', /no request went to a tenant "none"/);
  assert.match(on({ phase: 'steady' }).reason ?? '', /it has before, onset/);
  assert.equal(on({ tenant: 'shop-10' }).result, 'pass');
  assert.equal(on({ tenant: 'hot-shop' }).result, 'fail');
});

test('the declared warm-up is outside gates', () => {
  const head = headOf({
    phases: [
      { name: 'warmup', startS: 0, endS: 20 },
      { name: 'steady', startS: 20, endS: 60 },
    ],
  });
  const ops = many(600, { tenant: 'a' }).map(
    (op): Op => (op.windowS < 20 ? { ...op, outcome: 'bad_status' } : op),
  );
  const snapshot = completed(snapshotOf(head, ops));
  assert.deepEqual(gateOn(snapshot, ERRORS_1).n, 400);
  assert.equal(gateOn(snapshot, ERRORS_1).result, 'pass');
  assert.equal(gateOn(snapshot, { ...ERRORS_1, selector: { tenant: 'a' } }).result, 'pass');
  assert.equal(gateOn(snapshot, { ...ERRORS_1, selector: { phase: 'warmup' } }).result, 'no_data');
  assert.equal(gateOn(snapshot, THROUGHPUT).actual, 10);
});

test('throughput is over the seconds that were measured', () => {
  const snapshot = snapshotOf(
    headOf(),
    many(600, {}).filter(({ windowS }) => windowS < 30),
  );
  assert.equal(gateOn(snapshot, THROUGHPUT).actual, 10);
});

test('gates on a merged result are gates on the whole', () => {
  const outcomes = ['ok', 'ok', 'ok', 'timeout', 'bad_status', 'refused'] as const;
  const op = fc.record({
    windowS: fc.integer({ min: 0, max: 59 }),
    stream: fc.integer({ min: 0, max: 1 }),
    route: fc.integer({ min: 0, max: 2 }),
    outcome: fc.constantFrom(...outcomes),
    tenant: fc.constantFrom('a', 'b'),
    serviceUs: fc.integer({ min: 1, max: 9_000_000 }),
  });
  const gates = [P99_800, ERRORS_1, BYSTANDERS, THROUGHPUT, { ...ERRORS_1, selector: { tenant: 'a' } }];
  fc.assert(
    fc.property(fc.array(op, { maxLength: 80 }), fc.nat(80), (ops, cut) => {
      const head = headOf({ gates });
      const whole = snapshotOf(head, ops);
      const merged = mergeSnapshots(
        snapshotOf(head, ops.slice(0, cut)),
        snapshotOf(head, ops.slice(cut)),
        head,
      );
      // Without an end line the last second with an arrival bounds both alike.
      for (const gate of gates) assert.deepEqual(evaluateGate(merged, gate), evaluateGate(whole, gate));
    }),
    { numRuns: 60 },
  );
});
