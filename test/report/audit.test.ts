import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import type { Audit, ReadFacts } from '../../src/recording/audit/audit.js';
import { auditJson, auditText } from '../../src/report/audit.js';
import { columnsOf } from '../../src/report/escape.js';
import { type ColourLevel, paintFor } from '../../src/report/paint.js';
import { auditOf, row, shopRows } from '../recording/audit-support.js';
import { matchesGolden } from '../support/golden.js';

const READ: Partial<ReadFacts> = {
  lines: 2_890,
  parsed: 2_882,
  dropped: { 'not a line of this format': 6, 'no request (connection closed before one)': 2 },
  setApart: { 'websocket (status 101)': 2 },
  examples: [{ file: 'shop.log', line: 17, reason: 'not a line of this format' }],
  clockJumps: [{ file: 'shop.log', line: 99, seconds: -3_600 }],
  redacted: { 'query values': 12 },
};
const NO_DURATIONS = shopRows().map((one) => ({
  ...one,
  durationUs: undefined,
  status: undefined,
  host: undefined,
}));
const audits: [name: string, audit: Audit][] = [
  ['audit', auditOf(shopRows(), READ)],
  ['audit-bare', auditOf(NO_DURATIONS, { stamps: ['end'], resolutionUs: 1e6 })],
];

for (const [name, audit] of audits) {
  for (const width of [80, 100]) {
    test(`golden: ${name} in ${width} columns`, () => {
      matchesGolden(
        auditText(audit, width, paintFor(0)),
        new URL(`golden/${name}-${width}.txt`, import.meta.url),
      );
    });
  }
}

test('golden: the audit as JSON', () => {
  const json = auditJson(auditOf(shopRows().slice(0, 40), READ));
  matchesGolden(json, new URL('golden/audit.json.txt', import.meta.url));
});

test('no line of an audit is wider than the terminal, painted or not', () => {
  for (const [, audit] of [...audits, ['none', auditOf([])] as const]) {
    for (let width = 60; width <= 210; width += 7) {
      for (const level of [0, 3] as const) {
        const text = auditText(audit, width, paintFor(level));
        for (const line of stripVTControlCharacters(text).split('\n')) {
          assert.ok(columnsOf(line) <= Math.min(200, width), `${width}: ${line}`);
        }
      }
    }
  }
});

test('what a log holds cannot write to the terminal', () => {
  const hostile = fc.string({
    unit: fc.oneof(
      fc.constantFrom('\u001b[2J', '\u001b]0;x\u0007', '\u009b', '\n', '\u202e', '\u007f'),
      fc.string(),
    ),
    maxLength: 8,
  });
  fc.assert(
    fc.property(hostile, fc.constantFrom<ColourLevel>(0, 3), (name, level) => {
      const changes: Partial<ReadFacts> = {
        formats: [name],
        stampModels: [name],
        dropped: { [`${name}!`]: 1 },
        setApart: { [`${name}!`]: 1 },
        redacted: { [`${name}!`]: 1 },
        examples: [{ file: name, line: 1, reason: name }],
        clockJumps: [{ file: name, line: 1, seconds: 5 }],
        files: [1, 2].map(() => ({ file: name, digest: null, lines: 1, rows: 1, format: name, cut: name })),
      };
      const rows = [0, 1].map((s) => row(s, { path: `/${name}`, method: name, host: name, client: name }));
      const audit = auditOf(rows, changes);
      const text = auditText(audit, 100, paintFor(level));
      assert.doesNotMatch(stripVTControlCharacters(text), /(?!\n)\p{Cc}|[\u202a-\u202e]/u);
      assert.doesNotMatch(auditJson(audit), /(?!\n)\p{Cc}|[\u202a-\u202e]/u);
    }),
  );
});
