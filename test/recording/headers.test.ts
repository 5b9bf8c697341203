// Recorded headers: which may be sent again, and that nothing in a row's text can do more than that.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  type Header,
  headerValue,
  readHeaders,
  sendable,
  writeHeaders,
} from '../../src/recording/secrets/headers.js';

describe('recorded headers', () => {
  it('are sent again but for those of the connection, the way, one request, and versions', () => {
    const kept: Header[] = [
      ['user-agent', 'Firefox'],
      ['accept', '*/*'],
      ['accept-encoding', 'gzip, br'],
      ['accept-language', 'de'],
      ['content-type', 'application/json'],
      ['content-encoding', 'gzip'],
      ['referer', 'https://shop.example/'],
      ['sec-fetch-mode', 'cors'],
      ['cookie', 'a=1'],
      ['x-requested-with', 'XMLHttpRequest'],
      ['accept', 'text/html'],
    ];
    const dropped = [
      ...[
        'Host',
        'Content-Length',
        'Connection',
        'Keep-Alive',
        'TE',
        'Trailer',
        'Transfer-Encoding',
        'Upgrade',
      ],
      ...['Expect', 'Proxy-Connection', 'proxy-authorization', ':authority', ':path', 'HTTP2-Settings'],
      ...[
        'X-Forwarded-For',
        'x-forwarded-host',
        'Forwarded',
        'Via',
        'CF-Ray',
        'cf-connecting-ip',
        'X-Real-IP',
      ],
      ...['X-Amzn-Trace-Id', 'X-Amz-Cf-Id', 'X-Request-Id', 'traceparent', 'X-B3-TraceId', 'Idempotency-Key'],
      ...[
        'If-None-Match',
        'If-Modified-Since',
        'If-Range',
        'Sec-WebSocket-Key',
        'X-Flashcrowd-Run',
        'X-Flashcrowd',
      ],
    ].map((name): Header => [name, 'x']);
    assert.deepEqual(sendable([...dropped, ...kept]), kept);
  });

  it('that would break a request are left out', () => {
    const broken: Header[] = [
      ['a b', 'x'],
      ['', 'x'],
      ['x-a', 'a\r\nx-b: 1'],
      ['x-a', 'a\u0000'],
      ['x-a', 'Übergröße €'],
      ['x-a', 'y'.repeat(20_000)],
    ];
    assert.deepEqual(sendable(broken), []);
    assert.deepEqual(sendable([['X-A', '  é\t']]), [['x-a', 'é']]);
  });

  it('are bounded in number and length', () => {
    const many = Array.from({ length: 500 }, (_, i): Header => [`x-${i}`, 'y'.repeat(1_000)]);
    assert.equal(sendable(many).length, 128);
    assert.equal(writeHeaders(sendable(many)), undefined);
    assert.equal(writeHeaders([]), undefined);
  });

  it('are found by name in any case', () => {
    assert.equal(
      headerValue(
        [
          ['Content-Type', 'a'],
          ['content-type', 'b'],
        ],
        'content-type',
      ),
      'a',
    );
    assert.equal(headerValue([], 'content-type'), undefined);
  });

  it('come back from their text as they were', () => {
    const header = fc.tuple(fc.stringMatching(/^x-[a-e]{1,4}$/), fc.stringMatching(/^[!-~]{0,9}$/));
    fc.assert(
      fc.property(fc.array(header, { minLength: 1, maxLength: 9 }), (headers) => {
        assert.deepEqual(readHeaders(writeHeaders(headers) ?? ''), headers);
      }),
    );
  });

  it('of a text that is something else are none, or those that are', () => {
    for (const text of [
      '',
      'x',
      '{}',
      '{"a":"b"}',
      '[[]]',
      '[1,null,"a"]',
      '[["a"]]',
      '[["a",1]]',
      '['.repeat(9_999),
    ])
      assert.deepEqual(readHeaders(text), [], text.slice(0, 20));
    assert.deepEqual(readHeaders('[["Host","evil"],["x-a","1"],["content-length","9"],7]'), [['x-a', '1']]);
    assert.deepEqual(readHeaders(`[["x-a","${'y'.repeat(70_000)}"]]`), []);
  });
});
