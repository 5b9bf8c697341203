// Redaction: what counts as a secret, what is left in its place, what stays, and that the counts are exact.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { Row } from '../../src/recording/row.js';
import { type RedactionCounts, Redactor } from '../../src/recording/secrets/redact.js';

function row(rest: Partial<Row>): Row {
  return {
    startUs: 0,
    durationUs: undefined,
    method: 'GET',
    host: undefined,
    path: '/',
    status: 200,
    bytes: undefined,
    client: 'c',
    clientClass: 'person',
    headers: undefined,
    body: undefined,
    ...rest,
  };
}

function redact(rest: Partial<Row>, keep: readonly string[] = []) {
  const redactor = new Redactor(keep);
  const of = row(rest);
  redactor.apply(of);
  const counts = Object.fromEntries(Object.entries(redactor.counts).filter(([, n]) => n > 0));
  return { row: of, counts: counts as Partial<RedactionCounts> };
}

type Case = readonly [before: string, after: string, counts: Partial<RedactionCounts>];

const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl';

describe('a path', () => {
  const cases: readonly Case[] = [
    ['/p/1?color=red&size=4', '/p/1?color=red&size=4', {}],
    ['/?token=abc&x=1', '/?token=&x=1', { tokens: 1 }],
    ['/?x=1&ACCESS_TOKEN=abc', '/?x=1&ACCESS_TOKEN=', { tokens: 1 }],
    ['/?id_token=a&apikey=b&key=c&sig=d', '/?id_token=&apikey=&key=&sig=', { tokens: 4 }],
    ['/?code=a&auth=b&password=c&pwd=d&sid=e', '/?code=&auth=&password=&pwd=&sid=', { tokens: 5 }],
    [
      '/?X-Amz-Signature=a&reset=b&otp=1&clientSecret=c',
      '/?X-Amz-Signature=&reset=&otp=&clientSecret=',
      { tokens: 4 },
    ],
    ['/?user%5Bpassword%5D=a', '/?user%5Bpassword%5D=', { tokens: 1 }],
    ['/?token=', '/?token=', {}],
    ['/?token', '/?token', {}],
    [
      '/?promo_code=X&sort_key=a&keyword=b&hotproduct=1&author=c',
      '/?promo_code=X&sort_key=a&keyword=b&hotproduct=1&author=c',
      {},
    ],
    ['/cart;jsessionid=1A2B/x;v=1', '/cart;jsessionid=/x;v=1', { tokens: 1 }],
    ['/a?x=1;sid=2;y=3', '/a?x=1;sid=;y=3', { tokens: 1 }],
    [`/?data=${JWT}&x=1`, '/?data=&x=1', { tokens: 1 }],
    ['/?next=%2Fcart%3Ftoken%3Dabc', '/?next=', { tokens: 1 }],
    ['/?next=https://a.example/?token=abc', '/?next=', { tokens: 1 }],
    [`/?${'http://?'.repeat(8_000)}`, `/?${'http://?'.repeat(8_000)}`, {}],
    ['/?next=%2Fcart%3Fx%3D1', '/?next=%2Fcart%3Fx%3D1', {}],
    ['/?email=jo.doe%40mail.example&x=1', '/?email=&x=1', { emails: 1 }],
    ['/?q=jo@mail.example', '/?q=', { emails: 1 }],
    ['/?jo@mail.example', '/?', { emails: 1 }],
    ['/?q=jo%2540mail.example', '/?q=', { emails: 1 }],
    ['/u/jo@mail.example/orders', '/u/redacted/orders', { emails: 1 }],
    ['/u/jo%40mail.example', '/u/redacted', { emails: 1 }],
    ['/u/jo%2540mail.example', '/u/redacted', { emails: 1 }],
    ['/a@b.example/c@d.example', '/redacted/redacted', { emails: 2 }],
    ['/img/logo@2x.png', '/img/logo@2x.png', {}],
    ['/npm/react@18.2.0/umd/react.min.js', '/npm/react@18.2.0/umd/react.min.js', {}],
    ['/img/logo@3x.heic?v=1', '/img/logo@3x.heic?v=1', {}],
    ['/npm/vue@next.min.js', '/npm/vue@next.min.js', {}],
    ['/@fs/src/a.ts', '/@fs/src/a.ts', {}],
    ['/maps/@52.5,13.4,15z', '/maps/@52.5,13.4,15z', {}],
    ['/?card=4111111111111111&n=1', '/?card=&n=1', { cards: 1 }],
    ['/?card=4111+1111+1111+1111', '/?card=', { cards: 1 }],
    ['/?id=4111111111111112', '/?id=4111111111111112', {}],
    ['/?t=1764005161250&gtin=4006381333931', '/?t=1764005161250&gtin=4006381333931', {}],
    ['/?x=[REDACTED]&y=***', '/?x=&y=', { placeholders: 2 }],
    ['/?=&&;=a', '/?=&&;=a', {}],
  ];
  for (const [before, after, counts] of cases) {
    it(`${before.slice(0, 80)} becomes ${after.slice(0, 80)}`, () => {
      const got = redact({ path: before });
      assert.equal(got.row.path, after);
      assert.deepEqual(got.counts, counts);
    });
  }

  it('keeps what the user names, in any case', () => {
    const got = redact({ path: '/?Key=a&token=b&email=a@b.example' }, ['KEY', 'email']);
    assert.equal(got.row.path, '/?Key=a&token=&email=a@b.example');
  });
});

describe('headers', () => {
  const headers = (...pairs: readonly (readonly [string, string])[]) => JSON.stringify(pairs);

  it('lose cookies, credentials and tokens', () => {
    const got = redact({
      headers: headers(
        ['accept', '*/*'],
        ['cookie', 'a=1; b=2'],
        ['authorization', 'Bearer x'],
        ['x-api-key', 'k'],
        ['x-csrf-token', 't'],
        ['x-auth-user', 'u'],
        ['x-shopify-access-token', 't'],
        ['from', 'jo@mail.example'],
        ['referer', 'https://shop.example/u/jo@mail.example?token=1&x=2'],
        ['x-data', JWT],
      ),
    });
    assert.deepEqual(JSON.parse(got.row.headers ?? ''), [
      ['accept', '*/*'],
      ['from', ''],
      ['referer', 'https://shop.example/u/redacted?token=&x=2'],
      ['x-data', ''],
    ]);
    assert.deepEqual(got.counts, { cookies: 1, authorization: 1, tokens: 6, emails: 2 });
  });

  it('keep what the user names, but never what a logger put in its place', () => {
    const text = headers(['authorization', 'Basic eDp5'], ['cookie', '["REDACTED"]']);
    const got = redact({ headers: text }, ['Authorization', 'cookie']);
    assert.equal(got.row.headers, headers(['authorization', 'Basic eDp5']));
    assert.deepEqual(got.counts, { placeholders: 1 });
  });

  it('are undefined when none is left', () => {
    assert.equal(redact({ headers: headers(['cookie', 'a']) }).row.headers, undefined);
  });
});

describe('a body', () => {
  const bodyOf = (text: string | Buffer, type = '', keep: readonly string[] = [], encoding = '') => {
    const pairs = [
      ...(type ? [['content-type', type]] : []),
      ...(encoding ? [['content-encoding', encoding]] : []),
    ];
    const body = new Uint8Array(Buffer.from(text as string, 'utf8'));
    const got = redact({ headers: pairs.length > 0 ? JSON.stringify(pairs) : undefined, body }, keep);
    return { ...got, bytes: got.row.body, text: Buffer.from(got.row.body ?? []).toString('utf8') };
  };
  const JSON_TYPE = 'application/json';

  const cases: readonly (readonly [type: string, ...Case])[] = [
    ['application/x-www-form-urlencoded', 'user=a&password=b%26&x=1', 'user=a&password=&x=1', { tokens: 1 }],
    ['', 'email=jo%40mail.example&n=2', 'email=&n=2', { emails: 1 }],
    [JSON_TYPE, '{"qty": 1.50, "id": 12345678901234567890}', '{"qty": 1.50, "id": 12345678901234567890}', {}],
    [JSON_TYPE, '{"password" : "a\\"b", "x":"y"}', '{"password" : "", "x":"y"}', { tokens: 1 }],
    [JSON_TYPE, '{"otp":123456,"pin":null,"ok":true}', '{"otp":0,"pin":null,"ok":true}', { tokens: 1 }],
    [
      JSON_TYPE,
      '{"tokens":["a","b",{"x":"c"}],"y":"d"}',
      '{"tokens":["","",{"x":""}],"y":"d"}',
      { tokens: 3 },
    ],
    [
      JSON_TYPE,
      '[{"a":[{"pass\\u0077ord":"x"}],"b":"y"}]',
      '[{"a":[{"pass\\u0077ord":""}],"b":"y"}]',
      { tokens: 1 },
    ],
    [JSON_TYPE, '{"to":"jo@mail.example, ann@mail.example"}', '{"to":", "}', { emails: 2 }],
    [JSON_TYPE, '{"to":"jo\\u0040mail.example"}', '{"to":""}', { emails: 1 }],
    [JSON_TYPE, '{"card":4111111111111111,"n":"4111 1111 1111 1111"}', '{"card":0,"n":""}', { cards: 2 }],
    [JSON_TYPE, `{"a":"${JWT}"}`, '{"a":""}', { tokens: 1 }],
    [
      JSON_TYPE,
      '{"u":"https://a.example/?token=1&x=2"}',
      '{"u":"https://a.example/?token=&x=2"}',
      { tokens: 1 },
    ],
    [JSON_TYPE, '{"a":"[FILTERED]"}', '{"a":""}', { placeholders: 1 }],
    [JSON_TYPE, '{"password":"unfinished', '{"password":"', { tokens: 1 }],
    ['text/plain;charset=UTF-8', '{"secret":"s"}', '{"secret":""}', { tokens: 1 }],
    ['text/plain', `to jo@mail.example: ${JWT} and ${JWT}.`, 'to :  and ', { emails: 1, tokens: 2 }],
    ['application/xml', '<a>grüße</a>', '<a>grüße</a>', {}],
    [
      'multipart/form-data; boundary=X',
      '--X\r\nContent-Disposition: form-data; name="password"\r\n\r\ns\r\n--X\r\nContent-Disposition: form-data; name="q"\r\n\r\na@b.example\r\n--X--\r\n',
      '--X\r\nContent-Disposition: form-data; name="password"\r\n\r\n\r\n--X\r\nContent-Disposition: form-data; name="q"\r\n\r\n\r\n--X--\r\n',
      { tokens: 1, emails: 1 },
    ],
  ];
  for (const [type, before, after, counts] of cases) {
    it(`${before.slice(0, 60)} becomes ${after.slice(0, 60)}`, () => {
      const got = bodyOf(before, type);
      assert.equal(got.text, after);
      assert.deepEqual(got.counts, counts);
    });
  }

  it('keeps what the user names, with all that is in it', () => {
    const got = bodyOf('{"token":{"a":"jo@mail.example","pin":1},"pin":2}', JSON_TYPE, ['token']);
    assert.equal(got.text, '{"token":{"a":"jo@mail.example","pin":1},"pin":0}');
  });

  it('keeps the parts of a form that the user names', () => {
    const part = (name: string) =>
      `--X\r\nContent-Disposition: form-data; name="${name}"\r\n\r\na@b.example\r\n`;
    const got = bodyOf(`${part('token')}${part('mail')}${part('pin')}--X--`, 'multipart/form-data', [
      'token',
      'mail',
    ]);
    assert.equal(got.text, `${part('token')}${part('mail')}${part('pin').replace('a@b.example', '')}--X--`);
  });

  it('that is packed is unpacked, looked at, and packed again', () => {
    const packed = bodyOf(gzipSync('{"password":"x"}'), JSON_TYPE, [], 'gzip');
    assert.equal(gunzipSync(packed.bytes ?? new Uint8Array()).toString(), '{"password":""}');
    const clean = gzipSync('{"a":"x"}');
    assert.deepEqual(bodyOf(clean, JSON_TYPE, [], 'gzip').bytes, new Uint8Array(clean));
  });

  it('that cannot be looked into is left out, and counted', () => {
    for (const [text, encoding] of [
      ['no gzip', 'gzip'],
      [gzipSync(Buffer.alloc(20_000_000)), 'gzip'],
      ['x', 'zstd'],
      ['x', '__proto__'],
      ['['.repeat(2_000), ''],
    ] as const) {
      const got = bodyOf(text as string, JSON_TYPE, [], encoding);
      assert.equal(got.bytes, undefined);
      assert.deepEqual(got.counts, { bodies: 1 });
    }
  });

  it('of a binary type stays as it is, and is counted', () => {
    const got = bodyOf('a@b.example', 'image/png');
    assert.equal(got.text, 'a@b.example');
    assert.deepEqual(got.counts, { binaryBodies: 1 });
  });

  it('has a buffer of its own', () => {
    assert.equal(bodyOf('token=abc').bytes?.buffer.byteLength, 6);
  });
});

describe('a redactor', () => {
  it('takes anything, and comes to find nothing in what it has redacted', () => {
    const piece = fc.constantFrom(
      ...[
        '/',
        '?',
        '&',
        ';',
        '=',
        '%40',
        '@',
        '.',
        'a',
        'token',
        'sid',
        'b.example',
        'jo',
        '%3D',
        '%3F',
        '%',
      ],
      ...['eyJ', JWT, '4111111111111111', '{"', '":"', '",', '}', '[', ']', '\\', '"', '***', 'http://', ' '],
    );
    const text = fc.array(piece, { maxLength: 24 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, text, (path, body) => {
        const redactor = new Redactor([]);
        const of = row({ path: `/${path}`, body: new Uint8Array(Buffer.from(body)) });
        // What stood beside a secret may make another when it is gone: each round leaves less to find.
        for (let i = 0; i < 24; i++) redactor.apply(of);
        const before = { ...redactor.counts, path: of.path, body: of.body };
        redactor.apply(of);
        assert.deepEqual({ ...redactor.counts, path: of.path, body: of.body }, before);
      }),
      { numRuns: 1_000 },
    );
  });

  it('leaves JSON what it was but for texts that are secrets', () => {
    const key = fc.constantFrom('a', 'qty', 'password', 'x-token', 'deep');
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.string({ maxLength: 6 }),
        fc.integer(),
        fc.constantFrom(null, true, 'jo@mail.example'),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(key, tie('tree'), { maxKeys: 3 }),
      ),
    }));
    fc.assert(
      fc.property(fc.array(tree, { minLength: 1, maxLength: 3 }), (value) => {
        const of = row({ body: new Uint8Array(Buffer.from(JSON.stringify(value))) });
        new Redactor([]).apply(of);
        assert.deepEqual(JSON.parse(Buffer.from(of.body ?? []).toString()), expected(value, false));
      }),
    );
  });
});

/** What redaction makes of a value of the law above. */
function expected(value: unknown, secret: boolean): unknown {
  if (Array.isArray(value)) return value.map((item) => expected(item, secret));
  if (typeof value === 'object' && value !== null) {
    const of = Object.entries(value).map(([key, item]) => [
      key,
      expected(item, secret || key === 'password' || key === 'x-token'),
    ]);
    return Object.fromEntries(of);
  }
  if (typeof value === 'string')
    return secret || value === 'jo@mail.example' || /^["'[\s\]]*\*{3,}["'[\s\]]*$/.test(value) ? '' : value;
  return typeof value === 'number' && secret ? 0 : value;
}
