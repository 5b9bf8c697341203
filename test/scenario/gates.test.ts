// Gates: what each text means, and what is said of those that mean nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Gate } from '../../src/scenario/gate.js';
import { type GateNames, parseGate } from '../../src/scenario/gates.js';

const NAMES: GateNames = {
  streams: ['everyday', 'promo'],
  routes: ['product', 'cart', '/orders/{id}'],
  hurried: [],
  recordings: ['everyday'],
};

const recorded = (factor: number): Gate['bound'] => ({ of: 'recorded', factor });

const GOOD: readonly [string, string, Gate['selector'], Gate['comparison'], Gate['bound']][] = [
  ['p99 < 800ms', 'p99', {}, '<', 800_000],
  ['p99.9<=1.5s', 'p99.9', {}, '<=', 1_500_000],
  ['p50 > 1ms', 'p50', {}, '>', 1000],
  ['max < 10s', 'max', {}, '<', 10e6],
  ['mean[stream = promo] < 90ms', 'mean', { stream: 'promo' }, '<', 90_000],
  ['errors < 1%', 'errors', {}, '<', 0.01],
  ['errors <= 0', 'errors', {}, '<=', 0],
  ['errors[tenant=hot-shop] < 0.1 %', 'errors', { tenant: 'hot-shop' }, '<', 0.001],
  ['shed <= 0%', 'shed', {}, '<=', 0],
  ['fidelity > 99%', 'fidelity', {}, '>', 0.99],
  ['fidelity>=99.9 %', 'fidelity', {}, '>=', 0.999],
  ['throughput >= 100/s', 'throughput', {}, '>=', 100],
  ['throughput[phase=peak] > 600/min', 'throughput', { phase: 'peak' }, '>', 10],
  ['errors < recorded', 'errors', {}, '<', recorded(1)],
  ['errors <= recorded * 1.1', 'errors', {}, '<=', recorded(1.1)],
  ['p99 < recorded×1.2', 'p99', {}, '<', recorded(1.2)],
  ['p95[route=product, phase=peak] < recorded', 'p95', { route: 'product', phase: 'peak' }, '<', recorded(1)],
  ['mean[stream=everyday] < recorded *2', 'mean', { stream: 'everyday' }, '<', recorded(2)],
  ['max > recorded * 0.5', 'max', {}, '>', recorded(0.5)],
  ['p99[route=cart, phase=peak] < 1s', 'p99', { route: 'cart', phase: 'peak' }, '<', 1e6],
  [
    'p95[route=/orders/{id},stream=everyday] < 1s',
    'p95',
    { route: '/orders/{id}', stream: 'everyday' },
    '<',
    1e6,
  ],
];

for (const [text, metric, selector, comparison, bound] of GOOD) {
  test(`reads ${text}`, () => {
    const gate = parseGate(text, NAMES);
    assert.ok(!('message' in gate), JSON.stringify(gate));
    assert.equal('name' in gate.metric ? gate.metric.name : gate.metric.kind, metric);
    assert.deepEqual(
      [gate.text, gate.selector, gate.comparison, gate.bound],
      [text, selector, comparison, bound],
    );
  });
}

const BAD: readonly [string, RegExp, RegExp?][] = [
  ['', /is not a gate/, /p99 < 800ms/],
  ['p99', /is not a gate/],
  ['p99 800ms', /is not a gate/],
  ['p99 < ', /no unit/],
  ['p99 < 800', /no unit; expected a duration/],
  ['p99 < fast', /is not a duration/],
  ['p99 < 0ms', /bound is 0/],
  ['p0 < 1s', /is no percentile/],
  ['p100 < 1s', /is no percentile/],
  ['p999 < 1s', /is no percentile/],
  ['p99 == 1s', /expected <, <=, > or >=/],
  ['p99 =< 1s', /expected <, <=, > or >=/],
  ['eror < 1%', /is no metric/, /did you mean errors\?/],
  ['latency < 1s', /is no metric/, /known: p50/],
  ['errors < 0.01', /is not a share/, /did you mean 1%\?/],
  ['errors < 101%', /is not a share/],
  ['errors < 5ms', /is not a share/],
  ['throughput > 100', /is not a rate/],
  ['p99[promo] < 1s', /is no selector; expected key=name/],
  ['p99[steam=promo] < 1s', /"steam" is no selector/, /did you mean stream\?/],
  ['p99[stream=prom] < 1s', /no stream is named "prom"/, /did you mean promo\?/],
  ['p99[route=crat] < 1s', /no route is named "crat"/, /did you mean cart\?|known/],
  ['p99[phase=peek] < 1s', /no phase is named "peek"/, /did you mean peak\?/],
  ['p99[phase=warmup] < 1s', /warm-up is outside/],
  ['p99[route=cart, route=product] < 1s', /route is here twice/],
  ['p99[tenant=hot-shop] < 1s', /only errors can be gated/],
  ['throughput > recorded', /throughput was not recorded/],
  ['shed <= recorded * 2', /shed was not recorded/],
  ['errors[tenant=hot-shop] < recorded', /not kept by tenant/],
  ['p99[stream=promo] < recorded', /promo is no recording/, /recordings: everyday/],
  ['p99 < recorded * 0', /is no bound/, /recorded \* 1\.2/],
  ['p99 < recorded * ', /is no bound/],
  ['p99 < recorded * -1', /is no bound/],
  ['p99 < recorded + 5ms', /is no bound/],
  ['p99 < recorded * 1e400', /is no bound/],
  ['errors < recorder', /is not a share/],
  ['errors[tenant=hot-shop, route=cart] < 1%', /tenant stands alone/],
  ['fidelity > 0.99', /is not a share/, /did you mean 99%\?/],
  ['fidelity > 99/s', /is not a share/],
  ['fidelity[phase=peak] > 99%', /of the whole run and takes no selector/, /fidelity > 99%/],
  ['fidelity > recorded', /fidelity was not recorded/],
  ['fidelty > 99%', /is no metric/, /did you mean fidelity\?/],
];

for (const [text, message, hint] of BAD) {
  test(`refuses ${text === '' ? 'an empty gate' : text}`, () => {
    const problem = parseGate(text, NAMES);
    assert.ok('message' in problem, JSON.stringify(problem));
    assert.match(problem.message, message);
    if (hint !== undefined) assert.match(problem.hint ?? '', hint);
  });
}

test('every percentile between 0 and 100 is its hundredth', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 999 }), (tenths) => {
      const gate = parseGate(`p${tenths / 10} < 1s`, NAMES);
      assert.ok(!('message' in gate) && gate.metric.kind === 'quantile');
      assert.equal(gate.metric.q, Number(`${tenths}e-3`));
    }),
  );
});

test('a bound of the recording is refused where nothing is one', () => {
  for (const text of ['p99 < recorded', 'errors[stream=promo] < recorded * 2']) {
    const problem = parseGate(text, { ...NAMES, recordings: [] });
    assert.ok(
      'message' in problem && /no stream of this scenario is a recording/.test(problem.message),
      text,
    );
  }
});

test('no text makes it throw', () => {
  fc.assert(fc.property(fc.string(), (text) => void parseGate(text, NAMES)));
  fc.assert(fc.property(fc.string(), (text) => void parseGate(`p99[${text}] < ${text}`, NAMES)));
  fc.assert(fc.property(fc.string(), (text) => void parseGate(`p99 < recorded${text}`, NAMES)));
});

test('durations of a recording in fast-forward are refused, errors and other streams are not', () => {
  const hurried = { ...NAMES, hurried: ['everyday'] };
  for (const text of ['p99 < 1s', 'max[stream=everyday] < 1s', 'mean[route=cart] < 1s']) {
    const problem = parseGate(text, hurried);
    assert.ok('message' in problem && /fast-forward/.test(problem.message), text);
  }
  for (const text of ['p99[stream=promo] < 1s', 'errors < 1%', 'throughput > 1/s']) {
    assert.ok(!('message' in parseGate(text, hurried)), text);
  }
});
