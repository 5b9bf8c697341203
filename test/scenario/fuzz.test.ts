// Damaged scenarios: whatever is put in the place of a value, the answer is a plan or a list of problems, never a crash.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { UserError } from '../../src/problem.js';
import { loadScenario } from '../../src/scenario/load.js';
import { accessLog, folderOf } from './support.js';

const WHOLE = {
  name: 'all of it',
  label: 'v1',
  target: { url: 'http://127.0.0.1:8080', hosts: { '*.shop.example': '*.stg.example' }, ceiling: '3000/s' },
  writes: ['cart'],
  seed: 7,
  lanes: 16,
  speed: 1,
  streams: [
    {
      name: 'night',
      recording: ['night.log'],
      from: '1s',
      where: { path: '/p*', not: { tenant: 'x', client: ['bot'] } },
    },
    {
      name: 'promo',
      curve: 'promo.csv',
      amplify: '5x',
      arrivals: 'even',
      tenant: '{shop}',
      requests: [
        { route: 'product', weight: 60, get: '/products/{product}', headers: { 'x-a': '{seq}' } },
        { route: 'cart', post: '/cart', json: { product: '{product}', qty: 1 } },
        { put: '/cart', route: 'cart', form: { a: 1 } },
      ],
      data: { product: { range: [1, 5000], zipf: 1.1 }, shop: { list: ['a', 'b'] } },
      visits: { requests: 3, think: '1s' },
    },
    {
      stages: [
        { from: 0, to: 10, for: '10s' },
        { rate: 5, for: '1m' },
      ],
      from: 1,
      to: '30s',
    },
    { spike: { base: 2, peak: '5x', at: '1m', rise: '5s', hold: '1m', fall: '1m', total: '5m' } },
  ],
  connections: { visitor: { perVisitor: 6, idle: '30s' } },
  headers: { 'x-team': 'checkout' },
  timeout: '10s',
  maxInFlight: 1000,
  tenants: { host: '{tenant}.shop.example' },
  routes: { product: { path: '/products/*', method: 'GET', expect: ['200-299', 404] } },
  data: { spare: { csv: 'promo.csv', column: 'requests' } },
  gates: ['p99 < 800ms', 'errors[stream=promo] < 1%'],
};

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Every path to a value of the whole. */
function pathsOf(value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  const keys = Array.isArray(value) ? value.map((_, i) => i) : Object.keys(value);
  return [
    path,
    ...keys.flatMap((key) => pathsOf((value as Record<string | number, unknown>)[key], [...path, key])),
  ];
}

function replaced(
  value: Json,
  [key, ...rest]: readonly (string | number)[],
  by: Json | undefined,
): Json | undefined {
  if (key === undefined) return by;
  const copy = structuredClone(value) as Record<string | number, Json>;
  const inner = replaced(copy[key] as Json, rest, by);
  if (inner === undefined) delete copy[key];
  else copy[key] = inner;
  return Array.isArray(copy) ? copy.filter((item) => item !== undefined) : copy;
}

const ODD: readonly (Json | undefined)[] = [
  undefined,
  null,
  true,
  0,
  -1,
  0.5,
  1e300,
  '',
  ' ',
  'x',
  '5',
  '-5',
  '1e9',
  '{',
  '{product}',
  '{{',
  '../x',
  '.',
  '/',
  '//',
  '*',
  '\u0000',
  '\r\n',
  '2025-11-28T17:26:00Z',
  '9999999d',
  '%',
  '\ud800',
  'constructor',
  [],
  [[]],
  {},
  { constructor: 1 },
  { toString: { a: 1 } },
];

test('a damaged scenario is a plan or problems', async (t) => {
  const files = { 'promo.csv': 'time,requests\n0,10\n60,20\n', 'night.log': accessLog(5) };
  const folder = await folderOf(t, files);
  const file = join(folder, 'scenario.yaml');
  await writeFile(file, JSON.stringify(WHOLE));
  assert.equal((await loadScenario(file, {}, {})).plan.streams.length, 4, 'undamaged it loads');
  const damage = fc.tuple(fc.constantFrom(...pathsOf(WHOLE).slice(1)), fc.constantFrom(...ODD));
  await fc.assert(
    fc.asyncProperty(damage, async ([path, by]) => {
      await writeFile(file, JSON.stringify(replaced(WHOLE as Json, path, by)));
      try {
        await loadScenario(file, {}, {});
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        assert.ok(error.problems.length > 0);
        for (const { place, message } of error.problems) assert.ok(place !== '' && message !== '');
      }
    }),
    { numRuns: 200 },
  );
});
