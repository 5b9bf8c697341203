// Hostile scenarios and files beside them: huge, binary, endless, or full of the same mistake; refused in words.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { UserError } from '../../src/problem.js';
import { loadScenario } from '../../src/scenario/load.js';
import { readYaml } from '../../src/scenario/yaml.js';
import { assertPlain, HOSTILE } from '../support/hostile.js';
import { folderOf } from './support.js';

const GOOD = 'target: http://127.0.0.1:8080\nstreams:\n  - stages: [{ rate: 5, for: 1s }]\n';
const many = (n: number, line: (i: number) => string) =>
  Array.from({ length: n }, (_, i) => line(i)).join('\n');

/** What a scenario of these bytes comes to: `loaded`, or the refusal. */
async function outcomeOf(folder: string, bytes: string | Uint8Array): Promise<string> {
  const file = join(folder, 'scenario.yaml');
  await writeFile(file, bytes);
  try {
    await loadScenario(file, {}, {});
    return 'loaded';
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    assertPlain(error.message, 'the refusal');
    return error.message;
  }
}

const table: readonly (readonly [what: string, bytes: string | Uint8Array, outcome: RegExp])[] = [
  ['with a byte order mark and CRLF', `\ufeff${GOOD}`.replaceAll('\n', '\r\n'), /^loaded$/],
  ['in UTF-16', Buffer.from(`\ufeff${GOOD}`, 'utf16le'), /is not UTF-8 text|is not YAML/],
  [
    'of any bytes',
    Buffer.from(Array.from({ length: 4_096 }, (_, i) => (i * 7_919) % 256)),
    /is not UTF-8 text/,
  ],
  ['of NULs', '\0'.repeat(1_000), /scenario\.yaml/],
  ['with a NUL in a name', `${GOOD}name: "a\0b"\n`, /^loaded$|is not YAML/],
  [
    'of 6,000 unknown keys',
    GOOD + many(6_000, (i) => `k${i}: 1`),
    /unknown key "k0"[\s\S]*\d{4,} more problems/,
  ],
  ['of 6,000 times one key', GOOD + many(6_000, () => 'k: 1'), /this key is here twice/],
  ['of 6,000 wrong streams', GOOD + many(6_000, () => '  - {x: 1}'), /unknown key "x"[\s\S]*more problems/],
  ['of 20,000 aliases', `a: &a 1\nb: [${'*a,'.repeat(20_000)}]\n`, /aliases .* expand too far/],
  ['of 8,000 anchors', many(8_000, (i) => `- &a${i} x`), /expected a mapping/],
  ['of 6,000 wrong gates', `${GOOD}gates:\n${many(6_000, () => '  - p99 < x')}`, /is not a duration/],
];

for (const [what, bytes, outcome] of table) {
  test(`a scenario ${what}`, async (t) => {
    const message = await outcomeOf(await folderOf(t, {}), bytes);
    assert.match(message, outcome);
    assert.ok(message.split('\n').length <= 250 && message.length < 100_000, 'it is bounded');
  });
}

test('keys that are here twice and aliases to nothing are found where they stand', () => {
  const { errors } = readYaml('a: &x 1\nb: *x\nc: *y\na: 2\nd: { e: 1, e: 2 }\n');
  assert.deepEqual(errors.map(({ line, column, message }) => [line, column, message]).sort(), [
    [3, 4, 'no anchor &y stands before this alias'],
    [4, 1, 'this key is here twice'],
    [5, 12, 'this key is here twice'],
  ]);
});

const stream = (more: string) => `target: http://127.0.0.1:8080\nwrites: [login]\nstreams:\n  - ${more}\n`;
const DOORS: Readonly<Record<string, (file: string) => string>> = {
  curve: (file) => stream(`curve: ${file}`),
  recording: (file) => stream(`recording: ${file}`),
  data: (file) => `${GOOD}data: { product: { csv: ${file} } }\n`,
  users: (file) =>
    stream(
      `stages: [{ rate: 5, for: 1s }]\n    login: { users: ${file}, share: 50%, steps: [{ post: /login, form: { e: "{user.e}" } }] }`,
    ),
  hooks: (file) => `${GOOD}hooks: ${file}\n`,
};

for (const [door, yaml] of Object.entries(DOORS)) {
  test(`a device as ${door} is refused, not read for ever`, async (t) => {
    const message = await outcomeOf(await folderOf(t, {}), yaml('/dev/zero'));
    assert.match(message, /is a device; expected a file/);
  });

  test(`hostile texts in the file of ${door} are refused or taken, and shown plain`, async (t) => {
    const extension = door === 'hooks' ? 'txt' : 'csv';
    const folder = await folderOf(t, { [`f.${extension}`]: `time,requests\n${HOSTILE.join('\n')}\n` });
    await outcomeOf(folder, yaml(`f.${extension}`));
  });
}

test('hostile texts for any value of a scenario are refused or taken, and shown plain', async (t) => {
  const folder = await folderOf(t, {});
  const places: readonly ((text: string) => unknown)[] = [
    (name) => ({ name }),
    (label) => ({ label }),
    (url) => ({ target: url }),
    (seed) => ({ seed }),
    (key) => ({ [key]: key }),
    (gate) => ({ gates: [gate, `p99[route=${gate}] < 1s`] }),
    (write) => ({ writes: [write] }),
    (text) => ({ headers: { [text]: text } }),
    (text) => ({ routes: { [text]: { path: text } } }),
    (text) => ({ data: { [text]: { csv: text } } }),
    (text) => ({ tenants: { host: text } }),
    (text) => ({ hooks: text }),
    (text) => ({ streams: [{ name: text, stages: [{ rate: text, for: text }] }] }),
    (text) => ({ streams: [{ stages: [{ rate: 1, for: '1s' }], requests: [{ route: text, get: text }] }] }),
    (text) => ({ streams: [{ recording: text, where: { client: text } }] }),
  ];
  const base = { target: 'http://127.0.0.1:8080', streams: [{ stages: [{ rate: 1, for: '1s' }] }] };
  for (const place of places) {
    for (const text of HOSTILE) {
      const message = await outcomeOf(folder, JSON.stringify({ ...base, ...(place(text) as object) }));
      assert.ok(message.length < 20_000, `${message.length} characters`);
    }
  }
});
