// The planId: the same plan has the same name, another plan another.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalJson } from '../../src/scenario/plan-id.js';
import { type Given, load } from './support.js';

const YAML = `target: http://127.0.0.1:8080
streams:
  - { name: promo, curve: promo.csv, requests: [{ get: /a, weight: 2 }, { get: /b, headers: { x-a: "1", x-b: "\${env:KEY}" } }] }
routes: { b: { path: /b }, a: { path: /a* } }
gates: [p99 < 1s]
`;
const GIVEN: Given = {
  yaml: YAML,
  files: { 'promo.csv': 'time,requests\n0,10\n60,20\n' },
  env: { KEY: 'k1' },
};

test('what is no part of the plan leaves its name alone', async (t) => {
  const { planId } = await load(t, GIVEN);
  assert.match(planId, /^[0-9a-f]{64}$/);
  const reordered = `gates: [p99 < 1s]
routes: { a: { path: /a* }, b: { path: /b } }
streams:
  - requests: [{ weight: 2, get: /a }, { headers: { X-B: "\${env:KEY}", x-a: 1 }, get: /b }]
    curve: ./promo.csv   # the same file
    name: promo
target: http://127.0.0.1:8080
`;
  const same: readonly [string, Given][] = [
    ['a second load', GIVEN],
    ['the order of keys', { ...GIVEN, yaml: reordered }],
    ['the target', { ...GIVEN, overrides: { target: 'http://localhost:9' } }],
    ['gates', { ...GIVEN, yaml: YAML.replace('p99 < 1s', 'errors < 1%') }],
    ['the values of secrets', { ...GIVEN, env: { KEY: 'k2' } }],
    ['a label', { ...GIVEN, overrides: { label: 'v2' } }],
    [
      'an address a visitor',
      {
        ...GIVEN,
        yaml: YAML.replace(
          'http://127.0.0.1:8080',
          '{ url: http://127.0.0.1:8080, forwardedFor: 10.0.0.0/8 }',
        ),
      },
    ],
    ['what is as usual', { ...GIVEN, yaml: `${YAML}redirects: 0\ncookies: true\n` }],
    ['a bound in flight', { ...GIVEN, yaml: `${YAML}maxInFlight: 100\n` }],
  ];
  for (const [name, given] of same) assert.equal((await load(t, given)).planId, planId, name);
});

test('what is part of the plan changes its name', async (t) => {
  const { planId } = await load(t, GIVEN);
  const others: readonly [string, Given][] = [
    ['a changed curve', { ...GIVEN, files: { 'promo.csv': 'time,requests\n0,10\n60,21\n' } }],
    ['the seed', { ...GIVEN, overrides: { seed: 2 } }],
    ['amplification', { ...GIVEN, overrides: { amplify: [2] } }],
    ['a weight', { ...GIVEN, yaml: YAML.replace('weight: 2', 'weight: 3') }],
    ['redirects that are followed', { ...GIVEN, yaml: `${YAML}redirects: 5\n` }],
    ['no cookies', { ...GIVEN, yaml: `${YAML}cookies: false\n` }],
    ['a check', { ...GIVEN, yaml: YAML.replace('{ path: /b }', '{ path: /b, contains: x }') }],
    ['the timeout', { ...GIVEN, overrides: { timeout: '5s' } }],
    [
      'the order of requests',
      {
        ...GIVEN,
        yaml: YAML.replace('{ get: /a, weight: 2 }, ', '').replace(
          'KEY}" } }]',
          'KEY}" } }, { get: /a, weight: 2 }]',
        ),
      },
    ],
  ];
  for (const [name, given] of others) assert.notEqual((await load(t, given)).planId, planId, name);
});

test('canonical JSON reads back as the same value, whatever the order of keys', () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false } as object), (value) => {
      const text = canonicalJson(value);
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
      assert.equal(canonicalJson(reversed(value)), text);
    }),
  );
});

test('canonical JSON leaves out what is undefined, and refuses what JSON cannot say', () => {
  assert.equal(canonicalJson({ b: 1, a: undefined, c: [true, null] }), '{"b":1,"c":[true,null]}');
  assert.throws(() => canonicalJson({ rate: Number.NaN }), /cannot hold NaN/);
  assert.throws(() => canonicalJson([undefined]), /cannot hold undefined/);
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).reverse();
  return Object.fromEntries(entries.map(([key, member]) => [key, reversed(member)]));
}
