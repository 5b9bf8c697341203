// Zeek's http.log: columns by name, a separator that the header declares, and its escapes.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UNREAD } from '../../src/recording/formats/format.js';
import { zeek } from '../../src/recording/formats/zeek.js';
import { detect, read } from './support.js';

const NAMES = 'ts uid id.orig_h id.orig_p method host uri user_agent response_body_len status_code'.split(
  ' ',
);

function log(rows: readonly string[][], separator = '\t', names: readonly string[] = NAMES): string {
  const hex = separator.charCodeAt(0).toString(16).padStart(2, '0');
  const lines = [['#path', 'http'], ['#fields', ...names], ...rows, ['#close', '2025-11-24-18-00-00']];
  return `#separator \\x${hex}\n${lines.map((line) => `${line.join(separator)}\n`).join('')}`;
}

function rowOf(uri: string, method = 'GET', ts = '1764005161.452687'): string[] {
  const agent = 'Mozilla/5.0 (X11) Firefox/140.0';
  return [ts, 'Cw1', '192.0.2.7', '52026', method, 'shop.example', uri, agent, '512', '200'];
}

describe('a log of Zeek', () => {
  it('gives all its fields; the stamp is the start, to the microsecond', async () => {
    const { rows, reading, unread } = await read(zeek, log([rowOf('/p/1?q=#a')]));
    const { client: _, ...row } = rows[0]!;
    assert.deepEqual(row, {
      startUs: 1_764_005_161_452_687,
      durationUs: undefined,
      method: 'GET',
      host: 'shop.example',
      path: '/p/1?q=#a',
      status: 200,
      bytes: 512,
      clientClass: 'person',
      headers: undefined,
      body: undefined,
    });
    assert.deepEqual([reading.stamp, reading.resolutionUs, reading.score], ['start', 1, 1]);
    assert.deepEqual(unread, { [UNREAD.directive]: 4 });
  });

  it('may have another separator and other columns', async () => {
    const names = ['uri', 'method', 'id.orig_h', 'ts'];
    const { rows } = await read(zeek, log([['/a', 'PUT', '192.0.2.7', '1764005161.000000']], '|', names));
    assert.deepEqual([rows[0]?.method, rows[0]?.path], ['PUT', '/a']);
  });

  it('writes other bytes as \\xHH', async () => {
    assert.equal((await read(zeek, log([rowOf('/caf\\xc3\\xa9')]))).rows[0]?.path, '/caf%C3%A9');
  });

  it('has connections without a request in it', async () => {
    const { unread } = await read(zeek, log([rowOf('/'), rowOf('-', '-'), rowOf('/', 'GET', '-')]));
    assert.deepEqual(unread, { [UNREAD.directive]: 4, [UNREAD.noRequest]: 1, [UNREAD.noStamp]: 1 });
  });

  it('of connections, DNS or anything else is not taken for it', () => {
    assert.equal(detect(zeek, log([['1764005161.0', 'a']], '\t', ['ts', 'query'])), null);
  });
});
