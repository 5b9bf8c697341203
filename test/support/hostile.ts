// Hostile texts, and what no output may hold whoever wrote to it: one corpus for every door, one check for every exit.
import assert from 'node:assert/strict';

const ESC = '\u001b';

/** Texts that terminals obey, spreadsheets run, pages render, YAML reads as structure, or eyes misread. */
export const HOSTILE: readonly string[] = [
  `${ESC}[31mred${ESC}[0m`,
  `a${ESC}[2J${ESC}[Hb`,
  `${ESC}]0;owned\u0007`,
  `${ESC}]8;;https://evil.example${ESC}\\shop${ESC}]8;;${ESC}\\`,
  `${ESC}P1$r`,
  `${ESC}]52;c;cm0gLXJm\u0007`,
  'a\u009b31mb',
  '\u009d0;owned\u009c',
  'bell\u0007\u0008\u007f\u0000',
  'held\rDID NOT HOLD',
  'shop\n HELD   everything',
  'line\u2028separated\u2029text\u0085',
  'abc\u202edef\u202c',
  '\u2066isolated\u2069\u2067',
  'zero\u200bwidth\u200d\u2060\ufeff',
  'soft\u00adhyphen\u061c\u180e',
  'tag\u{e0041}\u{e007f}',
  'lone\ud800surrogate\udc00',
  '=HYPERLINK("https://evil.example","shop")',
  "+cmd|' /C calc'!A0",
  '-2+3+cmd',
  '@SUM(1+1)*cmd',
  '\t=1+1',
  '\r=1+1',
  '＝1+1',
  ' =1+1',
  'a,b"c"',
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "'; drop table shops; --",
  '&lt;b&gt;&#x1b;',
  'a: b\n- c # d',
  '*alias &anchor !!js/function',
  '}\ntarget: http://evil.example\n#',
  '${env:HOME}',
  '{product}',
  '../../../../etc/passwd',
  '__proto__',
  '%1b%5b31m%0d%0aX-Injected: 1',
  `long${'x'.repeat(70_000)}`,
];

/** Those among them that fit on one line of a log, as bytes. */
export const ON_A_LINE: readonly string[] = HOSTILE.filter((text) => !/[\r\n]/.test(text));

const OBEYED =
  /(?![\n\t])[\p{Cc}\p{Cs}\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{10ffff}]/u;

/** Fails if a terminal would obey something in a text, or if it hides or reorders something. */
export function assertPlain(text: string, what: string): void {
  const found = OBEYED.exec(text);
  if (found === null) return;
  const around = text.slice(Math.max(0, found.index - 60), found.index + 20);
  assert.fail(`${what} holds U+${found[0].codePointAt(0)?.toString(16)} in ${JSON.stringify(around)}`);
}

/** Fails if a cell of a CSV would be run by a spreadsheet. @returns the records */
export function assertNoFormula(csv: string, what: string): string[][] {
  const records = recordsOf(csv);
  for (const record of records) {
    for (const cell of record) {
      const isNumber = /^-?\d+(\.\d+)?$/.test(cell);
      assert.ok(
        isNumber || !/^\s*[=+\-@＝＋－＠]/.test(cell),
        `${what} holds the formula ${JSON.stringify(cell)}`,
      );
    }
    assert.equal(record.length, records[0]?.length, `${what} has ${JSON.stringify(record)}`);
  }
  return records;
}

/** RFC 4180, strictly. */
function recordsOf(csv: string): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;
  while (cell.lastIndex < csv.length) {
    const at = cell.lastIndex;
    const match = cell.exec(csv);
    assert.ok(match, `no CSV at ${at}: ${JSON.stringify(csv.slice(at, at + 60))}`);
    record.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] === ',') continue;
    records.push(record);
    record = [];
  }
  return records;
}
