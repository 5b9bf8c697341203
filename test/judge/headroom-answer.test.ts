// What the trials of a search say together: kinds of answer, the gate in the way, and exit codes.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ExitCode } from '../../src/exit-codes.js';
import { type HeadroomKind, judgeHeadroom, type SearchEnding } from '../../src/judge/headroom/headroom.js';
import type { TrialOutcome } from '../../src/judge/headroom/search.js';
import { failedGate, trialOf } from '../support/trials.js';

const { passed, gateFailed, untrustworthy, inconclusive, unreachable } = ExitCode;
const [HELD, FAILED, OPEN, INVALID] = ['held', 'failed', 'inconclusive', 'invalid'] as const;

/** Trials by multiple, each as often as it is said. */
type Made = readonly (readonly [k: number, ...TrialOutcome[]])[];

const TABLE: readonly (readonly [string, Made, SearchEnding, HeadroomKind, ExitCode])[] = [
  [
    'both ends above the plan',
    [
      [2, HELD, HELD],
      [2.1, FAILED, FAILED],
    ],
    'found',
    'between',
    passed,
  ],
  [
    'both ends, the lower one the plan',
    [
      [1, HELD, HELD],
      [1.05, FAILED, FAILED],
    ],
    'found',
    'between',
    passed,
  ],
  [
    'both ends, the upper one the plan',
    [
      [0.95, HELD, HELD],
      [1, FAILED, FAILED],
    ],
    'found',
    'between',
    gateFailed,
  ],
  ['nothing held', [[0.0625, FAILED, FAILED]], 'found', 'less_than', gateFailed],
  [
    'nothing failed up to the highest',
    [
      [8, HELD],
      [16, HELD, HELD],
    ],
    'found',
    'at_least',
    passed,
  ],
  [
    'all of it below the plan, still held at the most that may be sent',
    [[0.5, HELD, HELD]],
    'found',
    'at_least',
    inconclusive,
  ],
  [
    'the generator in the way',
    [
      [2, HELD, HELD],
      [2.1, INVALID, INVALID],
    ],
    'found',
    'generator_limited',
    untrustworthy,
  ],
  [
    'the generator in the way of everything',
    [[0.1, INVALID, INVALID]],
    'found',
    'generator_limited',
    untrustworthy,
  ],
  [
    'a shop that fails where the generator cannot be believed below',
    [
      [0.5, INVALID, INVALID],
      [1, FAILED, FAILED],
    ],
    'found',
    'generator_limited',
    untrustworthy,
  ],
  ['nothing decided', [[0.1, OPEN, OPEN]], 'found', 'unknown', inconclusive],
  [
    'nothing decided above',
    [
      [2, HELD, HELD],
      [2.1, OPEN, OPEN],
    ],
    'found',
    'not_shown_above',
    inconclusive,
  ],
  [
    'trials near the limit that allow both',
    [
      [2, HELD, HELD],
      [2.1, OPEN, OPEN],
      [3, FAILED],
    ],
    'found',
    'not_shown_above',
    passed,
  ],
  [
    'a wide bracket when time was up',
    [
      [2, HELD],
      [4, FAILED],
    ],
    'time_used',
    'between',
    inconclusive,
  ],
  [
    'a plan that failed twice when trials were up',
    [
      [0.5, HELD],
      [1, FAILED, FAILED],
    ],
    'trials_used',
    'between',
    gateFailed,
  ],
  [
    'a plan that failed once when trials were up',
    [
      [0.5, HELD],
      [1, FAILED],
    ],
    'trials_used',
    'between',
    inconclusive,
  ],
  ['a machine that may send no more', [[2, HELD]], 'refused', 'at_least', untrustworthy],
  [
    'a target that is gone',
    [
      [2, HELD],
      [4, FAILED],
    ],
    'unreachable',
    'between',
    unreachable,
  ],
  ['a target that wanted no more', [[1, HELD]], 'stopped_by_target', 'at_least', inconclusive],
  ['no trial at all', [], 'interrupted', 'unknown', inconclusive],
];

describe('headroom', () => {
  for (const [what, made, ending, kind, exitCode] of TABLE) {
    it(`with ${what}: ${kind}, exit ${exitCode}`, () => {
      const trials = made.flatMap(([k, ...outcomes]) => outcomes.map((outcome) => trialOf(k, outcome)));
      const headroom = judgeHeadroom(trials, ending);
      assert.deepEqual([headroom.kind, headroom.exitCode], [kind, exitCode]);
    });
  }

  it('is told in requests a second as well, and says why it is open above', () => {
    const trials = [HELD, INVALID, INVALID].map((outcome) => trialOf(outcome === HELD ? 2 : 4, outcome));
    const { low, high, highReason } = judgeHeadroom(trials, 'found');
    assert.deepEqual([low?.peakPerSec, high?.peakPerSec], [600, 1_200]);
    assert.equal(highReason, '3.2 % of the planned requests were not sent');
  });

  it('names the gate that most trials failed, as the lowest of them read it', () => {
    const p99 = failedGate(0.5, 'p99 < 800ms');
    const trials = [
      trialOf(8, FAILED, { failed: [failedGate(0.4), p99] }),
      trialOf(1, HELD),
      trialOf(2, FAILED, { failed: [failedGate(0.02)] }),
      trialOf(4, FAILED, { failed: [p99, failedGate(0.2)] }),
    ];
    const { gate } = judgeHeadroom(trials, 'found');
    assert.deepEqual(
      [gate?.result.gate.text, gate?.result.actual, gate?.k, gate?.trials, gate?.of],
      ['errors < 1%', 0.02, 2, 3, 3],
    );
    assert.equal(judgeHeadroom([trialOf(1, HELD)], 'found').gate, null);
  });
});
