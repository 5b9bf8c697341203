// Recorded requests as a sender gets them: their headers under the plan's own, their bodies, and from which batch.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { emptyRequest } from '../../src/schedule/arrivals.js';
import {
  type ArrivalBatch,
  RecordedArrivals,
  type RecordedRequest,
} from '../../src/schedule/recorded-arrivals.js';

function batchOf(requests: readonly Partial<RecordedRequest>[], fromUs = 0): ArrivalBatch {
  const n = requests.length;
  return {
    dueUs: Float64Array.from({ length: n }, (_, i) => fromUs + i),
    seq: Float64Array.from({ length: n }, (_, i) => fromUs + i),
    visitor: new Float64Array(n),
    recordedDurationUs: new Float64Array(n),
    request: Uint32Array.from({ length: n }, (_, i) => i),
    requests: requests.map((rest) => ({
      ...{ route: 0, tenant: null, method: 'GET', path: '/', host: null, recordedStatus: 0 },
      ...{ headers: undefined, body: undefined },
      ...rest,
    })),
  };
}

/** The headers and bodies of some requests, in order. */
function sent(own: readonly string[], requests: readonly Partial<RecordedRequest>[]) {
  const arrivals = new RecordedArrivals(0, own, () => {});
  arrivals.push(batchOf(requests));
  arrivals.end();
  const into = emptyRequest();
  return requests.map(() => {
    arrivals.request(into);
    arrivals.advance();
    return { headers: into.headers, body: into.body };
  });
}

const OWN = ['accept', 'text/html', 'x-team', 'checkout'];

describe('recorded headers', () => {
  it("are sent in front of the plan's own, which win by name", () => {
    const recorded = JSON.stringify([
      ['user-agent', 'Firefox'],
      ['accept', '*/*'],
      ['content-type', 'application/json'],
      ['x-team', 'none'],
    ]);
    const [one] = sent(OWN, [{ headers: recorded }]);
    assert.deepEqual(one?.headers, [
      ...['user-agent', 'Firefox', 'content-type', 'application/json'],
      ...OWN,
    ]);
  });

  it('that are equal come as the same array, and none as that of the plan', () => {
    const text = () => JSON.stringify([['a', '1']]);
    const [one, two, other, none] = sent(OWN, [
      { headers: text() },
      { headers: text(), path: '/other' },
      { headers: '[["a","2"]]' },
      {},
    ]);
    assert.equal(one?.headers, two?.headers);
    assert.notEqual(one?.headers, other?.headers);
    assert.equal(none?.headers, OWN);
  });

  it('of a file that somebody else made cannot name another host, nor break a request', () => {
    const [one, two] = sent(OWN, [
      { headers: '[["Host","evil.example"],["content-length","0"],["x-a","1\\r\\nx-b: 2"],["x-c","3"]]' },
      { headers: 'no JSON' },
    ]);
    assert.deepEqual(one?.headers, ['x-c', '3', ...OWN]);
    assert.deepEqual(two?.headers, OWN);
  });

  it('are right however many sets there are', () => {
    const requests = Array.from({ length: 10_000 }, (_, i) => ({ headers: `[["x-n","${i % 9_000}"]]` }));
    for (const [i, { headers }] of sent([], requests).entries()) assert.equal(headers[1], String(i % 9_000));
  });
});

describe('recorded bodies', () => {
  it('go along, and one does not stay for the next request', () => {
    const bytes = Uint8Array.of(1, 2, 3);
    const [one, two] = sent([], [{ method: 'POST', body: bytes }, {}]);
    assert.equal(one?.body, bytes);
    assert.equal(two?.body, null);
  });
});
