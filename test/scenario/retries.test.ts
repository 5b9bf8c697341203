// Retries, reloads and leaving in a scenario: short and long forms, defaults, bounds, and what they make of a plan.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  amplificationMax,
  askedToWaitUs,
  attemptsMax,
  backoffUs,
  LIFE_MAX_US,
  retriesMaxUs,
  stalledUs,
} from '../../src/scenario/retry-plan.js';
import { GOOD, load, problemsOf } from './support.js';

const DEFAULTS = {
  attempts: 3,
  on: ['refused', 'reset', 'timeout'],
  statuses: [502, 503, 504],
  methods: ['GET', 'HEAD'],
  timeoutUs: 10e6,
  backoff: { baseUs: 250_000, factor: 2, maxUs: 10e6, jitter: 'full' },
  budget: null,
  retryAfterMaxUs: 30e6,
};

test('without the keys nothing of them is in the plan, nor where they say so', async (t) => {
  const { plan, planId } = await load(t, { yaml: GOOD });
  for (const key of ['retries', 'reloads', 'abandon']) assert.ok(!(key in plan), key);
  for (const off of ['retries: 0', 'abandon: false'])
    assert.equal((await load(t, { yaml: `${GOOD}${off}\n` })).planId, planId, off);
});

test('a number is how many retries, a mapping says more, and either changes the plan', async (t) => {
  const { planId } = await load(t, { yaml: GOOD });
  const short = await load(t, { yaml: `${GOOD}retries: 2\n` });
  assert.deepEqual(short.plan.retries, DEFAULTS);
  const empty = await load(t, { yaml: `${GOOD}retries: {}\n` });
  assert.equal(empty.planId, short.planId);
  assert.notEqual(short.planId, planId);
  const { plan } = await load(t, {
    yaml: `${GOOD}timeout: 4s
retries:
  attempts: 5
  on: [504, timeout, "429", timeout]
  methods: [post, get]
  timeout: 3s
  backoff: { base: 100ms, factor: 3x, max: 2s, jitter: none }
  budget: 10%
  retryAfter: 5s
`,
  });
  assert.deepEqual(plan.retries, {
    attempts: 5,
    on: ['timeout'],
    statuses: [429, 504],
    methods: ['GET', 'POST'],
    timeoutUs: 3e6,
    backoff: { baseUs: 100_000, factor: 3, maxUs: 2e6, jitter: 'none' },
    budget: 0.1,
    retryAfterMaxUs: 5e6,
  });
  const deaf = await load(t, { yaml: `${GOOD}timeout: 4s\nretries: { retryAfter: false }\n` });
  assert.deepEqual(deaf.plan.retries, { ...DEFAULTS, timeoutUs: 4e6, retryAfterMaxUs: null });
});

test('visitors reload and leave as they are told to', async (t) => {
  const { plan } = await load(t, { yaml: `${GOOD}reloads: {}\nabandon: true\n` });
  const usual = { afterUs: 8e6, chance: 0.3, wait: { medianUs: 3e6, sigma: 0.8 }, times: 3 };
  assert.deepEqual(plan.reloads, usual);
  assert.deepEqual(plan.abandon, { chance: 1, slowerUs: null });
  const own = await load(t, {
    yaml: `${GOOD}reloads: { after: 5s, chance: 0.5, wait: { median: 1s, sigma: 0 }, times: 1 }\nabandon: { chance: 40%, slower: 20s }\n`,
  });
  assert.deepEqual(own.plan.reloads, {
    afterUs: 5e6,
    chance: 0.5,
    wait: { medianUs: 1e6, sigma: 0 },
    times: 1,
  });
  assert.deepEqual(own.plan.abandon, { chance: 0.4, slowerUs: 20e6 });
});

test('what is wrong is said with its place and what to write', async (t) => {
  const cases: readonly [string, string, RegExp, RegExp?][] = [
    ['retries: 12', 'retries', /0 to 9/],
    ['retries: { attempts: 1 }', 'retries.attempts', /2 to 10/],
    ['retries: { on: [timeuot] }', 'retries.on[0]', /no failure/, /did you mean timeout/],
    ['retries: { on: [200] }', 'retries.on[0]', /no failure/, /400 to 599/],
    ['retries: { methods: ["GET /"] }', 'retries.methods[0]', /no method/, /GET, HEAD/],
    ['retries: { budget: 110% }', 'retries.budget', /no share/, /30%/],
    ['retries: { backoff: { factor: 0.5 } }', 'retries.backoff.factor', /expected 1 to 100/],
    ['retries: { backoff: { base: 5s, max: 1s } }', 'retries.backoff.base', /longest wait/, /raise max/],
    ['retries: { retryAfter: 5m }', 'retries.retryAfter', /longer than/, /30s/],
    ['retries: { timeout: 0s }', 'retries.timeout', /1ms to 120s/],
    ['timeout: 60s\nretries: 3', 'retries', /may take 4m/, /timeout: 3s/],
    ['reloads: { chance: many }', 'reloads.chance', /no share/],
    ['reloads: { times: 0 }', 'reloads.times', /1 to 9/],
    ['reloads: { wait: { sigma: -1 } }', 'reloads.wait.sigma', /0 to 3/],
    ['abandon: { chance: 0 }', 'abandon.chance', /no share/],
    ['retries: { attempt: 2 }', 'retries', /attempt/],
  ];
  for (const [yaml, path, message, hint] of cases) {
    const [problem] = await problemsOf(t, { yaml: `${GOOD}${yaml}\n` });
    assert.ok(problem, yaml);
    assert.ok(problem.path.startsWith(path), `${yaml}: ${problem.path}`);
    assert.match(problem.message, message, yaml);
    if (hint !== undefined) assert.match(problem.hint ?? '', hint, yaml);
  }
});

test('a ceiling is said to bound the planned rate alone', async (t) => {
  const yaml = GOOD.replace('http://127.0.0.1:8080', '{ url: http://127.0.0.1:8080, ceiling: 100/s }');
  const { warnings } = await load(t, { yaml: `${yaml}retries: 2\nreloads: { times: 1 }\n` });
  assert.match(warnings.join('\n'), /up to 6 times the planned rate/);
});

test('backoffs grow to their longest, and what an operation may take is within two minutes', () => {
  const backoff = fc.record({
    baseUs: fc.nat(5e6),
    factor: fc.double({ min: 1, max: 100, noNaN: true }),
    maxUs: fc.integer({ min: 5e6, max: 30e6 }),
    jitter: fc.constant('full' as const),
  });
  const attempts = fc.integer({ min: 2, max: 10 });
  fc.assert(
    fc.property(
      backoff,
      attempts,
      fc.nat(9),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (of, n, times, chance) => {
        for (let i = 0; i < n; i++) {
          assert.ok(backoffUs(of, i) <= of.maxUs);
          assert.ok(backoffUs(of, i + 1) >= backoffUs(of, i));
        }
        const retries = { ...DEFAULTS, on: [], attempts: n, backoff: of, retryAfterMaxUs: 30e6 };
        const reloads = { afterUs: 8e6, chance, wait: { medianUs: 3e6, sigma: 3 }, times };
        const plan = { timeoutUs: 10e6, retries, reloads };
        assert.ok(retriesMaxUs(retries) <= n * 10e6 + (n - 1) * of.maxUs);
        assert.ok(stalledUs(plan) <= LIFE_MAX_US && askedToWaitUs(plan) <= LIFE_MAX_US);
        assert.ok(amplificationMax(plan) <= attemptsMax(plan) + 1e-9);
        assert.ok(
          amplificationMax({ ...plan, retries: { ...retries, budget: 0.1 } }) <= (1 + times) * 1.1 + 1e-9,
        );
      },
    ),
  );
});
