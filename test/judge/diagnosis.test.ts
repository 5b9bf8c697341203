// Causes: what each is called, from which figure on, in which order; and what is never ours.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { causesOfOurs } from '../../src/judge/validity/diagnosis.js';
import { fitnessOf } from '../../src/judge/validity/fitness.js';
import { judgeValidity } from '../../src/judge/validity/validity.js';
import type { Snapshot } from '../../src/measure/snapshot.js';
import {
  emptyStallTimes,
  type Health,
  type ProcessVitals,
  STALL_CAUSES,
  type StallTimes,
} from '../../src/measure/vitals.js';
import {
  CALM_PROCESS,
  completed,
  headOf,
  healthySnapshot,
  snapshotOf,
  stalledSnapshot,
} from '../support/snapshots.js';

/** A healthy run with what a test needs to be otherwise: stalls in the slice from 0:20, vitals in that from 0:30. */
function ill(stalls: Partial<StallTimes>, vitals: Partial<ProcessVitals> = {}, busyPermille = 100): Snapshot {
  const healthy = healthySnapshot();
  const health = [...healthy.health].map((line): Health => {
    const own = { ...emptyStallTimes(), ...(line.sliceS === 20 && stalls) };
    const gapUs = STALL_CAUSES.reduce((sum, cause) => sum + own[cause], 0);
    return {
      ...line,
      busyPermille,
      stalls: own,
      gapUs,
      gaps: gapUs > 0 ? 3 : 0,
      gapMaxUs: Math.round(gapUs / 2),
    };
  });
  const processes = [0, 10, 20, 30, 40, 50].map((sliceS) => ({
    ...CALM_PROCESS,
    sliceS,
    ...(sliceS === 30 && vitals),
  }));
  return { ...healthy, health, processes };
}

const withLocal = (snapshot: Snapshot): Snapshot => ({
  ...completed(snapshotOf(headOf(), [{ windowS: 0, outcome: 'local' }])),
  health: snapshot.health,
  processes: snapshot.processes,
});

const CAUSES: [string, Snapshot, string[]][] = [
  ['nothing', ill({}), []],
  ['garbage', ill({ gc: 90_000 }), ['gc']],
  ['a hook', ill({ hook: 90_000 }), ['hook_blocked']],
  ['work of its own', ill({ busy: 90_000 }), ['loop_blocked']],
  ['competition', ill({ preempted: 90_000 }, { machineBusyPermille: 990 }), ['preempted']],
  ['a stop signal', ill({ halted: 900_000 }), ['halted']],
  ['no Linux', ill({ unknown: 90_000 }), ['loop_stalls']],
  ['stalls too short to matter', ill({ gc: 5_000 }), []],
  [
    'the most first, and nothing that explains little',
    ill({ gc: 60_000, busy: 900_000, halted: 800_000 }),
    ['loop_blocked', 'halted'],
  ],
  ['a host that takes the processor', ill({}, { stealPermille: 21 }), ['steal']],
  ['a little of it', ill({}, { stealPermille: 20 }), []],
  ['a quota', ill({ preempted: 90_000 }, { throttledUs: 2_000_000 }), ['throttled', 'preempted']],
  ['a worker that is full', ill({}, {}, 701), ['loop_busy']],
  ['descriptors', withLocal(ill({}, { descriptors: 19_900 })), ['descriptors']],
  ['ports', withLocal(ill({ gc: 900_000 }, { tcpSockets: 28_000 })), ['ports', 'gc']],
  ['descriptors of which nothing failed', ill({}, { descriptors: 19_900 }), []],
];

for (const [name, snapshot, expected] of CAUSES) {
  test(`the cause is found: ${name}`, () => {
    assert.deepEqual(
      causesOfOurs(snapshot).map(({ id }) => id),
      expected,
    );
  });
}

test('each cause is a note with figure, limit, unit and advice, and says where it was worst', () => {
  const snapshots = CAUSES.map(([, snapshot]) => snapshot);
  const findings = snapshots.flatMap((snapshot) => causesOfOurs(snapshot));
  assert.equal(new Set(findings.map(({ id }) => id)).size, 11);
  for (const { id, level, figure, limit, unit, message, advice } of findings) {
    assert.equal(level, 'note', id);
    assert.ok(figure !== null && limit !== null && unit !== null && figure > limit, id);
    assert.match(message, /^likely cause: .*ten seconds from 0:[0-5]0/);
    assert.ok(advice.length > 20, id);
  }
  const [gc] = causesOfOurs(ill({ gc: 90_000 }));
  assert.match(gc?.message ?? '', /held the event loop up, 90 ms in all, 90 ms in the ten seconds from 0:20/);
});

test('a whole process that stood still where threads tell nothing is called halted', () => {
  const halted = ill({ unknown: 900_000 });
  const processes = [{ ...CALM_PROCESS, sliceS: 20, haltedUs: 220_000 }];
  assert.equal(fitnessOf({ ...halted, processes }).stalls.unknown, 900_000);
  processes.push({ ...CALM_PROCESS, sliceS: 20, haltedUs: 230_000 });
  assert.equal(fitnessOf({ ...halted, processes }).stalls.halted, 900_000);
});

test('causes are named only where something was found to be ours', () => {
  const ids = (snapshot: Snapshot) => judgeValidity(snapshot, []).findings.map(({ id }) => id);
  const worst = ill({ gc: 4e6, preempted: 3e6 }, { stealPermille: 450, throttledUs: 2e6 }, 710);
  assert.deepEqual(ids(worst), []);
  const stalled = stalledSnapshot();
  assert.deepEqual(ids({ ...stalled, health: worst.health, processes: worst.processes }), [
    'generator_share',
    'steal',
    'gc',
    'preempted',
    'throttled',
    'loop_busy',
    'target_local',
  ]);
});

test('a clock that was set is named though nothing is wrong; a machine that slept has not sent what was planned', () => {
  const judged = (vitals: Partial<ProcessVitals>) => judgeValidity(ill({}, vitals), []);
  const set = judged({ clockSetUs: -3_600_000_000 });
  assert.equal(set.verdict, 'valid');
  assert.deepEqual(
    set.findings.map(({ id, figure }) => [id, figure]),
    [['clock_set', -3_600_000]],
  );
  assert.match(set.findings[0]?.message ?? '', /set 1h00m back/);
  const slept = judged({ sleptUs: 725_000_000 });
  assert.equal(slept.verdict, 'invalid');
  assert.deepEqual(
    slept.findings.map(({ id }) => id),
    ['slept'],
  );
  assert.match(slept.findings[0]?.message ?? '', /slept 12m05s/);
  assert.equal(judged({ sleptUs: 1_000_000 }).verdict, 'valid');
});

test('segments sent again are the network’s or the target’s, and only with a generator that is well', () => {
  const lost: Partial<ProcessVitals> = { segments: 100_000, retransmitted: 1_000, synRetransmitted: 12 };
  const { verdict, findings } = judgeValidity(ill({}, lost), []);
  assert.equal(verdict, 'valid');
  assert.deepEqual(
    findings.map(({ id, level }) => `${level} ${id}`),
    ['note syn_retransmits', 'note retransmits'],
  );
  const { health, processes } = ill({}, lost);
  const ours = judgeValidity({ ...stalledSnapshot(), health, processes }, []).findings;
  assert.ok(ours.every(({ id }) => !id.includes('retransmits')));
  const few: Partial<ProcessVitals> = { segments: 100_000, retransmitted: 580, synRetransmitted: 4 };
  assert.deepEqual(judgeValidity(ill({}, few), []).findings, []);
});
