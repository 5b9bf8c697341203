// Bodies of requests in a HAR: from text, base64 and parameters.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { har } from '../../src/recording/formats/har.js';
import { entry, HTML, harOf, type Part } from './har-support.js';
import { read } from './support.js';

function sent(body: Uint8Array | undefined): string | undefined {
  return body === undefined ? undefined : Buffer.from(body).toString('utf8');
}

describe('a body in a HAR', () => {
  const post = (postData: Part, headers: readonly Part[] = []) =>
    read(
      har,
      harOf([entry('https://www.shop.example/cart', {}, { method: 'POST', postData, headers }, HTML)]),
    );

  it('is its text, with its type where the headers have none', async () => {
    const { rows } = await post({ mimeType: 'application/json', text: '{"a":"ü"}' });
    assert.equal(sent(rows[0]?.body), '{"a":"ü"}');
    assert.equal(rows[0]?.headers, '[["content-type","application/json"]]');
  });

  it('wins as text over its parameters', async () => {
    const { rows } = await post({ mimeType: 'text/plain', text: 'x=1', params: [{ name: 'y', value: '2' }] });
    assert.equal(sent(rows[0]?.body), 'x=1');
  });

  it('is decoded from base64, and taken as it is where it is none', async () => {
    const { rows } = await post({ text: 'AAEC/w==', encoding: 'base64' });
    assert.deepEqual(rows[0]?.body, Uint8Array.of(0, 1, 2, 255));
    const broken = await post({ text: 'not base64!', encoding: 'base64' });
    assert.equal(sent(broken.rows[0]?.body), 'not base64!');
  });

  it('is put together from parameters', async () => {
    const params = [{ name: 'q', value: 'a b&c' }, { name: 'n', value: '1' }, {}];
    const { rows } = await post({ mimeType: 'application/x-www-form-urlencoded', params });
    assert.equal(sent(rows[0]?.body), 'q=a+b%26c&n=1&=');
  });

  it('of several parts has its files empty, and cannot be broken out of', async () => {
    const params = [
      { name: 'who"\r\nx: y', value: 'me' },
      { name: 'photo', fileName: 'a.png', contentType: 'image/png' },
    ];
    const { rows } = await post({ mimeType: 'multipart/form-data; boundary=--X1', params });
    assert.equal(
      sent(rows[0]?.body),
      '----X1\r\nContent-Disposition: form-data; name="who%22  x: y"\r\n\r\nme\r\n' +
        '----X1\r\nContent-Disposition: form-data; name="photo"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n\r\n' +
        '----X1--\r\n',
    );
  });

  it('is none where it is empty', async () => {
    const { rows } = await post({ mimeType: '', text: '', params: [] });
    assert.equal(rows[0]?.body, undefined);
  });

  it('has a buffer of its own, as that is copied to other threads', async () => {
    const { rows } = await post({ text: 'abc' });
    assert.equal(rows[0]?.body?.buffer.byteLength, 3);
  });
});
