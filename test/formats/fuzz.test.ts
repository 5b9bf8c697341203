// Hostile lines through every format that reads lines: never a throw, never a row that could not be sent.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { LineParser } from '../../src/recording/formats/format.js';
import { FORMATS } from '../../src/recording/formats/index.js';
import { Clients } from '../../src/recording/read/clients.js';
import { LINE_BYTES_MAX } from '../../src/recording/read/lines.js';
import type { Row } from '../../src/recording/row.js';
import { SAMPLES } from './samples.js';
import { detect } from './support.js';

const EARLIEST_US = Date.UTC(1971, 0, 1) * 1e3;
const LATEST_US = Date.UTC(2100, 0, 1) * 1e3;
/** Longest reason: reasons are counted by, so a part of a line must never be one. */
const REASON_CHARS_MAX = 80;

/** Pieces that parsers look for, and bytes that have no place in a log. */
const HOSTILE = [
  ...'"\\[]{}()<>:;,|/#?=%+-&\' \t\0\r\x7f',
  ...['\\"', '\\\\', '""', '" "', '] "', ' [', '\\x', '\\x22', '\\u0000', '%2520', '::', '..', '=>'],
  ...[
    '[24/Nov/2025:17:26:01 +0000]',
    '24/Nov/2025:17:26:01.000',
    '2025-11-24T17:26:01.000Z',
    '1764005161.000',
  ],
  ...[
    'HTTP/1.1',
    'GET /',
    'GET http://h/',
    '- - -',
    '200',
    '-1',
    '99999999999999999999',
    '1e9',
    'NaN',
    'null',
  ],
  ...['#Fields: date time', '#fields\tts', '\xff\xfe', '\xc3\xa9', '\ud83d\ude80', 'a'.repeat(70)],
];

interface Subject {
  readonly id: string;
  readonly lines: readonly string[];
  /** A parser that has read the sample, headers included. */
  open(): LineParser;
}

const subjects: Subject[] = FORMATS.flatMap(({ id }, i) => {
  const text = SAMPLES[id] ?? '';
  const reading = detect(FORMATS[i]!, text);
  if (reading?.kind !== 'lines') return [];
  const lines = text.split('\n').filter((line) => line !== '');
  const open = () => {
    const parser = reading.open(new Clients('fuzz', 256));
    for (const line of lines) parseText(parser, line);
    return parser;
  };
  return [{ id, lines, open }];
});

function parseText(parser: LineParser, line: string): Row | string {
  return parseBytes(parser, Buffer.from(line, 'utf8'));
}

/** Parses a line that stands between others, as in a file: what is around it must not matter. */
function parseBytes(parser: LineParser, line: Buffer): Row | string {
  const before = Buffer.from('GET / "x" [24/Nov/2025:17:26:01 +0000]\n');
  const block = Buffer.concat([before, line, Buffer.from('\n" 200 12 "-"\n')]);
  return parser.parse(block, before.length, before.length + line.length);
}

function check(found: Row | string): void {
  if (typeof found === 'string') {
    assert.ok(found.length > 0 && found.length <= REASON_CHARS_MAX, `a reason of ${found.length} characters`);
    assert.match(found, /^[\x20-\x7e]+$/);
    return;
  }
  const { startUs, durationUs, method, path, host, status, bytes, client } = found;
  assert.ok(startUs >= EARLIEST_US - 3600e6 && startUs < LATEST_US, `starts at ${startUs}`);
  assert.ok(Number.isSafeInteger(startUs), `starts at ${startUs}`);
  assert.ok(durationUs === undefined || (Number.isInteger(durationUs) && durationUs >= 0), `${durationUs}`);
  assert.match(method, /^[A-Z][A-Z_-]*$/);
  assert.match(path, /^\/[\x21-\x7e]*$/);
  if (host !== undefined) assert.match(host, /^[a-z0-9.:%_[\]-]{1,261}$/);
  assert.ok(status === undefined || (status >= 100 && status < 600), `status ${status}`);
  assert.ok(bytes === undefined || (Number.isSafeInteger(bytes) && bytes >= 0), `${bytes} bytes`);
  assert.match(client, /^[0-9a-f]{16}$/);
}

/** A line with some of its characters flipped, cut out, repeated, or replaced by something hostile. */
function mutated(lines: readonly string[]): fc.Arbitrary<string> {
  const edit = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    cut: fc.nat(12),
    put: fc.oneof(fc.constantFrom(...HOSTILE, ''), fc.string({ unit: 'binary', maxLength: 3 })),
    times: fc.constantFrom(1, 1, 1, 2, 50),
  });
  return fc
    .tuple(fc.constantFrom(...lines), fc.array(edit, { minLength: 1, maxLength: 6 }))
    .map(([line, edits]) =>
      edits.reduce((text, { at, cut, put, times }) => {
        const from = Math.floor(at * text.length);
        return text.slice(0, from) + put.repeat(times) + text.slice(from + cut);
      }, line),
    );
}

for (const { id, lines, open } of subjects) {
  describe(`lines in ${id}`, () => {
    it('give rows or reasons for any bytes', () => {
      const parser = open();
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) =>
          check(parseBytes(parser, Buffer.from(bytes))),
        ),
        { numRuns: 300 },
      );
    });

    it('give rows or reasons when they are damaged', () => {
      const property = fc.property(fc.array(mutated(lines), { minLength: 1, maxLength: 4 }), (damaged) => {
        const parser = open();
        for (const line of damaged) check(parseText(parser, line));
        // What headers came before must not matter to the safety of what comes after.
        for (const line of lines) check(parseText(parser, line));
      });
      fc.assert(property, { numRuns: 500 });
    });

    it('give rows or reasons when they are cut off anywhere', () => {
      for (const line of lines) {
        for (let length = 1; length <= line.length; length++) check(parseText(open(), line.slice(0, length)));
      }
    });

    it('do not depend on where they stand in a block', () => {
      for (const line of lines) {
        const bytes = Buffer.from(line, 'utf8');
        assert.deepEqual(parseBytes(open(), bytes), open().parse(bytes, 0, bytes.length));
      }
    });

    it('of 64 KiB are read in time that grows with their length, not its square', () => {
      // 5 ms are usual and 32 KiB squared would be many seconds: a bound that no slow machine reaches.
      const boundMs = 2_000;
      for (const piece of HOSTILE) {
        for (const line of lines) {
          for (const at of [0, Math.floor(line.length / 2), line.length]) {
            const filler = piece.repeat(Math.ceil((LINE_BYTES_MAX - line.length) / piece.length));
            const long = Buffer.from(line.slice(0, at) + filler + line.slice(at), 'latin1');
            const parser = open();
            const startMs = performance.now();
            check(parser.parse(long, 0, Math.min(long.length, LINE_BYTES_MAX)));
            const tookMs = performance.now() - startMs;
            assert.ok(tookMs < boundMs, `${tookMs.toFixed(0)} ms for ${JSON.stringify(piece)} at ${at}`);
          }
        }
      }
    });
  });
}
