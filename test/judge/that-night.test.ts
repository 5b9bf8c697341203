// The two questions of a recorded incident: whether the control broke as that night did, and whether the candidate held.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compareRuns } from '../../src/judge/comparison/comparison.js';
import { figuresOf, type RunFigures } from '../../src/judge/comparison/figures.js';
import { DEFAULT_MARGINS } from '../../src/judge/comparison/metrics.js';
import { answerNight, type Night } from '../../src/judge/comparison/that-night.js';
import type { Row } from '../../src/recording/row.js';
import type { Plan, RecordingStream } from '../../src/scenario/plan.js';
import { inputOf } from '../support/recorded-simulation.js';
import { simulate } from '../support/simulation.js';

const ORIGIN_US = 1_763_659_560_000_000;

/** Four minutes; from 1:20 to 2:20 half of all requests failed. */
const NIGHT: readonly Row[] = Array.from({ length: 4800 }, (_, i) => {
  const sinceUs = i * 50_000;
  const failed = sinceUs >= 80e6 && sinceUs < 140e6 && i % 2 === 0;
  return {
    startUs: ORIGIN_US + sinceUs,
    durationUs: 40_000,
    method: 'GET',
    host: undefined,
    path: '/',
    status: failed ? 503 : 200,
    bytes: undefined,
    client: `c${i % 40}`,
    clientClass: 'person' as const,
    headers: undefined,
    body: undefined,
  };
});

const STREAM: RecordingStream = {
  kind: 'recording',
  name: 'night',
  amplify: 1,
  read: {},
  fold: false,
  ids: [],
  pace: null,
  digests: ['0'],
  fromUs: null,
  toUs: null,
  where: null,
  hosts: null,
  writes: [],
};

const PLAN: Plan = {
  format: 1,
  seed: 3,
  lanes: 16,
  speed: 1,
  timeoutUs: 2e6,
  connections: { kind: 'visitor', perVisitor: null, idleUs: 60e6 },
  headers: {},
  tenants: null,
  routes: [{ name: 'other', expect: [[200, 399]], match: null }],
  streams: [STREAM],
};

/** A replay at a target that fails 60 % between two seconds. */
function replay(name: string, fromS: number, toS: number): RunFigures {
  const { snapshot } = simulate({
    plan: PLAN,
    inputs: { streams: [inputOf(NIGHT)] },
    rows: [NIGHT],
    target: (_seq, atUs, uniform) => {
      const broken = atUs >= fromS * 1e6 && atUs < toS * 1e6 && uniform('fails') < 0.6;
      return { serviceUs: 5_000, status: broken ? 503 : 200 };
    },
  });
  return figuresOf(snapshot, name, null);
}

const compare = (base: RunFigures, candidate: RunFigures) =>
  compareRuns(
    { base: [base], candidate: [candidate], paired: true },
    { margins: DEFAULT_MARGINS, noise: null },
  );

describe('a replayed night', () => {
  const control = replay('control', 85, 138);
  const fixed = replay('fixed', 0, 0);

  it('shows a fix where the control broke as that night did and the candidate held', () => {
    const { night, verdict } = compare(control, fixed);
    assert.ok(night !== null);
    assert.equal(night.verdict, 'shown');
    assert.equal(night.controls[0]?.reproduced, 'reproduced');
    assert.ok(Math.abs((night.recorded?.startS ?? 0) - 80) <= 2);
    assert.ok(Math.abs((night.recorded?.endS ?? 0) - 140) <= 2);
    assert.ok(Math.abs((night.controls[0]?.outage?.startS ?? 0) - 85) <= 2);
    assert.equal(verdict, 'pass');
  });

  it('shows nothing, and never passes, where the control held as well', () => {
    const { night, verdict, exitCode } = compare(replay('control', 0, 0), fixed);
    assert.equal(night?.verdict, 'not_shown');
    assert.deepEqual(night?.controls[0]?.because, ['did_not_break']);
    assert.equal(verdict, 'inconclusive');
    assert.equal(exitCode, 4);
  });

  it('says that the candidate did not hold where it broke, whatever the control did', () => {
    const { night, verdict, exitCode } = compare(control, replay('candidate', 90, 130));
    assert.equal(night?.verdict, 'did_not_hold');
    assert.equal(night?.candidates[0]?.held, false);
    assert.equal(verdict, 'fail');
    assert.equal(exitCode, 1);
  });

  it('is not reproduced by what broke at another time, too little, or for too short or long', () => {
    const reasons = (fromS: number, toS: number) =>
      compare(replay('control', fromS, toS), fixed).night?.controls[0]?.because;
    assert.deepEqual(reasons(150, 210), ['broke_at_another_time']);
    assert.deepEqual(reasons(85, 100), ['too_short']);
    assert.deepEqual(reasons(75, 235), ['too_long']);
  });
});

describe('the answer about a night', () => {
  const outage = { startS: 100, endS: 200, failed: 0.5, worst: 0.7 };
  const night = (recorded: Night['recorded'], replayed: Night['replayed']) => ({
    name: 'run',
    night: { durationS: 400, recorded, replayed, failedThen: 0, failedNow: 0 },
  });

  it('takes all controls: a fix is not shown by the ones that happened to break', () => {
    const good = night([outage], [outage]);
    const bad = night([outage], []);
    assert.equal(answerNight([good, good], [bad]).verdict, 'shown');
    assert.equal(answerNight([good, bad], [bad]).verdict, 'not_shown');
  });

  it('counts a mild copy of the night as no reproduction', () => {
    const mild = night([outage], [{ ...outage, failed: 0.2 }]);
    assert.deepEqual(answerNight([mild], [night([outage], [])]).controls[0]?.because, ['too_mild']);
  });

  it('does not arise where nothing broke in the recording', () => {
    assert.equal(answerNight([night([], [])], [night([], [])]).verdict, 'nothing_recorded');
  });
});
