// What shippers put around lines: found, taken off, and their time stamps never used.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type FormatOptions, UNREAD } from '../../src/recording/formats/format.js';
import { type Detected, detectFormat, formatsNamed, sampleOf } from '../../src/recording/formats/index.js';
import { ncsa } from '../../src/recording/formats/ncsa.js';
import { Clients } from '../../src/recording/read/clients.js';
import { Zone } from '../../src/recording/read/zone.js';
import type { Row } from '../../src/recording/row.js';

const AT_US = Date.UTC(2025, 10, 24, 17, 26, 1, 250) * 1000;
const JSON_LINE =
  '{"start_time":"2025-11-24T17:26:01.250Z","method":"GET","path":"/p?q=\\"a\\"","response_code":200}';
const CLF = '192.0.2.7 - - [24/Nov/2025:17:26:01 +0000] "GET /p?a=\\x22 HTTP/1.1" 200 512 "-" "a \\"b\\""';

const options = (): FormatOptions => ({ zone: Zone.UTC, fields: null });

function detected(text: string): Detected {
  const bytes = Buffer.from(text);
  return detectFormat('access.log', sampleOf(bytes, bytes.length), options());
}

function readAll(text: string): { id: string; rows: (Row | string)[]; model: string } {
  const { format, reading } = detected(text);
  assert.ok(reading.kind === 'lines');
  const parser = reading.open(new Clients('test', 256));
  const rows = text.split('\n').map((line) => {
    const bytes = Buffer.from(line);
    return parser.parse(bytes, 0, bytes.length);
  });
  return { id: format.id, rows, model: parser.stampModel() };
}

describe('JSON lines inside', () => {
  const cases: readonly [string, string][] = [
    ['docker compose', `edge-1  | ${JSON_LINE}`],
    ['docker compose in colour', `\x1b[36medge-1  |\x1b[0m ${JSON_LINE}`],
    ['CRI', `2025-11-24T18:00:00.493035218+01:00 stdout F ${JSON_LINE}`],
    ['time stamps of docker logs', `2025-11-24T18:00:00.493035218Z ${JSON_LINE}`],
    ['kubectl', `[pod/edge-7f9/nginx] ${JSON_LINE}`],
    ['RFC 3164', `<190>Nov 24 18:00:00 edge1 nginx[2869]: ${JSON_LINE}`],
    ['RFC 5424', `<190>1 2025-11-24T18:00:00.003Z edge1 nginx 2869 ID47 [x@1 k="v"] ${JSON_LINE}`],
    ['rsyslog', `2025-11-24T18:00:00.613304+00:00 192.0.2.9  ${JSON_LINE}`],
    ['rsyslog with a tag', `2025-11-24T18:00:00.613304+00:00 edge1 nginx[12]: ${JSON_LINE}`],
    [
      'docker json-file',
      JSON.stringify({ log: `${JSON_LINE}\n`, stream: 'stdout', time: '2025-11-24T18:00:00Z' }),
    ],
    ['a JSON envelope', JSON.stringify({ '@timestamp': '2025-11-24T18:00:00Z', message: JSON_LINE })],
    ['quotes', JSON.stringify(JSON_LINE)],
    ['doubled quotes', `"${JSON_LINE.replaceAll('\\"', '').replaceAll('"', '""')}"`],
    ['two of them', `Nov 24 18:00:00 host docker[1]: edge-1  | ${JSON_LINE}`],
  ];
  for (const [name, line] of cases) {
    it(`are read out of ${name}`, () => {
      const { id, rows, model } = readAll([line, line, line].join('\n'));
      assert.equal(id, 'json');
      const [row] = rows;
      assert.ok(typeof row === 'object', String(row));
      assert.deepEqual([row.startUs, row.status], [AT_US, 200]);
      assert.match(row.path, /^\/p\?q=/);
      assert.match(model, /\(inside /);
    });
  }
});

describe('combined lines', () => {
  it('are read out of an envelope', () => {
    const line = JSON.stringify({ timestamp: '2025-11-24T18:00:00Z', level: 'INFO', message: CLF });
    const { id, rows } = readAll(`${line}\n${line}`);
    assert.equal(id, 'combined');
    assert.ok(typeof rows[0] === 'object');
    assert.deepEqual([rows[0].startUs, rows[0].path], [AT_US - 250_000, '/p?a="']);
  });

  it('are left to their own format where that copes with the prefix', () => {
    const { model } = readAll([`web_1  | ${CLF}`, `web_1  | ${CLF}`].join('\n'));
    assert.doesNotMatch(model, /inside/);
  });
});

it('counts lines without the wrapping, and wrapped lines that are no request', () => {
  const line = `edge-1  | ${JSON_LINE}`;
  const { rows } = readAll(
    [line, line, line, 'Attaching to edge-1', 'edge-1  | ready', 'edge-1  | '].join('\n'),
  );
  assert.deepEqual(rows.slice(3), [UNREAD.notFormat, UNREAD.notJson, UNREAD.blank]);
});

it('still says that no format fits what is none, wrapped or not', () => {
  for (const text of [
    'hello',
    'web  | hello',
    '{"message":"hello"}',
    '"',
    '{}',
    '{"log":"{\\"log\\":\\"x\\"}"}',
  ]) {
    assert.throws(() => detected(text), /no known log format fits/);
  }
});

describe('the format that a user names', () => {
  it('is one by its id, whatever its case', () => {
    assert.deepEqual(formatsNamed('Combined'), [ncsa]);
  });

  it('is one made of a log_format', () => {
    const found = formatsNamed('$msec "$request"');
    assert.ok(typeof found === 'object');
    assert.equal(found[0]?.id, 'log-format');
  });

  it('is refused with a suggestion', () => {
    const suggested = formatsNamed('combind');
    assert.match(String(suggested), /did you mean combined\?/);
    assert.match(String(formatsNamed('xyzzy')), /one of har, .*combined, .*csv/);
    assert.match(String(formatsNamed('$msec')), /no request/);
  });
});
