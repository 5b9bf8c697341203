// uWSGI's own request log: dates as C writes them, in the server's zone, and durations in two units.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UNREAD } from '../../src/recording/formats/format.js';
import { uwsgi } from '../../src/recording/formats/uwsgi.js';
import { Zone } from '../../src/recording/read/zone.js';
import { read } from './support.js';

function line(request = 'GET /p/1?a=b', took = '129 msecs', date = 'Mon Nov 24 17:26:01 2025'): string {
  const head = `[pid: 88185|app: 0|req: 1/16] 192.0.2.7 (ann) {38 vars in 696 bytes} [${date}]`;
  const tail = `=> generated 47 bytes in ${took} (HTTP/1.1 200) 9 headers in 378 bytes (1 switches on core 3)`;
  return `${head} ${request} ${tail}\n`;
}

describe('a line of uWSGI', () => {
  it('gives all its fields; the stamp is the start, in the zone that the user names', async () => {
    const { rows, reading, stampModel } = await read(uwsgi, line(), { zone: Zone.parse('Europe/Berlin')! });
    const { client: _, ...row } = rows[0]!;
    assert.deepEqual(row, {
      startUs: Date.UTC(2025, 10, 24, 16, 26, 1) * 1e3,
      durationUs: 129_000,
      method: 'GET',
      host: undefined,
      path: '/p/1?a=b',
      status: 200,
      bytes: 47,
      clientClass: 'unknown',
      headers: undefined,
      body: undefined,
    });
    assert.deepEqual([reading.stamp, reading.resolutionUs], ['start', 1e6]);
    assert.match(stampModel, /Europe\/Berlin/);
  });

  it('may have microseconds, a day of one digit, and words of uWSGI inside its path', async () => {
    const text = line('GET / => generated 1 bytes', '68 micros', 'Mon Nov  3 17:26:01 2025');
    const { rows } = await read(uwsgi, text);
    assert.equal(rows[0]?.durationUs, 68);
    assert.equal(rows[0]?.startUs, Date.UTC(2025, 10, 3, 17, 26, 1) * 1e3);
    assert.equal(rows[0]?.path, '/%20=>%20generated%201%20bytes');
  });

  it('may stand behind what syslog puts in front; what the server says of itself is none', async () => {
    const { rows, unread } = await read(
      uwsgi,
      `Nov 24 17:26:01 web1 uwsgi: ${line()}spawned uWSGI worker 1\n`,
    );
    assert.equal(rows.length, 1);
    assert.deepEqual(unread, { [UNREAD.notFormat]: 1 });
  });
});
