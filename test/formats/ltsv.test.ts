// LTSV logs: labels in any order, durations that show who wrote them, and the user's own names.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type FieldMap, parseField } from '../../src/recording/fields/field-map.js';
import { UNREAD } from '../../src/recording/formats/format.js';
import { ltsv } from '../../src/recording/formats/ltsv.js';
import { Zone } from '../../src/recording/read/zone.js';
import { detect, read } from './support.js';

const AT_US = Date.UTC(2025, 10, 24, 17, 26, 1) * 1e3;
const TIME = 'time:[24/Nov/2025:17:26:01 +0000]';

function line(...cells: readonly string[]): string {
  return `${cells.join('\t')}\n`;
}

function fieldsOf(...texts: readonly string[]): FieldMap {
  return Object.fromEntries(texts.map((text) => parseField(text)!).map(({ of, field }) => [of, field]));
}

describe('a line of LTSV', () => {
  it('gives all its fields; host is the client and vhost the server', async () => {
    const { rows } = await read(
      ltsv,
      line(
        ...[TIME, 'host:192.0.2.7', 'req:GET /p/1?a=b HTTP/1.1', 'status:200', 'size:512', 'referer:-'],
        ...['ua:Mozilla/5.0 (X11) Firefox/140.0', 'vhost:shop.example', 'reqtime:0.012'],
      ),
    );
    const { client: _, ...row } = rows[0]!;
    assert.deepEqual(row, {
      startUs: AT_US,
      durationUs: 12_000,
      method: 'GET',
      host: 'shop.example',
      path: '/p/1?a=b',
      status: 200,
      bytes: 512,
      clientClass: 'person',
      headers: undefined,
      body: undefined,
    });
  });

  it('may name method, path and query apart, in any order', async () => {
    const { rows } = await read(
      ltsv,
      line('query:a=b', 'uri:/p', 'method:PUT', 'time:2025-11-24T17:26:01+01:00') +
        line('uri:/p?c', 'query:a=b', 'method:GET', 'time:1764005161'),
    );
    assert.deepEqual(
      rows.map(({ method, path, startUs }) => [method, path, startUs]),
      [
        ['PUT', '/p?a=b', AT_US - 3600e6],
        ['GET', '/p?c', AT_US],
      ],
    );
  });

  it('has an escaped request as it came', async () => {
    const { rows } = await read(
      ltsv,
      line(TIME, 'req:GET /a\\x22b HTTP/1.1') + line(TIME, 'method:GET', 'uri:/\\xC3'),
    );
    assert.deepEqual(
      rows.map(({ path }) => path),
      ['/a"b', '/%C3'],
    );
  });

  it('keeps what it has when a cell has lost its label', async () => {
    const { rows } = await read(
      ltsv,
      line('192.0.2.7', 'remote_user:ann', TIME, 'req:GET / HTTP/1.1', 'status:200'),
    );
    assert.equal(rows[0]?.status, 200);
  });

  it('shows by its durations whether the stamp is the start or the end', async () => {
    const cases = [
      ['reqtime:0.012', 'end', 12_000],
      ['request_time:2.000', 'end', 2e6],
      ['reqtime_microsec:12345', 'start', 12_345],
      ['reqtime:2', 'unknown', 2e6],
      ['reqtime:-', 'unknown', undefined],
    ] as const;
    for (const [cell, stamp, durationUs] of cases) {
      const { reading, rows } = await read(ltsv, line(TIME, 'req:GET / HTTP/1.1', cell));
      assert.deepEqual([reading.stamp, rows[0]?.durationUs], [stamp, durationUs], cell);
    }
  });

  it('has stamps as fine as the finest of the sample', () => {
    const at = (time: string) => line(`time:${time}`, 'req:GET / HTTP/1.1');
    assert.equal(detect(ltsv, at('2025-11-24T17:26:01Z'))?.resolutionUs, 1e6);
    assert.equal(detect(ltsv, at('2025-11-24T17:26:01Z') + at('1764005161.123'))?.resolutionUs, 1e3);
  });

  it('is read by the names that the user gives, in their units, in the zone that the user gives', async () => {
    const fields = fieldsOf('time=when', 'duration=elapsed@ms', 'path=target', 'method=verb', 'host=site');
    const text = line('when:2025-11-24 17:26:01', 'elapsed:7', 'target:/p', 'verb:GET', 'site:shop.example');
    const { rows, stampModel } = await read(ltsv, text, { fields, zone: Zone.parse('+0100')! });
    const { startUs, durationUs, path, host } = rows[0]!;
    assert.deepEqual([startUs, durationUs, path, host], [AT_US - 3600e6, 7_000, '/p', 'shop.example']);
    assert.match(stampModel, /\+0100/);
    assert.equal(detect(ltsv, text), null, 'the names are not known without the user');
  });

  it('takes a label for what the user says, whatever it is otherwise', async () => {
    const { rows } = await read(ltsv, line(TIME, 'req:GET / HTTP/1.1', 'host:shop.example'), {
      fields: fieldsOf('host=host'),
    });
    assert.equal(rows[0]?.host, 'shop.example');
  });

  const whole = line(TIME, 'req:GET / HTTP/1.1');
  for (const [what, text, reason] of [
    ['no time', line('req:GET / HTTP/1.1', 'status:200'), UNREAD.noStamp],
    ['a time that is none', line('time:yesterday', 'req:GET / HTTP/1.1'), UNREAD.noStamp],
    ['no request', line(TIME, 'status:200'), UNREAD.noRequest],
    ['a request that is none', line(TIME, 'req:\\x16\\x03\\x01', 'status:400'), UNREAD.notHttp],
    ['no method', line(TIME, 'uri:/p'), UNREAD.noRequest],
    ['no labels', 'a\tb\tc\n', UNREAD.notFormat],
  ] as const) {
    it(`is no request with ${what}`, async () => {
      const { rows, unread } = await read(ltsv, whole + text);
      assert.equal(rows.length, 1);
      assert.deepEqual(unread, { [reason]: 1 });
    });
  }
});
