// Drafted scenarios load, say what was found, and allow nothing that the user did not.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { initCommand } from '../../src/commands/init.js';
import { UserError } from '../../src/problem.js';
import { draftScenario, draftSpike } from '../../src/scenario/draft.js';
import { draftRoutes } from '../../src/scenario/draft-routes.js';
import { readYaml } from '../../src/scenario/yaml.js';
import { auditOf, row, shopRows } from '../recording/audit-support.js';
import { matchesGolden } from '../support/golden.js';
import { rememberingTerminal } from '../support/terminal.js';
import { accessLog, folderOf, load } from './support.js';

const RECORDINGS = { recordings: ['access.log'] };
/** A draft without the gates that compare with the recording. */
const withoutRecorded = (yaml: string) =>
  yaml
    .split('\n')
    .filter((line) => !/^ {2}- (?:errors|p99) < recorded/.test(line))
    .join('\n');

test('golden: a draft of a shop with tenants', () => {
  const audit = auditOf(shopRows(), { dropped: { 'not a line of this format': 6 }, lines: 2_886 });
  matchesGolden(draftScenario(audit, RECORDINGS), new URL('golden/draft.yaml.txt', import.meta.url));
});

test('a draft loads with its recording beside it', async (t) => {
  const yaml = withoutRecorded(draftScenario(auditOf(shopRows()), RECORDINGS));
  const loaded = await load(t, { yaml, files: { 'access.log': accessLog(8) } });
  assert.equal(loaded.plan.tenants?.pattern, '{tenant}.shop.example');
  assert.deepEqual(loaded.target.hosts, { '*.shop.example': '*.shop.example' });
  assert.ok(loaded.plan.routes.some(({ name }) => name === 'product'));
  assert.deepEqual(
    loaded.plan.streams.map((stream) => stream.kind === 'recording' && stream.writes),
    [[]],
  );
});

test('a draft for a target elsewhere has a ceiling, and hosts that are the target’s', async (t) => {
  const target = 'https://edge.stg.example';
  const yaml = withoutRecorded(draftScenario(auditOf(shopRows()), { ...RECORDINGS, target }));
  const loaded = await load(t, {
    yaml,
    files: { 'access.log': accessLog(8) },
    overrides: { allowHosts: ['edge.stg.example'] },
  });
  assert.deepEqual(loaded.target.hosts, { '*.shop.example': '*.edge.stg.example' });
  assert.equal(loaded.target.ceilingPerSec, 15);
});

test('a draft of several files lists them', async (t) => {
  const yaml = withoutRecorded(draftScenario(auditOf(shopRows()), { recordings: ['a.log', 'b.log'] }));
  const loaded = await load(t, { yaml, files: { 'a.log': accessLog(8), 'b.log': accessLog(9) } });
  assert.equal(loaded.plan.streams.length, 1);
});

test('what comes from a log stays inside its quotes and comments', () => {
  const hostile = fc.string({
    unit: fc.oneof(
      fc.constantFrom('\n', '"', '\\', '#', ': ', '\u001b', '\u2028', '\u0085', '{', '*', "'"),
      fc.string(),
    ),
    maxLength: 12,
  });
  fc.assert(
    fc.property(hostile, hostile, (path, text) => {
      const rows = [0, 1, 2].map((s) =>
        row(s, { path: `/${path}`, method: s === 2 ? text : 'GET', host: text }),
      );
      const audit = auditOf(rows, { dropped: { [text]: 1 }, setApart: { [text]: 2 } });
      const yaml = draftScenario(audit, { recordings: [text] });
      const { value, errors } = readYaml(yaml);
      assert.deepEqual(errors, []);
      const typed = value as { streams: { recording: string }[] };
      assert.deepEqual(
        Object.keys(typed).filter((key) => !KEYS.includes(key)),
        [],
      );
      assert.equal(typed.streams[0]?.recording, text);
      assert.doesNotMatch(yaml, /(?!\n)\p{Cc}|[\u2028\u2029]/u);
    }),
  );
});
const KEYS = ['name', 'target', 'tenants', 'seed', 'streams', 'routes', 'gates'];

test('routes get sensible names, and methods that write get routes of their own', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['GET', '/', 'home'],
    ['GET', '/products/1', 'product'],
    ['GET', '/categories/7/items/9', 'item'],
    ['GET', '/categories/7', 'category'],
    ['GET', '/products', 'products'],
    ['GET', '/7/8', 'page'],
    ['GET', '/assets/app.css', 'app'],
    ['GET', '/glass/5', 'glass'],
    ['GET', '/cart', 'cart'],
    ['POST', '/cart', 'cart-post'],
    ['POST', '/orders', 'orders'],
    ['GET', '/other', 'other-2'],
  ];
  const audit = auditOf(cases.map(([method, path], i) => row(i, { method, path })));
  const names = draftRoutes(audit).map(({ name }) => name);
  assert.deepEqual(names.toSorted(), cases.map(([, , name]) => name).toSorted());
});

test('a rare route gets no name', () => {
  const rows = Array.from({ length: 1_000 }, (_, i) =>
    row(i, { path: i < 4 ? '/rare' : i < 10 ? '/known' : '/' }),
  );
  assert.deepEqual(
    draftRoutes(auditOf(rows)).map(({ name }) => name),
    ['home', 'known'],
  );
});

for (const [peak, target] of [
  ['5x', undefined],
  ['300/s', 'http://127.0.0.1:9000'],
  ['5×', 'https://edge.stg.example'],
] as const) {
  test(`a spike to ${peak} from nothing loads`, async (t) => {
    const yaml = draftSpike({ peak, ...(target !== undefined && { target }) });
    const loaded = await load(t, { yaml, overrides: { allowHosts: ['edge.stg.example'] } });
    assert.equal(loaded.ratePeakPerSec, peak === '300/s' ? 300 : 100);
  });
}

test('init writes to standard output, or a file that is not there', async (t) => {
  const folder = await folderOf(t, { 'access.log': '' });
  const auditFiles = async () => auditOf(shopRows());
  const terminal = rememberingTerminal();
  await initCommand({ files: ['access.log'], force: false }, auditFiles, terminal);
  assert.match(terminal.texts.join(''), /recording: "access.log"/);
  const out = join(folder, 'draft.yaml');
  const options = { files: [join(folder, 'access.log')], out };
  await initCommand({ ...options, force: false }, auditFiles, terminal);
  assert.match(await readFile(out, 'utf8'), /recording: "access.log"/);
  await assert.rejects(
    initCommand({ ...options, force: false }, auditFiles, terminal),
    /is there already[\s\S]*--force/,
  );
  await initCommand({ files: [], spike: '5x', out, force: true }, auditFiles, terminal);
  assert.match(await readFile(out, 'utf8'), /peak: "5x"/);
});

test('init refuses what it cannot draft from', async () => {
  const never = () => Promise.reject(new Error('nothing is to be read'));
  const cases = [
    [{ files: [] }, /nothing to draft from/],
    [{ files: ['a.log'], spike: '5x' }, /both here/],
    [{ files: [], spike: 'much' }, /--spike: "much"/],
    [{ files: [], spike: '5x', target: 'shop' }, /--target: "shop" is not a URL/],
    [{ files: [], spike: '5x', out: '/dev/null/x' }, /cannot be written/],
  ] as const;
  for (const [options, message] of cases) {
    await assert.rejects(
      initCommand({ ...options, force: false }, never, rememberingTerminal()),
      (error: unknown) => {
        assert.ok(error instanceof UserError);
        assert.match(error.message, message);
        return true;
      },
    );
  }
});
