// Which transport carries a run, as one table: what was asked for, what the target speaks, what comes of it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  alpnOf,
  chooseTransport,
  contradictsItself,
  describeTransport,
  TRANSPORT_OPTIONS,
  type TransportKind,
  type Wish,
} from '../../src/drive/transports/choose.js';

interface Row extends Wish {
  readonly offers: readonly string[];
  /** What comes of each answer to the offer; `null` for none. */
  readonly chosen: readonly (readonly [
    negotiated: 'h2' | 'http/1.1' | null,
    kind: TransportKind | undefined,
  ])[];
}

const BOTH = ['h2', 'http/1.1'];
const TABLE: readonly Row[] = [
  {
    option: 'auto',
    http: 'auto',
    secure: true,
    offers: BOTH,
    chosen: [
      ['h2', 'http2'],
      ['http/1.1', 'wire'],
      [null, 'wire'],
    ],
  },
  { option: 'auto', http: 'auto', secure: false, offers: [], chosen: [[null, 'wire']] },
  { option: 'auto', http: '1.1', secure: true, offers: [], chosen: [[null, 'wire']] },
  { option: 'auto', http: '1.1', secure: false, offers: [], chosen: [[null, 'wire']] },
  {
    option: 'auto',
    http: '2',
    secure: true,
    offers: ['h2'],
    chosen: [
      ['h2', 'http2'],
      ['http/1.1', undefined],
      [null, undefined],
    ],
  },
  { option: 'auto', http: '2', secure: false, offers: [], chosen: [[null, 'http2']] },
  { option: 'wire', http: 'auto', secure: true, offers: [], chosen: [[null, 'wire']] },
  { option: 'undici', http: 'auto', secure: true, offers: [], chosen: [[null, 'undici']] },
  { option: 'undici', http: '1.1', secure: false, offers: [], chosen: [[null, 'undici']] },
];

describe('the choice of a transport', () => {
  for (const { offers, chosen, ...wish } of TABLE) {
    it(`${wish.option}, HTTP ${wish.http}, ${wish.secure ? 'https' : 'http'}`, () => {
      assert.deepEqual(alpnOf(wish), offers);
      assert.ok(!contradictsItself(wish));
      for (const [negotiated, kind] of chosen) assert.equal(chooseTransport(wish, negotiated), kind);
    });
  }

  it('knows that HTTP/2 is not to be had over a transport of HTTP/1.1', () => {
    for (const option of TRANSPORT_OPTIONS) {
      assert.equal(contradictsItself({ option, http: '2', secure: true }), option !== 'auto');
    }
  });

  it('says what is spoken', () => {
    assert.equal(describeTransport('http2', true), 'HTTP/2 by ALPN');
    assert.equal(describeTransport('http2', false), 'HTTP/2 by prior knowledge');
    assert.equal(describeTransport('wire', true), 'HTTP/1.1 over wire');
    assert.equal(describeTransport('undici', false), 'HTTP/1.1 over undici');
  });
});
