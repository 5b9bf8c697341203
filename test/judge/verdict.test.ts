import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Judgement } from '../../src/judge/verdict.js';
import {
  BYSTANDERS,
  CART_PEAK,
  completed,
  ERRORS_1,
  gateOf,
  headOf,
  healthySnapshot,
  incompleteSnapshot,
  judged,
  P99_800,
  snapshotOf,
  spikeSnapshot,
  stalledSnapshot,
} from '../support/snapshots.js';

const IMPOSSIBLE = gateOf('errors < 0%', { kind: 'errors' }, '<', 0);
const LOOSE = gateOf('errors < 99%', { kind: 'errors' }, '<', 0.99);

const table: [what: string, verdict: string, exitCode: number, result: Judgement][] = [
  ['all gates pass', 'held', 0, judged(healthySnapshot(), [P99_800, ERRORS_1])],
  ['a gate fails', 'did_not_hold', 1, judged(spikeSnapshot(), [LOOSE, ERRORS_1])],
  ['untrustworthy wins over a pass', 'untrustworthy', 3, judged(stalledSnapshot(), [P99_800])],
  ['untrustworthy wins over a failure', 'untrustworthy', 3, judged(stalledSnapshot(), [IMPOSSIBLE])],
  ['a failure wins over no data', 'did_not_hold', 1, judged(healthySnapshot(), [CART_PEAK, IMPOSSIBLE])],
  ['no data wins over a pass', 'inconclusive', 4, judged(healthySnapshot(), [CART_PEAK, P99_800])],
  ['nobody said what holding means', 'no_gates', 0, judged(spikeSnapshot(), [])],
  ['untrustworthy without gates', 'untrustworthy', 3, judged(stalledSnapshot(), [])],
  ['a pass on a cut run is no pass', 'inconclusive', 4, judged(incompleteSnapshot(), [LOOSE])],
  ['a failure on a cut run is one', 'did_not_hold', 1, judged(incompleteSnapshot(), [ERRORS_1])],
];

for (const [what, verdict, exitCode, result] of table) {
  test(`verdict: ${what}`, () => {
    assert.equal(result.verdict, verdict);
    assert.equal(result.exitCode, exitCode);
    assert.equal(result.reasons.length === 0, ['held', 'no_gates'].includes(verdict));
  });
}

test('reasons can be read by a machine', () => {
  assert.deepEqual(
    judged(stalledSnapshot(), []).reasons.map(({ id }) => id),
    ['generator_share'],
  );
  assert.deepEqual(judged(spikeSnapshot(), [BYSTANDERS]).reasons, [
    { id: 'gate_failed', text: BYSTANDERS.text },
  ]);
  assert.equal(judged(incompleteSnapshot(), [LOOSE]).reasons[0]?.id, 'incomplete');
});

test('the composition of a phase says whether timeouts cut it', () => {
  const { phases, generatorShare } = judged(spikeSnapshot(), []);
  assert.deepEqual(
    phases.map(({ phase, cut }) => [phase, cut]),
    [
      ['before', false],
      ['onset', true],
      ['peak', true],
      ['decay', false],
      ['after', false],
    ],
  );
  assert.ok(generatorShare !== null && generatorShare < 0.001);
});

test('ends by worker complete a run as well as an end by shard', () => {
  const snapshot = completed(snapshotOf(headOf(), [{ windowS: 1 }]));
  const [end] = snapshot.ends;
  assert.ok(end !== undefined);
  const byWorker = [0, 1].map((i) => ({ ...end, shard: { i, n: 2 } }));
  assert.equal(judged({ ...snapshot, ends: byWorker }, [LOOSE]).verdict, 'held');
  assert.equal(judged({ ...snapshot, ends: byWorker.slice(1) }, [LOOSE]).verdict, 'inconclusive');
  const stopped = [{ ...end, reason: 'stopped_by_target' as const, closedS: 20 }];
  assert.equal(judged({ ...snapshot, ends: stopped }, [LOOSE]).verdict, 'inconclusive');
});
