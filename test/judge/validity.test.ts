import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { slowest } from '../../src/judge/tail.js';
import { judgeValidity } from '../../src/judge/validity/validity.js';
import type { Snapshot } from '../../src/measure/snapshot.js';
import {
  completed,
  headOf,
  healthySnapshot,
  incompleteSnapshot,
  type Op,
  P99_800,
  snapshotOf,
  spikeSnapshot,
  stalledSnapshot,
} from '../support/snapshots.js';

const judged = (snapshot: Snapshot) => judgeValidity(snapshot, [P99_800]);
const ids = (snapshot: Snapshot) => judged(snapshot).findings.map(({ id }) => id);
const steady = (n: number, opOf: (i: number) => Omit<Op, 'windowS'>) =>
  completed(
    snapshotOf(
      headOf(),
      Array.from({ length: n }, (_, i) => ({ windowS: i % 60, ...opOf(i) })),
    ),
  );

test('a run without a fault of ours is valid, however badly the shop did', () => {
  assert.equal(judged(healthySnapshot()).verdict, 'valid');
  assert.equal(judged(spikeSnapshot()).verdict, 'valid');
  assert.deepEqual(judged(spikeSnapshot()).findings, []);
});

test('a stalled generator is invalid, and its causes are named', () => {
  const { verdict, findings } = judged(stalledSnapshot());
  assert.equal(verdict, 'invalid');
  assert.deepEqual(
    findings.map(({ id, level }) => `${level} ${id}`),
    ['invalid generator_share', 'note preempted', 'note loop_busy', 'note target_local'],
  );
});

test('a run of which a thread failed proves nothing', () => {
  const healthy = healthySnapshot();
  const ends = healthy.ends.map((end) => ({ ...end, reason: 'worker_failed' as const }));
  assert.equal(judged({ ...healthy, ends }).verdict, 'invalid');
  assert.ok(ids({ ...healthy, ends }).includes('worker_failed'));
});

test('requests that failed in a hook make a run suspect', () => {
  const thrown = steady(1000, (i) => (i % 10 === 0 ? { outcome: 'hook' } : {}));
  assert.equal(judged(thrown).verdict, 'suspect');
  assert.deepEqual(ids(thrown), ['hook']);
});

test('stalls alone are no finding: only their effect is', () => {
  const stalled = stalledSnapshot();
  const calm = { ...healthySnapshot(), health: stalled.health };
  assert.deepEqual(ids(calm), []);
});

test('ours in the worst ten seconds counts, where there are enough requests', () => {
  // Eight requests of second 31 were fired 60 ms late: little of the run, most of their slice's slowest.
  const late = (n: number) => steady(n, (i) => (i % 60 === 31 && i < 480 ? { lagUs: 60_000 } : {}));
  const { verdict, findings } = judged(late(6000));
  assert.equal(verdict, 'invalid');
  assert.deepEqual(
    findings.map(({ id, level }) => `${level} ${id}`),
    ['invalid generator_share_slice', 'suspect generator_share'],
  );
  assert.ok(!ids(late(540)).includes('generator_share_slice'));
});

test('a share of a short response is not a fault: ours must be long too', () => {
  assert.equal(judged(steady(6000, () => ({ lagUs: 600, serviceUs: 1_000 }))).verdict, 'valid');
  assert.equal(judged(steady(6000, () => ({ lagUs: 2_000, serviceUs: 10_000 }))).verdict, 'suspect');
  // Over five per cent and five milliseconds, but under five per cent of the tightest latency gate.
  assert.equal(judged(steady(6000, () => ({ lagUs: 30_000, serviceUs: 50_000 }))).verdict, 'suspect');
  assert.equal(judged(steady(6000, () => ({ lagUs: 50_000, serviceUs: 50_000 }))).verdict, 'invalid');
});

test('what was not sent, by our doing', () => {
  const with_ = (n: number, outcome: 'unsent' | 'shed' | 'local') =>
    // Spread over the minute, so that no ten seconds of it have more than their share.
    steady(20_000, (i) => (i % 907 === 0 && i / 907 < n ? { outcome } : {}));
  assert.equal(judged(with_(20, 'unsent')).verdict, 'suspect');
  assert.equal(judged(with_(21, 'unsent')).verdict, 'invalid');
  assert.equal(judged(with_(1, 'local')).verdict, 'invalid');
  assert.equal(judged(with_(4, 'shed')).verdict, 'suspect');
  assert.equal(judged(with_(5, 'shed')).verdict, 'invalid');
  const shed = with_(20, 'shed');
  assert.equal(judged({ ...shed, head: { ...shed.head, capDeclared: true } }).verdict, 'valid');
});

test('an edge that refused everybody', () => {
  const refused = (status: number, n: number) =>
    steady(n, (i) => (i % 100 === 0 ? {} : { outcome: 'bad_status', status }));
  for (const status of [401, 403, 429]) assert.deepEqual(ids(refused(status, 2000)), ['refused_everybody']);
  assert.deepEqual(ids(refused(503, 2000)), []);
  assert.deepEqual(ids(refused(403, 15)), []);
  // A recorded 403 that came again is ok.
  assert.deepEqual(ids(steady(2000, () => ({ status: 403 }))), []);
});

test('the worst ten seconds of what was not sent are not hidden by the average', () => {
  // 30,000 requests, of which 25 of the ten seconds from 0:20 were not sent: 0.08 % of all, 0.5 % of those.
  for (const [outcome, n] of [
    ['unsent', 25],
    ['shed', 3],
  ] as const) {
    const some = steady(30_000, (i) => (i % 60 === 25 && i / 60 < n ? { outcome } : {}));
    const expected = n < 5 ? ['suspect shed'] : ['invalid unsent_slice', 'suspect unsent'];
    const { findings } = judged(some);
    assert.deepEqual(
      findings.map(({ id, level }) => `${level} ${id}`),
      expected,
    );
    if (n >= 5)
      assert.match(findings[0]?.message ?? '', /25 requests \(0\.50 %\) in the ten seconds from 0:20/);
  }
});

test('a small run is not invalid for a request or two', () => {
  for (const outcome of ['unsent', 'shed'] as const) {
    const some = (n: number) => steady(50, (i) => (i < n ? { outcome } : {}));
    assert.equal(judged(some(4)).verdict, 'suspect');
    assert.equal(judged(some(5)).verdict, 'invalid');
  }
});

test('an edge that refuses everybody from some moment on', () => {
  const refusing = (fromS: number, toS: number, more: Omit<Op, 'windowS'> = {}) =>
    steady(6_000, (i) =>
      i % 60 >= fromS && i % 60 < toS ? { outcome: 'bad_status', status: 429, ...more } : {},
    );
  const half = judged(refusing(30, 60));
  assert.equal(half.verdict, 'invalid');
  assert.deepEqual(
    half.findings.map(({ id, level, figure }) => `${level} ${id} ${figure}`),
    ['invalid refused_from 0.5'],
  );
  assert.match(half.findings[0]?.message ?? '', /from 0:30 on everybody was refused for 30\.?0? s: 3,000/);
  // Never everybody for ten seconds: a limit on a rate, which the answers show.
  assert.deepEqual(ids(refusing(32, 41)), []);
  assert.deepEqual(ids(refusing(30, 60, { status: 503 })), []);
  // A short ban in a long run spoils little of it.
  const long = headOf({ durationS: 2_400, phases: [{ name: 'steady', startS: 0, endS: 2_400 }] });
  const ops = Array.from({ length: 48_000 }, (_, i): Op => {
    const windowS = Math.floor(i / 20);
    const banned = windowS >= 600 && windowS < 610;
    return { windowS, ...(banned && { outcome: 'bad_status', status: 403 }) };
  });
  const banned = completed(snapshotOf(long, ops));
  assert.equal(judged(banned).verdict, 'suspect');
  assert.deepEqual(ids(banned), ['refused_from']);
});

test('an incomplete result is a note', () => {
  const { verdict, findings } = judged(incompleteSnapshot());
  assert.equal(verdict, 'valid');
  assert.deepEqual(
    findings.map(({ id }) => id),
    ['incomplete'],
  );
  assert.match(findings[0]?.message ?? '', /0:41 of 2:00/);
});

test('one number changed anywhere breaks conservation', () => {
  const numbers = ['planned', 'sent', 'attempts'] as const;
  fc.assert(
    fc.property(
      fc.constantFrom(...numbers, 'outcome'),
      fc.nat(13),
      fc.nat(59),
      fc.boolean(),
      fc.constantFrom(-1, 1),
      (what, outcome, windowS, inSecond, by) => {
        const snapshot = healthySnapshot();
        const group = snapshot.groups.get('0/0/0')?.counts;
        const second = snapshot.seconds.get(windowS);
        const counts = inSecond ? second?.streams[0] : group;
        assert.ok(counts !== undefined && second !== undefined);
        if (what === 'outcome') counts.outcomes[outcome] = (counts.outcomes[outcome] as number) + by;
        else counts[what] += by;
        snapshot.seconds.set(windowS, second);
        assert.ok(ids(snapshot).includes('conservation'), what);
        assert.equal(judged(snapshot).verdict, 'invalid');
      },
    ),
    { numRuns: 60 },
  );
});

test('a complete run that did not plan what the schedule predicts breaks conservation', () => {
  const snapshot = healthySnapshot();
  const short = { ...snapshot, head: { ...snapshot.head, plannedTotal: snapshot.head.plannedTotal + 1 } };
  assert.deepEqual(ids(short), ['conservation']);
  assert.deepEqual(ids({ ...short, ends: [] }), ['incomplete']);
});

test('the slowest 1 % is exactly that, with a fraction of the last bucket', () => {
  const part = (count: number, us: number, oursUs: number) => ({
    count,
    responseUs: count * us,
    oursUs: count * oursUs,
    waitUs: 0,
    serviceUs: count * (us - oursUs),
  });
  const tail = { buckets: [10, 50], parts: [part(995, 1_000, 500), part(5, 100_000, 0)] };
  const of = slowest([{ tail }]);
  assert.equal(of?.operations, 1000);
  // Five of the ten slowest are from the upper bucket, five from the lower.
  assert.equal(of?.responseUs, (5 * 100_000 + 5 * 1_000) / 10);
  assert.equal(of?.oursUs, (5 * 500) / 10);
  assert.equal(slowest([]), undefined);
});
