// The parts that decide what is sent again: the budget's law, Retry-After, hesitation and leaving, as pure functions.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Exchange } from '../../src/drive/exchange.js';
import { isFailedPage, Reloading } from '../../src/drive/visits/impatience.js';
import { retryAfterUs } from '../../src/drive/visits/retry-after.js';
import { RetryBudget, WINDOW_S } from '../../src/drive/visits/retry-budget.js';
import { Retrying } from '../../src/drive/visits/retrying.js';
import { OUTCOMES } from '../../src/measure/outcome.js';
import { Recorder } from '../../src/measure/recorder.js';
import { HESITATION_MAX_US, LIFE_MAX_US, type Retries } from '../../src/scenario/retry-plan.js';

describe('a retry budget', () => {
  const events = fc.array(
    fc.record({ afterUs: fc.oneof(fc.nat(300_000), fc.nat(15e6)), isRetry: fc.boolean() }),
    { maxLength: 200 },
  );

  it('allows at most its share of the requests so far, and of those of the last ten seconds', () => {
    fc.assert(
      fc.property(events, fc.double({ min: 0.01, max: 1, noNaN: true }), (all, share) => {
        const budget = new RetryBudget(share);
        const requests: number[] = [];
        const retries: number[] = [];
        let nowUs = 0;
        for (const { afterUs, isRetry } of all) {
          nowUs += afterUs;
          if (!isRetry) {
            budget.request(nowUs);
            requests.push(nowUs);
            continue;
          }
          const fromUs = (Math.floor(nowUs / 1e6) - WINDOW_S + 1) * 1e6;
          const within = (times: readonly number[]) => times.filter((atUs) => atUs >= fromUs).length;
          const allowed = within(retries) + 1 <= share * within(requests);
          assert.equal(budget.take(nowUs), allowed);
          if (allowed) retries.push(nowUs);
          assert.ok(retries.length <= share * requests.length);
        }
      }),
    );
  });
});

describe('Retry-After', () => {
  it('is read as seconds or as a date, and is nothing where it is neither', () => {
    const nowUs = Date.UTC(2026, 10, 24, 18, 0, 0) * 1e3;
    const cases: readonly [string | null, number | null][] = [
      ['0', 0],
      ['120', 120e6],
      ['Tue, 24 Nov 2026 18:00:30 GMT', 30e6],
      ['Tue, 24 Nov 2026 17:00:00 GMT', 0],
      ['Tue, 99 Nov 2026 18:00:30 GMT', null],
      ['1.5', null],
      ['-3', null],
      ['soon', null],
      ['9'.repeat(400), null],
      ['2026-11-24T18:00:30Z', null],
      ['', null],
      [null, null],
    ];
    for (const [value, us] of cases) assert.equal(retryAfterUs(value, nowUs), us, String(value));
  });

  it('is never negative nor endless, whatever a server says', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (value) => {
        const us = retryAfterUs(value, 1.7e15);
        assert.ok(us === null || (us >= 0 && us < 1e18));
      }),
    );
  });
});

function exchangeOf(seq: number, method: string): Exchange {
  const exchange = new Exchange();
  exchange.reset();
  exchange.seq = seq;
  exchange.request.method = method;
  exchange.firedUs = 1e6;
  exchange.readyUs = exchange.dueUs = 1e6;
  return exchange;
}

const RETRIES: Retries = {
  attempts: 4,
  on: ['timeout', 'reset'],
  statuses: [503],
  methods: ['GET'],
  timeoutUs: 5e6,
  backoff: { baseUs: 250_000, factor: 2, maxUs: 10e6, jitter: 'full' },
  budget: null,
  retryAfterMaxUs: 30e6,
};
const RELOADS = { afterUs: 8e6, chance: 0.6, wait: { medianUs: 3e6, sigma: 0.8 }, times: 3 };

describe('what is sent again', () => {
  it('ends, never goes back in time, and is over within two minutes, whatever the target does', () => {
    const answers = fc.array(
      fc.record({
        outcome: fc.constantFrom(...OUTCOMES.filter((name) => name !== 'ok')),
        status: fc.constantFrom(404, 429, 503),
        retryAfter: fc.constantFrom(null, '0', '7', '99999'),
        tookUs: fc.nat(5e6),
      }),
      { minLength: 60, maxLength: 60 },
    );
    fc.assert(
      fc.property(answers, fc.nat(2 ** 40), fc.constantFrom('GET', 'HEAD', 'POST'), (all, seq, method) => {
        const plan = { seed: 1, timeoutUs: 5e6, retries: RETRIES, reloads: RELOADS };
        const retrying = new Retrying(plan, () => 1.7e15);
        const exchange = exchangeOf(seq, method);
        let nowUs = exchange.firedUs;
        let deadlineUs = retrying.fired(exchange, nowUs);
        let made = 0;
        for (const { outcome, status, retryAfter, tookUs } of all) {
          assert.ok(deadlineUs > nowUs && deadlineUs <= nowUs + 5e6);
          exchange.endUs = outcome === 'timeout' ? deadlineUs : Math.min(deadlineUs - 1, nowUs + tookUs);
          exchange.answer.status = outcome === 'bad_status' ? status : 0;
          exchange.answer.retryAfter = retryAfter;
          if (!retrying.again(exchange, outcome)) break;
          const { tries } = exchange;
          assert.ok(tries !== null && tries.atUs >= exchange.endUs);
          assert.notEqual(method, 'POST');
          nowUs = tries.atUs;
          tries.fired(nowUs);
          made++;
          deadlineUs = retrying.fired(exchange, nowUs);
        }
        assert.ok(made < 4 * 4);
        assert.ok(deadlineUs <= exchange.firedUs + LIFE_MAX_US);
      }),
    );
  });

  it('leaves an operation sent of which an earlier attempt was written, and the last one was not', () => {
    const exchange = exchangeOf(1, 'GET');
    const tries = exchange.beginTrying();
    exchange.retry();
    assert.equal(tries.wasSent, false);
    exchange.sentUs = 2e6;
    exchange.retry();
    exchange.retry();
    assert.ok(tries.wasSent && Number.isNaN(exchange.sentUs));
    const recorder = new Recorder(1, 5e6, [{ name: 'steady', startS: 0, endS: 10 }], 10);
    recorder.due(exchange);
    recorder.settle(Object.assign(exchange, { outcome: 'refused', endUs: 3e6, attempts: 1 }));
    const [cell] = recorder.takeClosed(Number.POSITIVE_INFINITY).cells;
    assert.equal(cell?.sent, 1);
  });

  it('is a request with an idempotency key, whatever its method, but nobody reloads it', () => {
    const retrying = new Retrying({ seed: 1, timeoutUs: 5e6, retries: RETRIES }, () => 0);
    const exchange = exchangeOf(1, 'POST');
    exchange.endUs = 2e6;
    assert.equal(retrying.again(exchange, 'reset'), false);
    exchange.request.headers = ['Idempotency-Key', 'k1'];
    assert.equal(retrying.again(exchange, 'reset'), true);
    const reloads = { ...RELOADS, chance: 1 };
    const person = new Retrying({ seed: 1, timeoutUs: 5e6, reloads }, () => 0);
    assert.equal(person.again(exchange, 'reset'), false);
  });
});

describe('people', () => {
  it('hesitate within bounds, the same for the same page', () => {
    const reloading = new Reloading({ ...RELOADS, wait: { medianUs: 20e6, sigma: 3 } }, 7);
    const again = new Reloading({ ...RELOADS, wait: { medianUs: 20e6, sigma: 3 } }, 7);
    fc.assert(
      fc.property(fc.nat(2 ** 45), (seq) => {
        const exchange = exchangeOf(seq, 'GET');
        const us = reloading.hesitationUs(exchange);
        assert.ok(us >= 0 && us <= HESITATION_MAX_US && Number.isInteger(us));
        assert.equal(again.hesitationUs(exchange), us);
        assert.equal(again.would(exchange), reloading.would(exchange));
      }),
    );
  });

  it('see a failure in errors of the server and of the way to it, not in pages that are not there', () => {
    const seen = OUTCOMES.filter((name) => isFailedPage(name, 503));
    assert.deepEqual(seen, [
      'bad_status',
      'bad_body',
      'timeout',
      'refused',
      'reset',
      'dns',
      'tls',
      'protocol',
    ]);
    assert.equal(isFailedPage('bad_status', 404), false);
    assert.equal(isFailedPage('bad_status', 429), true);
  });
});
