// vegeta targets in JSON: requests without times, with bodies of any size up to a bound.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { UNREAD } from '../../src/recording/formats/format.js';
import { vegeta } from '../../src/recording/formats/vegeta.js';
import { detect, read } from './support.js';

const GET = '{"method":"GET","url":"http://shop.example/p/1?x=2#top"}';
const POST = JSON.stringify({
  method: 'POST',
  url: 'http://shop.example:8080/cart',
  body: Buffer.from('{"qty":1}').toString('base64'),
  header: { 'Content-Type': ['application/json'], Accept: ['a', 'b'], Host: ['other.example'], n: 1 },
});

describe('vegeta targets', () => {
  it('become rows one second apart, and say that they have no times', async () => {
    const { rows, reading, seen } = await read(vegeta, `${GET}\n${POST}\n`);
    assert.equal(reading.stamp, 'none');
    assert.equal(seen, 2);
    assert.deepEqual(
      rows.map(({ startUs, method, host, path }) => [startUs, method, host, path]),
      [
        [Date.UTC(1971, 0, 2, 0, 0, 1) * 1e3, 'GET', 'shop.example', '/p/1?x=2'],
        [Date.UTC(1971, 0, 2, 0, 0, 2) * 1e3, 'POST', 'shop.example:8080', '/cart'],
      ],
    );
    assert.equal(Buffer.from(rows[1]?.body ?? []).toString(), '{"qty":1}');
    assert.equal(rows[1]?.headers, '[["content-type","application/json"],["accept","a"],["accept","b"]]');
    assert.equal(rows[1]?.clientClass, 'unknown');
  });

  const broken: readonly (readonly [string, string, string])[] = [
    ['a blank line', '', UNREAD.blank],
    ['no JSON', '{"method":"GET","url":', UNREAD.notFormat],
    ['no method', '{"url":"http://shop.example/"}', UNREAD.notFormat],
    ['a number', '7', UNREAD.notFormat],
    ['a body that is not base64', GET.replace('{', '{"body":"a*b",'), 'body is not base64'],
    ['a body that is a number', GET.replace('{', '{"body":7,'), 'body is not base64'],
    ['no URL', '{"method":"GET","url":"shop"}', UNREAD.noPath],
    ['a URL of no end', `{"method":"GET","url":"http://a/${'x'.repeat(70_000)}"}`, UNREAD.urlTooLong],
    ['a method that is none', '{"method":"GET /","url":"http://shop.example/"}', UNREAD.notHttp],
  ];
  for (const [name, line, reason] of broken) {
    it(`count what is none: ${name}`, async () => {
      const { rows, unread } = await read(vegeta, `${GET}\n${line}\n${GET}\n`);
      assert.equal(rows.length, 2);
      assert.deepEqual(unread, { [reason]: 1 });
    });
  }

  it('may have bodies of megabytes, up to a bound', async () => {
    const large = (n: number) => JSON.stringify({ method: 'POST', url: 'http://a/', body: 'A'.repeat(n) });
    const { rows, unread } = await read(vegeta, `${large(12_000_000)}\n${large(17_000_000)}\n${GET}`);
    assert.equal(rows[0]?.body?.length, 9_000_000);
    assert.equal(rows.length, 2);
    assert.deepEqual(unread, { 'line longer than 16 MiB': 1 });
  });

  it('are told from JSON lines with other keys', () => {
    assert.equal(detect(vegeta, '{"method":"GET","url":"/","time":"2025-11-24T17:26:01Z"}\n'), null);
    assert.equal(detect(vegeta, '{"log":{}}\n'), null);
    assert.equal(detect(vegeta, '1.2.3.4 - - [x]\n'), null);
    assert.equal(detect(vegeta, `${GET}\n`)?.score, 1);
  });

  it('of any damage give rows and counts', async () => {
    const text = `${GET}\n${POST}\n${GET}\n`;
    const edit = fc.record({ at: fc.nat(text.length), cut: fc.nat(20), by: fc.string({ maxLength: 4 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 6 }), async (edits) => {
        let damaged = text;
        for (const { at, cut, by } of edits) damaged = damaged.slice(0, at) + by + damaged.slice(at + cut);
        if (detect(vegeta, damaged) === null) return;
        const { rows, unread, seen } = await read(vegeta, damaged);
        assert.equal(rows.length + Object.values(unread).reduce((sum, n) => sum + n, 0), seen);
      }),
      { numRuns: 500 },
    );
  });
});
