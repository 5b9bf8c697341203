// Hostile texts through everything that makes text of them: problems, warnings, JSON, CSV, result lines, file names.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { defaultOut } from '../../src/commands/results/result-writer.js';
import { readLine, writeLine } from '../../src/measure/result-file.js';
import { escapeJson, oneLine, safe, stripLines } from '../../src/plain-text.js';
import { formatProblem } from '../../src/problem.js';
import { csvField } from '../../src/report/csv.js';
import { jsonText } from '../../src/report/json-text.js';
import { quote } from '../../src/scenario/problems.js';
import { ESCAPES } from '../../src/schedule/template.js';
import { assertNoFormula, assertPlain, HOSTILE } from '../support/hostile.js';

/** Pieces of the corpus and any text, in any order. */
const hostile = fc
  .array(fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'binary', maxLength: 12 })), {
    maxLength: 4,
  })
  .map((parts) => parts.join(''));

test('a text for people is on one line, plain and bounded', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      for (const shown of [safe(text), oneLine(text)]) {
        assertPlain(shown, 'the text');
        assert.ok(!/[\n\t]/.test(shown) && shown.length <= 2_001);
      }
      assert.equal(oneLine(oneLine(text)), oneLine(text));
    }),
  );
});

test('lines keep their breaks and tabs, and nothing else that is no character', () => {
  fc.assert(fc.property(hostile, (text) => assertPlain(stripLines(text), 'the lines')));
  assert.equal(stripLines('a\tb\n  c\u001b[31md\n'), 'a\tb\n  cd\n');
});

test('a problem is a line and a hint, whatever it quotes', () => {
  fc.assert(
    fc.property(hostile, hostile, hostile, hostile, (place, path, message, hint) => {
      const shown = formatProblem({ place: `p${place}`, path, message: `m${message}`, hint });
      assertPlain(shown, 'the problem');
      assert.equal(shown.split('\n').length, 2);
    }),
  );
});

test('a quoted text stays one quoted text', () => {
  fc.assert(fc.property(hostile, (text) => assertPlain(quote(text), 'the quoted text')));
});

test('JSON is plain, and says the same', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const json = jsonText({ [text]: [text] });
      assertPlain(json, 'the JSON');
      assert.deepEqual(JSON.parse(json), { [text]: [text] });
      assert.equal(JSON.parse(escapeJson(JSON.stringify(text))), text);
    }),
  );
});

test('a field of a CSV is one field, and no formula', () => {
  fc.assert(
    fc.property(fc.array(hostile, { minLength: 1, maxLength: 5 }), (texts) => {
      const csv = `${texts.map(csvField).join(',')}\n`;
      assertPlain(csv, 'the CSV');
      const [record] = assertNoFormula(csv, 'the CSV');
      assert.equal(record?.length, texts.length);
    }),
  );
  for (const plain of ['/products/1?a=b', 'GET', 'hot-shop', '']) assert.equal(csvField(plain), plain);
  assert.equal(csvField('a,"b"'), '"a,""b"""');
  assert.equal(csvField('=1+1'), "'=1+1");
});

test('a result line is plain, and is read as it was written', () => {
  fc.assert(
    fc.property(hostile, (reason) => {
      const line = writeLine({
        kind: 'end',
        end: { shard: { i: 0, n: 1 }, reason: reason as 'completed', closedS: 1, wallUs: 1 },
      });
      assertPlain(line, 'the line');
      assert.ok(!line.includes('\n'));
      const read = readLine(line);
      assert.equal(read.kind === 'end' && read.end.reason, reason);
    }),
  );
});

test('a result file lies in the folder out, whatever the scenario is called', () => {
  const now = new Date('2026-11-27T09:00:00Z');
  fc.assert(
    fc.property(hostile, (name) =>
      assert.match(defaultOut(name, now), /^out\/[a-z0-9-]{1,60}-20261127-090000\.ndjson$/),
    ),
  );
});

test('a value from an answer becomes part of a path, a form, a header or JSON, and stays one value', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      assert.match(ESCAPES.path(text), /^[\w.!~*'()%-]*$/);
      assert.match(ESCAPES.form(text), /^[\w.!~*'()%+-]*$/);
      assert.doesNotMatch(ESCAPES.header(text), /(?!\t)\p{Cc}(?<![\u0080-\u009f])/u);
      assert.equal(JSON.parse(`"${ESCAPES.json(text)}"`), text);
    }),
  );
});
