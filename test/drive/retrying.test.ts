// The crowd that retries, in whole simulated runs: what is sent again, when, how often, and what that does to a shop.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { brokenConservation } from '../../src/judge/validity/conservation.js';
import { mergeAll } from '../../src/measure/merge.js';
import { OUTCOME_INDEX, type Outcome } from '../../src/measure/outcome.js';
import { type Snapshot, sumGroups } from '../../src/measure/snapshot.js';
import { draw, drawKey } from '../../src/random.js';
import type { Plan } from '../../src/scenario/plan.js';
import type { Reloads, Retries } from '../../src/scenario/retry-plan.js';
import { type Simulated, type SimulationOptions, simulate, type TargetModel } from '../support/simulation.js';
import { steadyPlan } from '../support/steady-plan.js';

const RETRIES: Retries = {
  attempts: 4,
  on: ['refused', 'reset', 'timeout'],
  statuses: [502, 503, 504],
  methods: ['GET', 'HEAD'],
  timeoutUs: 2e6,
  backoff: { baseUs: 100_000, factor: 2, maxUs: 10e6, jitter: 'full' },
  budget: null,
  retryAfterMaxUs: 30e6,
};
const RELOADS: Reloads = { afterUs: 8e6, chance: 0.3, wait: { medianUs: 3e6, sigma: 0.8 }, times: 3 };

interface Given extends Pick<Plan, 'retries' | 'reloads' | 'abandon'> {
  readonly ratePerSec?: number;
  readonly seconds?: number;
  readonly timeoutUs?: number;
}

function planOf({ ratePerSec = 100, seconds = 30, timeoutUs = 2e6, ...parts }: Given) {
  const { plan, inputs } = steadyPlan({ ratePerSec, seconds, timeoutUs });
  return { plan: { ...plan, ...parts }, inputs };
}

function run(given: Given, target: TargetModel, more: Partial<SimulationOptions> = {}): Simulated {
  const result = simulate({ ...planOf(given), target, ...more });
  assert.deepEqual(brokenConservation(result.snapshot), []);
  const { counts } = sumGroups(result.snapshot);
  assert.equal(counts.attempts, result.log.requests.length, 'attempts are what the target saw');
  return result;
}

const countsOf = (snapshot: Snapshot) => sumGroups(snapshot).counts;
const outcome = (snapshot: Snapshot, name: Outcome) =>
  countsOf(snapshot).outcomes[OUTCOME_INDEX[name]] as number;

/** Times at which each operation's requests arrived, by seq. */
function arrivalsOf({ log }: Simulated): Map<number, number[]> {
  const times = new Map<number, number[]>();
  for (const { seq, atUs } of log.requests) times.set(seq, [...(times.get(seq) ?? []), atUs]);
  return times;
}

/** Answers in a millisecond; each request fails with probability f. */
function failing(f: number): TargetModel {
  const key = drawKey(1, 'fails');
  let n = 0;
  return () => ({ serviceUs: 1_000, status: draw(key, n++) < f ? 503 : 200 });
}

describe('retries', () => {
  it('amplify by (1 - f^(r+1)) / (1 - f) where a share f of requests fails', () => {
    const f = 0.5;
    const result = run({ ratePerSec: 400, seconds: 60, retries: RETRIES }, failing(f));
    const { counts } = sumGroups(result.snapshot);
    const expected = (1 - f ** 4) / (1 - f);
    // Attempts of an operation: 1, 2, 3, 4 with 1/2, 1/4, 1/8, 1/8.
    const variance = 1 / 2 + 4 / 4 + 9 / 8 + 16 / 8 - expected ** 2;
    const standardError = Math.sqrt(variance / counts.sent);
    assert.ok(Math.abs(counts.attempts / counts.sent - expected) < 4 * standardError);
    assert.equal(counts.induced?.retries, counts.attempts - counts.sent);
    const failed = outcome(result.snapshot, 'bad_status') / counts.planned;
    assert.ok(Math.abs(failed - f ** 4) < 0.01, `${failed}`);
  });

  it('are not made of what succeeds, is not listed, or may not be sent twice', () => {
    const ok = run({ retries: RETRIES }, failing(0));
    assert.equal(countsOf(ok.snapshot).induced, null);
    const notFound: TargetModel = () => ({ serviceUs: 1_000, status: 404 });
    assert.equal(countsOf(run({ retries: RETRIES }, notFound).snapshot).induced, null);
    const posts = { ...RETRIES, methods: ['HEAD'] };
    assert.equal(countsOf(run({ retries: posts }, failing(1)).snapshot).induced, null);
  });

  it('follow exponential backoff, fully jittered below its bounds, the same in every run', () => {
    const retries: Retries = { ...RETRIES, attempts: 6, backoff: { ...RETRIES.backoff, maxUs: 500_000 } };
    const result = run({ retries }, failing(1));
    const bounds = [100_000, 200_000, 400_000, 500_000, 500_000];
    const sums = bounds.map(() => 0);
    const operations = [...arrivalsOf(result).values()];
    for (const times of operations) {
      assert.equal(times.length, 6);
      for (const [i, boundUs] of bounds.entries()) {
        // What is not the wait: a millisecond of service.
        const waitUs = (times[i + 1] as number) - (times[i] as number) - 1_000;
        assert.ok(waitUs >= 0 && waitUs <= boundUs, `${waitUs} of ${boundUs}`);
        sums[i] = (sums[i] as number) + waitUs / boundUs;
      }
    }
    for (const sum of sums) assert.ok(Math.abs(sum / operations.length - 0.5) < 0.03, `${sum}`);
    assert.deepEqual(arrivalsOf(run({ retries }, failing(1))), arrivalsOf(result));
  });

  it('wait exactly as long as a Retry-After says, up to their longest', () => {
    const asks = (value: string): TargetModel => {
      const seen = new Set<number>();
      return (seq) => {
        const isFirst = !seen.has(seq);
        seen.add(seq);
        const headers = ['retry-after', value];
        return { serviceUs: 1_000, status: isFirst ? 503 : 200, ...(isFirst && { headers }) };
      };
    };
    const cases: readonly [string, number][] = [
      ['7', 7e6],
      ['0', 0],
      ['3600', 30e6],
    ];
    for (const [value, waitUs] of cases) {
      const result = run({ seconds: 5, retries: RETRIES }, asks(value));
      for (const [first, second] of arrivalsOf(result).values())
        assert.equal((second ?? 0) - (first ?? 0), waitUs + 1_000, value);
      const { induced, planned } = countsOf(result.snapshot);
      assert.equal(induced?.retryAfters, planned);
    }
    const dated = run({ seconds: 5, retries: RETRIES }, asks('Thu, 01 Jan 1970 00:00:20 GMT'));
    // It may take a connection, another request of the visitor having taken the one that it came on.
    for (const [, second = 0] of arrivalsOf(dated).values())
      assert.ok(second === 20e6 || second === 20e6 + 200, `${second}`);
  });

  it('are cut by their own timeout, and end at what the last attempt came to', () => {
    const hangs: TargetModel = () => ({ serviceUs: Number.POSITIVE_INFINITY, status: 0 });
    const retries: Retries = {
      ...RETRIES,
      attempts: 3,
      timeoutUs: 500_000,
      backoff: { ...RETRIES.backoff, jitter: 'none' },
    };
    const { snapshot } = run({ retries, timeoutUs: 10e6, seconds: 5 }, hangs);
    const { counts, response } = sumGroups(snapshot);
    assert.equal(outcome(snapshot, 'timeout'), counts.planned);
    assert.equal(counts.attempts, 3 * counts.planned);
    // Three attempts and two waits; each deadline is met within a turn of the loop.
    const lastUs = response.maximum()?.us ?? 0;
    assert.ok(lastUs >= 1_800_000 && lastUs < 1_820_000, `${lastUs}`);
  });

  it('keep to their budget in every ten seconds and in all', () => {
    const retries: Retries = { ...RETRIES, budget: 0.1 };
    const result = run({ ratePerSec: 200, seconds: 60, retries }, (_seq, atUs) => ({
      serviceUs: 1_000,
      status: atUs > 20e6 && atUs < 40e6 ? 503 : 200,
    }));
    const { induced, sent } = countsOf(result.snapshot);
    assert.ok((induced?.retries ?? 0) <= 0.1 * sent);
    assert.ok((induced?.overBudget ?? 0) > 0);
    let [most, fired] = [0, 0];
    for (const emission of result.snapshot.emissions.values()) {
      const again = emission.again.reduce((sum, n) => sum + n, 0);
      fired += emission.fired.reduce((sum, n) => sum + n, 0);
      most = Math.max(most, again);
    }
    // Within ten seconds at most a tenth of twenty seconds' requests, those of before included.
    assert.ok(most > 0 && most <= 0.2 * (fired / 6) * 1.1, `${most} of ${fired}`);
  });

  it('stop with the run, and settle what was waiting', () => {
    const retries: Retries = { ...RETRIES, backoff: { ...RETRIES.backoff, baseUs: 5e6, jitter: 'none' } };
    const result = simulate({
      ...planOf({ retries, seconds: 20 }),
      target: () => ({ serviceUs: 500_000, status: 503 }),
      arrange: (world, driver) => world.at(3e6, () => driver.stop(1e6)),
    });
    assert.deepEqual(brokenConservation(result.snapshot), []);
    assert.ok(outcome(result.snapshot, 'stopped') > 150);
    assert.ok(outcome(result.snapshot, 'bad_status') > 20, 'what was under way keeps its failure');
    assert.equal(result.log.requests.length, countsOf(result.snapshot).attempts);
  });

  it('are bounded in flight with what waits to be sent again', () => {
    const retries: Retries = { ...RETRIES, backoff: { ...RETRIES.backoff, baseUs: 4e6, jitter: 'none' } };
    const { snapshot } = run({ retries, seconds: 10 }, failing(1), { inFlightMax: 50 });
    assert.ok(outcome(snapshot, 'shed') > 100);
    assert.ok(outcome(snapshot, 'bad_status') >= 50);
  });

  it('do not depend on how many shards there are, but for a budget', () => {
    const given: Given = {
      seconds: 10,
      retries: RETRIES,
      reloads: RELOADS,
      abandon: { chance: 0.5, slowerUs: null },
    };
    const target: TargetModel = (seq, _atUs, uniform) => ({
      serviceUs: 1_000,
      status: uniform(`of ${seq % 3}`) < 0.5 ? 503 : 200,
    });
    const { plan, inputs } = planOf(given);
    const whole = run(given, target);
    const shards = [0, 1, 2].map((i) => simulate({ plan, inputs, target, shard: { i, n: 3 } }));
    const merged = mergeAll(shards.map(({ snapshot }) => snapshot));
    assert.deepEqual(countsOf(merged), countsOf(whole.snapshot));
    const requests = shards.flatMap(({ log }) => log.requests.map(({ seq, atUs }) => `${seq} ${atUs}`));
    assert.deepEqual(requests.sort(), whole.log.requests.map(({ seq, atUs }) => `${seq} ${atUs}`).sort());
  });
});

describe('reloads', () => {
  it('come from the share of visitors that the plan says, after a log-normal hesitation', () => {
    const always = run({ ratePerSec: 200, seconds: 60, reloads: RELOADS }, failing(1));
    const { counts } = sumGroups(always.snapshot);
    const expected = 0.3 + 0.09 + 0.027;
    const perOperation = (counts.induced?.reloads ?? 0) / counts.planned;
    assert.ok(Math.abs(perOperation - expected) < 0.03, `${perOperation}`);
    const waits = [...arrivalsOf(always).values()].flatMap((times) =>
      times.slice(1).map((atUs, i) => atUs - (times[i] as number) - 1_000),
    );
    waits.sort((a, b) => a - b);
    const quantile = (q: number) => waits[Math.floor(q * waits.length)] as number;
    assert.ok(Math.abs(quantile(0.5) / 3e6 - 1) < 0.1, `${quantile(0.5)}`);
    assert.ok(Math.abs(Math.log(quantile(0.8413) / quantile(0.5)) - 0.8) < 0.1);
  });

  it('give up a page that loads too long, close its connection, and are answered in its place', () => {
    const seen = new Set<number>();
    const target: TargetModel = (seq) => {
      const isFirst = !seen.has(seq);
      seen.add(seq);
      return { serviceUs: isFirst ? Number.POSITIVE_INFINITY : 1_000, status: 200 };
    };
    const reloads: Reloads = { afterUs: 2e6, chance: 1, wait: { medianUs: 1e6, sigma: 0 }, times: 1 };
    const result = run({ reloads, timeoutUs: 20e6, seconds: 5 }, target);
    const { counts, response } = sumGroups(result.snapshot);
    assert.equal(outcome(result.snapshot, 'ok'), counts.planned);
    assert.equal(counts.induced?.reloads, counts.planned);
    assert.equal(result.log.closed.size, result.log.opened);
    const medianUs = response.quantile(0.5)?.us ?? 0;
    assert.ok(medianUs >= 3e6 && medianUs < 3.02e6, `${medianUs}`);
  });

  it('begin a load with attempts of its own: layers multiply', () => {
    const reloads: Reloads = { ...RELOADS, chance: 1, wait: { medianUs: 1_000, sigma: 0 }, times: 2 };
    const { snapshot } = run({ seconds: 5, reloads, retries: { ...RETRIES, attempts: 3 } }, failing(1));
    const { attempts, planned, induced } = countsOf(snapshot);
    assert.equal(attempts, 9 * planned);
    assert.deepEqual([induced?.retries, induced?.reloads], [6 * planned, 2 * planned]);
  });

  it('are not begun where they could end more than two minutes after the first attempt', () => {
    const hangs: TargetModel = () => ({ serviceUs: Number.POSITIVE_INFINITY, status: 0 });
    const reloads: Reloads = { afterUs: 60e6, chance: 1, wait: { medianUs: 1e6, sigma: 0 }, times: 9 };
    const { snapshot } = run({ seconds: 5, timeoutUs: 50e6, reloads }, hangs);
    const { attempts, planned } = countsOf(snapshot);
    assert.equal(attempts, 2 * planned);
    assert.ok((sumGroups(snapshot).response.maximum()?.us ?? 0) <= 120e6);
  });
});

describe('visitors who leave', () => {
  it('send nothing more of their visit, and every arrival is settled', () => {
    const result = run({ ratePerSec: 100, seconds: 60, abandon: { chance: 1, slowerUs: null } }, (seq) => ({
      serviceUs: 1_000,
      status: seq % 5 === 0 ? 503 : 200,
    }));
    const { snapshot, log } = result;
    const abandoned = outcome(snapshot, 'abandoned');
    assert.ok(abandoned > 500);
    const { counts } = sumGroups(snapshot);
    assert.ok((counts.induced?.leavers ?? 0) > 200);
    const leftUs = new Map<number, number>();
    for (const { seq, visitor, atUs } of log.requests) {
      assert.ok(atUs <= (leftUs.get(visitor) ?? Number.POSITIVE_INFINITY), `visitor ${visitor}`);
      if (seq % 5 === 0) leftUs.set(visitor, atUs + 1_000);
    }
    assert.equal(counts.planned, counts.sent + abandoned);
  });

  it('leave for a page that was slow, with the probability given', () => {
    const slow: TargetModel = () => ({ serviceUs: 1_500_000, status: 200 });
    const { snapshot } = run({ seconds: 60, abandon: { chance: 0.25, slowerUs: 1e6 } }, slow);
    const { counts } = sumGroups(snapshot);
    // Of six requests of a visit the last one makes nobody leave.
    const sent = counts.sent - outcome(snapshot, 'abandoned');
    assert.ok(sent > 0);
    const leavers = counts.induced?.leavers ?? 0;
    assert.ok(leavers / counts.sent > 0.15 && leavers / counts.sent < 0.25, `${leavers} of ${counts.sent}`);
    const patient = run({ seconds: 10, abandon: { chance: 1, slowerUs: 1.6e6 } }, slow);
    assert.equal(outcome(patient.snapshot, 'abandoned'), 0);
  });
});

/** A server of one worker and an endless queue that does not know who has given up. */
function queue(capacityPerSec: number, trigger: readonly [number, number]): TargetModel {
  let freeUs = 0;
  return (_seq, atUs) => {
    // During the trigger it works at a third of its pace.
    const slow = atUs >= trigger[0] && atUs < trigger[1];
    const workUs = (slow ? 3 : 1) * (1e6 / capacityPerSec);
    freeUs = Math.max(freeUs, atUs) + workUs;
    return { serviceUs: Math.round(freeUs - atUs), status: 200 };
  };
}

describe('a queue without shedding, slow for ten seconds', () => {
  /** Share of requests that failed in the last half minute. */
  function failedAtEnd(parts: Pick<Plan, 'retries'>): number {
    const given: Given = { ratePerSec: 60, seconds: 120, timeoutUs: 1e6, ...parts };
    const { snapshot } = run(given, queue(100, [20e6, 30e6]));
    let [planned, ok] = [0, 0];
    for (const [windowS, { streams }] of snapshot.seconds) {
      if (windowS < 90) continue;
      for (const counts of streams) {
        planned += counts.planned;
        ok += counts.outcomes[OUTCOME_INDEX.ok] as number;
      }
    }
    return (planned - ok) / planned;
  }
  const retries: Retries = { ...RETRIES, attempts: 3, timeoutUs: 1e6 };

  it('recovers without retries, stays down with them, and recovers with a budget of 10 %', () => {
    assert.equal(failedAtEnd({}), 0);
    assert.ok(failedAtEnd({ retries }) > 0.95);
    assert.equal(failedAtEnd({ retries: { ...retries, budget: 0.1 } }), 0);
  });
});
