// Gates: what each text means, and what is said of those that mean nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Gate } from '../../src/scenario/gate.js';
import { type GateNames, parseGate, readGates } from '../../src/scenario/gates.js';
import { ProblemList } from '../../src/scenario/problems.js';
import type { TypedGate } from '../../src/scenario/schema-gates.js';

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
  ['slower than 800ms < 1% [phase=peak]', 'slower', { phase: 'peak' }, '<', 0.01],
  ['slower than 800ms[phase=peak] < 1%', 'slower', { phase: 'peak' }, '<', 0.01],
  ['  slower  than 1 s <= 0%', 'slower', {}, '<=', 0],
  ['p99 < 1s[route=cart]', 'p99', { route: 'cart' }, '<', 1e6],
  ['errors over 30s < 20%', 'errors', {}, '<', 0.2],
  ['errors[stream=promo] over 30s < 20%', 'errors', { stream: 'promo' }, '<', 0.2],
  ['errors over 30s[stream=promo] < 20%', 'errors', { stream: 'promo' }, '<', 0.2],
  [
    'errors over 30 s < 20% [stream=promo, phase=peak]',
    'errors',
    { stream: 'promo', phase: 'peak' },
    '<',
    0.2,
  ],
  ['slower than 2s over 30s[route=cart] < 10%', 'slower', { route: 'cart' }, '<', 0.1],
  ['shed over 1h < 1%', 'shed', {}, '<', 0.01],
  ['throughput over 30s > 100/s', 'throughput', {}, '>', 100],
  ['outage < 5m', 'outage', {}, '<', 300e6],
  ['outage <= 0s', 'outage', {}, '<=', 0],
  ['recovery < 5m', 'recovery', {}, '<', 300e6],
  ['time_to_degrade > 60s', 'time_to_degrade', {}, '>', 60e6],
  ['healthy_tenants > 99%', 'healthy_tenants', {}, '>', 0.99],
  ['healthy_tenants > 99% [phase=peak]', 'healthy_tenants', { phase: 'peak' }, '>', 0.99],
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

test('a window is read in seconds, and slower in microseconds', () => {
  const gate = parseGate('slower than 1.5s over 2m < 10%', NAMES);
  assert.ok(!('message' in gate));
  assert.equal(gate.overS, 120);
  assert.deepEqual(gate.metric, { kind: 'slower', thanUs: 1_500_000 });
  const plain = parseGate('errors < 1%', NAMES);
  assert.ok(!('overS' in plain) && !('abort' in plain));
});

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
  ['errors[stream=promo] < 1% [phase=peak]', /two selectors/, /stream=promo, phase=peak/],
  ['errors < [phase=peak] 1%', /is not a gate/],
  ['errors [phase=peak] rate < 1%', /is not a gate/],
  ['errors[phase=peak < 1%', /is not a gate/],
  ['slower < 1%', /slower than what/, /slower than 800ms < 1%/],
  ['slower than < 1%', /slower than what/],
  ['slower than 800 < 1%', /no unit/],
  ['slower than fast < 1%', /is not a duration/],
  ['slower than 0s < 1%', /everything is slower than 0/],
  ['slower than 800ms < 1s', /is not a share/],
  ['slow than 800ms < 1%', /is no metric/, /did you mean slower than\?|known/],
  ['slower than 800ms < recorded', /slower was not recorded/],
  ['slower than 800ms[tenant=a] < 1%', /only errors can be gated/],
  ['p99 over 30s < 2s', /not read in a sliding window/, /^write slower than 2s over 30s < 1%$/],
  ['p99.9 over 1m < 2s', /not read in a sliding window/, /slower than 2s over 1m < 0\.1%/],
  ['max over 30s < 2s', /max is not read in a sliding window/, /errors over 30s/],
  ['fidelity over 30s > 99%', /fidelity is not read in a sliding window/],
  ['errors over < 20%', /no unit; expected a duration such as 30s/],
  ['errors over 30 < 20%', /no unit/],
  ['errors over 1500ms < 20%', /expected whole seconds/],
  ['errors over 0s < 20%', /expected whole seconds/],
  ['errors over 2h < 20%', /expected whole seconds, from 1s to 1h/],
  ['errors over 30s < recorded', /not kept by the second/],
  ['errors over 30s[tenant=a] < 20%', /tenants are not kept by the second/],
  ['over 30s < 20%', /is not a gate/],
  ['outage < 5', /no unit/],
  ['outage < 5%', /is not a duration/],
  ['outage < 0s', /nothing is below 0/, /outage <= 0s/],
  ['outage[phase=peak] < 5m', /of the whole run and takes no selector/, /outage < 5m/],
  ['recovery[stream=promo] < 5m', /of the whole run/],
  ['time_to_degrade[phase=peak] > 5m', /of the whole run/],
  ['time to degrade > 5m', /is no metric/, /did you mean time_to_degrade\?/],
  ['healthy_tenants[route=cart] > 99%', /it takes a phase alone/],
  ['healthy_tenants[tenant=a] > 99%', /it takes a phase alone/],
  ['healthy_tenants > 0.99', /is not a share/, /did you mean 99%\?/],
  [`errors[stream=${'x'.repeat(1_000)}] < 1%`, /longer than 1000 characters/],
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
  fc.assert(fc.property(fc.string(), (text) => void parseGate(`slower than ${text} over ${text}`, NAMES)));
});

test('durations of a recording in fast-forward are refused, errors and other streams are not', () => {
  const hurried = { ...NAMES, hurried: ['everyday'] };
  for (const text of [
    'p99 < 1s',
    'max[stream=everyday] < 1s',
    'mean[route=cart] < 1s',
    'slower than 1s < 1%',
    'outage < 5m',
    'recovery < 5m',
    'time_to_degrade > 1m',
  ]) {
    const problem = parseGate(text, hurried);
    assert.ok('message' in problem && /fast-forward/.test(problem.message), text);
  }
  for (const text of ['p99[stream=promo] < 1s', 'errors over 30s < 1%', 'throughput > 1/s']) {
    assert.ok(!('message' in parseGate(text, hurried)), text);
  }
});

/** Gates as they are typed, with what was said of them. */
function read(typed: readonly TypedGate[]): { gates: Gate[]; said: string } {
  const problems = new ProblemList('shop.yaml', () => ({ line: 1, column: 1 }));
  const gates = readGates(['gates'], typed, NAMES, problems);
  try {
    problems.throwIfAny();
    return { gates, said: '' };
  } catch (error) {
    return { gates, said: String(error) };
  }
}

test('a gate over a sliding window may stop the run', () => {
  const text = 'errors over 30s < 20%';
  const { gates, said } = read([
    { gate: text, abort: true },
    { gate: text, abort: false },
    { gate: text },
    text,
  ]);
  assert.equal(said, '');
  assert.deepEqual(
    gates.map((gate) => [gate.text, gate.abort]),
    [
      [text, true],
      [text, undefined],
      [text, undefined],
      [text, undefined],
    ],
  );
});

test('no other gate may', () => {
  for (const text of ['errors < 1%', 'max < 10s', 'outage < 5m', 'fidelity > 99%', 'p99 < 1s']) {
    const { said } = read([{ gate: text, abort: true }]);
    assert.match(said, /gates\[0\]\.gate: .*only a gate over a sliding window can stop a run/, text);
    assert.match(said, /errors over 30s < 20%/);
  }
});

test('gates are bounded in number', () => {
  const { gates, said } = read(Array.from({ length: 201 }, () => 'errors < 1%'));
  assert.equal(gates.length, 200);
  assert.match(said, /has 201 gates; at most 200/);
});
