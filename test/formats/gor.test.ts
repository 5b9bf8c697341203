// GoReplay files: requests as raw bytes, joined with their responses, bounded and in the order of the file.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { UNREAD_BODY } from '../../src/recording/fields/http-message.js';
import { SET_APART, UNREAD } from '../../src/recording/formats/format.js';
import { gor } from '../../src/recording/formats/gor.js';
import { detect, read } from './support.js';

const MONKEYS = '\n🐵🙈🙉\n';
const ID = '8e091765ae902fef8a2b7d9d';
const STAMP = '1764005161250123456';
const STAMP_US = 1_764_005_161_250_123;

function record(message: string, { type = '1', id = ID, stamp = STAMP, more = ' 0' } = {}): string {
  return `${type} ${id} ${stamp}${more}\n${message}${MONKEYS}`;
}

const GET = 'GET /p/1?x=2 HTTP/1.1\r\nHost: Shop.Example:80\r\nUser-Agent: curl/8.5\r\nAccept: */*\r\n\r\n';

function post(headers: string, body: string): string {
  return `POST /cart HTTP/1.1\r\nHost: shop.example\r\n${headers}\r\n\r\n${body}`;
}

describe('a request in a GoReplay file', () => {
  it('becomes a row, to the microsecond', async () => {
    const { rows, unread, reading, seen } = await read(gor, record(GET));
    assert.equal(reading.stamp, 'start');
    assert.equal(seen, 1);
    assert.deepEqual(unread, {});
    const [row] = rows;
    assert.equal(row?.startUs, STAMP_US);
    assert.equal(row?.method, 'GET');
    assert.equal(row?.host, 'shop.example');
    assert.equal(row?.path, '/p/1?x=2');
    assert.equal(row?.headers, '[["user-agent","curl/8.5"],["accept","*/*"]]');
    assert.equal(row?.status, undefined);
    assert.equal(row?.durationUs, undefined);
    assert.equal(row?.body, undefined);
  });

  it('may have three fields in its header, and lack the last separator', async () => {
    const text = record(GET, { more: '' }) + record(GET).slice(0, -MONKEYS.length);
    assert.equal((await read(gor, text)).rows.length, 2);
  });

  it('has its body by its length, whatever bytes are in it', async () => {
    const body = 'a\n\n\u0000b';
    const { rows } = await read(gor, record(post(`Content-Length: ${body.length}`, body)));
    assert.equal(Buffer.from(rows[0]?.body ?? []).toString('latin1'), body);
    assert.equal(rows[0]?.body?.buffer.byteLength, body.length);
  });

  it('has its chunks put together, and a packed body left packed', async () => {
    const chunked = 'Content-Encoding: gzip\r\nTransfer-Encoding: chunked';
    const { rows } = await read(gor, record(post(chunked, '3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n')));
    assert.equal(Buffer.from(rows[0]?.body ?? []).toString(), 'abcde');
    assert.equal(rows[0]?.headers, '[["content-encoding","gzip"]]');
  });

  it('is of the client that a proxy named', async () => {
    const from = (address: string, id: string) =>
      record(GET.replace('Accept', `X-Forwarded-For: ${address}\r\nAccept`), { id });
    const text = from('192.0.2.7, 10.0.0.1', 'a') + from('192.0.2.7', 'b') + from('192.0.2.8', 'c');
    const clients = (await read(gor, text)).rows.map((row) => row.client);
    assert.equal(clients[0], clients[1]);
    assert.notEqual(clients[0], clients[2]);
  });

  const broken: readonly (readonly [string, string, string])[] = [
    ['no header line', `nonsense\n${GET}${MONKEYS}`, 'record without a header line'],
    ['two fields', `1 ${ID}\n${GET}${MONKEYS}`, 'record without a header line'],
    ['a stamp of 1970', record(GET, { stamp: '5' }), UNREAD.noStamp],
    ['no HTTP', record('\u0016\u0003\u0001\u0000'), UNREAD.notHttp],
    ['no path', record('GET example HTTP/1.1\r\n\r\n'), UNREAD.noPath],
    ['CONNECT', record('CONNECT shop.example:443 HTTP/1.1\r\n\r\n'), UNREAD.connect],
    ['a body cut short', record(post('Content-Length: 10', 'abc')), UNREAD_BODY.short],
    ['a chunk cut short', record(post('Transfer-Encoding: chunked', '9\r\nabc\r\n')), UNREAD_BODY.chunks],
    ['chunks without end', record(post('Transfer-Encoding: chunked', '3\r\nabc\r\n')), UNREAD_BODY.chunks],
    ['no chunks', record(post('Transfer-Encoding: chunked', 'hello')), UNREAD_BODY.chunks],
    ['a request line of no end', record(`GET /${'x'.repeat(70_000)} HTTP/1.1\r\n\r\n`), UNREAD.tooLong],
    ['a response', record('HTTP/1.1 200 OK\r\n\r\n', { type: '2', id: 'x' }), SET_APART.response],
    ['a replayed response', record('HTTP/1.1 200 OK\r\n\r\n', { type: '3' }), SET_APART.response],
  ];
  for (const [name, text, reason] of broken) {
    it(`is counted, and the next one read: ${name}`, async () => {
      const { rows, unread, seen } = await read(gor, record(GET) + text + record(GET, { id: 'z' }));
      assert.deepEqual(unread, { [reason]: 1 });
      assert.equal(rows.length, 2);
      assert.equal(seen, 3);
    });
  }

  it('of more than 16 MiB is counted, and the next one read', async () => {
    const large = record(post('Content-Length: 17000000', 'x'.repeat(17_000_000)));
    const { rows, unread } = await read(gor, record(GET) + large + record(GET, { id: 'z' }));
    assert.deepEqual(unread, { 'record longer than 16 MiB': 1 });
    assert.equal(rows.length, 2);
  });
});

describe('a response in a GoReplay file', () => {
  const answer = (id: string, status: number, more: string, stamp = STAMP) =>
    record(`HTTP/1.1 ${status} X\r\nContent-Length: 0\r\n\r\n`, { type: '2', id, more, stamp });

  it('gives its request its status and round trip', async () => {
    const { rows, unread } = await read(
      gor,
      record(GET, { id: 'a' }) +
        record(GET, { id: 'b' }) +
        answer('b', 404, ' 2500000') +
        answer('a', 200, ' 7000000'),
    );
    assert.deepEqual(
      rows.map(({ status, durationUs }) => [status, durationUs]),
      [
        [200, 7_000],
        [404, 2_500],
      ],
    );
    assert.deepEqual(unread, { [SET_APART.response]: 2 });
  });

  it('counts once: what answers a second time is not joined', async () => {
    const { rows } = await read(gor, record(GET) + answer(ID, 200, ' 1000') + answer(ID, 500, ' 9000'));
    assert.equal(rows[0]?.status, 200);
    assert.equal(rows[0]?.durationUs, 1);
  });

  it('without a round trip gives the time between the two', async () => {
    const text = record(GET) + answer(ID, 200, '', '1764005161251123456');
    assert.equal((await read(gor, text)).rows[0]?.durationUs, 1_000);
  });

  it('that comes too late is not joined, and the order stays', async () => {
    let text = '';
    for (let i = 0; i < 3_000; i++) text += record(GET.replace('/p/1', `/${i}`), { id: `r${i}` });
    text += answer('r0', 200, ' 1000') + answer('r2999', 201, ' 1000');
    const { rows } = await read(gor, text);
    assert.deepEqual(
      rows.map((row) => row.path),
      Array.from({ length: 3_000 }, (_, i) => `/${i}?x=2`),
    );
    assert.equal(rows[0]?.status, undefined);
    assert.equal(rows[2_999]?.status, 201);
  });
});

describe('the GoReplay format', () => {
  it('is not seen in other files', () => {
    assert.equal(detect(gor, '1 2 3\nGET / HTTP/1.1\n')?.score, 1);
    assert.equal(detect(gor, '1 0.5 3\nGET / HTTP/1.1\n'), null);
    assert.equal(detect(gor, `1 ${ID} ${STAMP} 0\nnonsense\n`), null);
    assert.equal(detect(gor, ''), null);
  });

  it('of any damage gives rows and counts', async () => {
    const text =
      record(GET) +
      record(post('Content-Length: 3', 'abc'), { id: 'p' }) +
      record(post('Transfer-Encoding: chunked', '1\r\nx\r\n0\r\n\r\n'), { id: 'q' }) +
      record('HTTP/1.1 200 OK\r\n\r\n', { type: '2', id: 'p' });
    const bytes = Buffer.from(text);
    const edit = fc.record({
      at: fc.nat(bytes.length),
      cut: fc.nat(20),
      by: fc.uint8Array({ maxLength: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 6 }), async (edits) => {
        let damaged = bytes;
        for (const { at, cut, by } of edits)
          damaged = Buffer.concat([damaged.subarray(0, at), by, damaged.subarray(at + cut)]);
        if (detect(gor, damaged) === null) return;
        const { rows, unread, seen } = await read(gor, damaged);
        assert.equal(rows.length + Object.values(unread).reduce((sum, n) => sum + n, 0), seen);
        for (const row of rows) assert.match(row.path, /^\/[\x21-\x7e]*$/);
      }),
      { numRuns: 500 },
    );
  });
});
