// What is said of a file that no format fits, and that a file of one or two lines is enough for one that does.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Problem, UserError } from '../../src/problem.js';
import { detectFormat, FORMATS, formatsNamed, sampleOf } from '../../src/recording/formats/index.js';
import { Zone } from '../../src/recording/read/zone.js';
import { SAMPLES } from './samples.js';

function detect(text: string, formats = FORMATS): string {
  const bytes = Buffer.from(text, 'utf8');
  const options = { zone: Zone.UTC, fields: null };
  return detectFormat('a.log', sampleOf(bytes, bytes.length), options, formats).format.id;
}

function problemOf(text: string, formats = FORMATS): Problem {
  try {
    detect(text, formats);
  } catch (error) {
    assert.ok(error instanceof UserError);
    const [problem, ...more] = error.problems;
    assert.ok(problem !== undefined && more.length === 0);
    return problem;
  }
  return assert.fail('a format fits');
}

describe('a file that no format fits', () => {
  const others: [name: string, text: string][] = [
    ['an error log', '2025/11/24 17:26:01 [error] 7#7: *9 open() failed, client: 192.0.2.7, server: _\n'],
    ['an application log', '24-Nov-2025 17:26:01.459 INFO [main] org.example.Server.start Ready\n'],
    ['a mail log', 'Nov 24 17:26:01 mx1 postfix/smtpd[7]: connect from unknown[192.0.2.7]\n'],
    ['an event in XML', '<Event xmlns="http://schemas.example/event"><System/></Event>\n'],
    ['a binary file', '\u0000\u0001\u0002\u001b[2Jx'],
  ];
  for (const [name, text] of others) {
    it(`is shown by its first line, with a short hint: ${name}`, () => {
      const { place, message, hint = '' } = problemOf(text);
      assert.equal(place, 'a.log:1');
      assert.match(message, /^no known log format fits; the first line is "[\x20-\x7e]+"$/);
      assert.match(hint, /describe it: --format.* Formats: har, .*, csv; see flashcrowd import --help\.$/);
      assert.ok(hint.length < 400, `${hint.length} characters`);
    });
  }

  it('of JSON is told how to name the fields', () => {
    assert.match(problemOf('{"level":"info","msg":"ready"}\n').hint ?? '', /--field time=NAME/);
    assert.match(problemOf('{\n  "a": []\n}\n').hint ?? '', /--field time=NAME/);
  });

  const tables: [name: string, text: string][] = [
    ['by offset', 'offset_s,requests\n0,12\n60,15\n'],
    ['by day and time', 'timestamp,value\n2025-11-24 17:26:00,94.0\n2025-11-24 17:31:00,\n'],
    ['by instant, several of them', 'time;web;api\n2025-11-24T17:26:00Z;1.5;2e3\n'],
    ['in tabs', 'period\tcount\r\n1764005160\t7\r\n'],
  ];
  for (const [name, text] of tables) {
    it(`of numbers over time is told to be a curve: ${name}`, () => {
      const { message, hint } = problemOf(text);
      assert.match(message, /^a table of numbers over time holds no requests; the first line is "/);
      assert.match(hint ?? '', /curve: FILE/);
    });
  }

  it('is no table where a cell is a text, or cells are missing', () => {
    for (const text of ['time,who\n0,ann\n', 'time,requests\n0\n', 'time,requests\n', '1,2\n3,4\n']) {
      assert.match(problemOf(text).message, /^no known log format fits/);
    }
  });

  it('is told what the format that was asked for looks like', () => {
    const named = formatsNamed('alb');
    assert.ok(typeof named !== 'string');
    const { message, hint } = problemOf('nothing of the kind\n', named);
    assert.match(message, /^the format alb does not fit; the first line is "nothing of the kind"$/);
    assert.match(hint ?? '', /^Expected lines such as: https .*AWS ALB/);
  });
});

describe('a tiny file', () => {
  /** The fewest lines that tell each format: a header, or records of several lines, beside one request. */
  const least: Readonly<Record<string, number>> = { cloudfront: 3, w3c: 5, zeek: 8, csv: 2, gor: 9 };
  for (const { id } of FORMATS) {
    it(`of one request is in ${id}`, () => {
      const text = (SAMPLES[id] ?? '').split(/(?<=\n)/).slice(0, least[id] ?? 1);
      assert.equal(detect(text.join('')), id);
      assert.equal(detect(text.join('').trimEnd()), id);
    });
  }

  it('of one common line, without referrer and agent, is an access log', () => {
    const request = '192.0.2.7 - - [24/Nov/2025:17:26:01 +0000] "GET /p/1 HTTP/1.1" 200 512';
    assert.equal(detect(request), 'combined');
  });
});
