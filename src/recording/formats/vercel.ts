// Vercel's log drains and exports: lists or lines, several entries a request.

import { NO_REQUEST } from '../fields/field-rows.js';
import { readInstant } from '../fields/instants.js';
import { isObject, type JsonEntry } from '../fields/json-entry.js';
import { jsonReading, jsonSample } from '../fields/json-reading.js';
import { given, RowMaker } from '../fields/row-maker.js';
import { stepOf } from '../fields/stamp-step.js';
import type { Zone } from '../read/zone.js';
import type { Row } from '../row.js';
import type { Format } from './format.js';

const REPEATED = 'another entry of the same request';
/** Requests whose ids are remembered in each of two generations. */
const IDS_MAX = 32_768;

/**
 * The edge, functions and their output each write an entry of one request; the first that has a `proxy` is kept. Its
 * stamp is when the edge took the request. Status -1 is a request without an answer.
 */
export const vercel: Format = {
  id: 'vercel',
  name: 'Vercel log',
  vantage: 'cdn',
  expects: 'Vercel log entries with proxy.method, proxy.path and proxy.timestamp',
  detect(sample, { zone }) {
    const found = jsonSample(sample);
    const own = found.entries.filter(isVercel);
    const requests = own.filter(isRequest);
    // What functions print are entries of this format too, though no requests.
    return jsonReading(found, requests.length > 0 ? own.length : 0, {
      stamp: 'start',
      resolutionUs: stepOf(requests.map(stampOf), zone),
      words: 'Vercel: stamps mark when the edge took each request',
      open: (clients) => {
        const maker = new RowMaker(clients);
        const ids = new RecentIds();
        return (entry) => {
          if (!isRequest(entry)) return NO_REQUEST;
          const id = entry.get('requestId');
          if (id !== undefined && ids.has(id)) return REPEATED;
          return rowOf(entry, maker, zone);
        };
      },
    });
  },
};

function isVercel({ object }: JsonEntry): boolean {
  return 'deploymentId' in object && ('source' in object || 'requestId' in object);
}

function isRequest({ object }: JsonEntry): boolean {
  const { proxy } = object;
  return isObject(proxy) && 'path' in proxy && 'timestamp' in proxy;
}

function stampOf(entry: JsonEntry): string {
  return entry.at(['proxy', 'timestamp']) ?? '';
}

function rowOf(entry: JsonEntry, maker: RowMaker, zone: Zone): Row | string {
  const of = (key: string) => entry.at(['proxy', key]);
  return maker.make({
    startUs: readInstant(stampOf(entry), zone),
    method: of('method'),
    target: of('path'),
    host: of('host') ?? entry.get('host'),
    scheme: given(of('scheme')),
    status: of('statusCode') ?? entry.get('statusCode'),
    bytes: of('responseByteSize'),
    address: of('clientIp'),
    agent: of('userAgent'),
  });
}

/** Remembers the last ids in bounded memory: when one generation is full, the one before it is forgotten. */
class RecentIds {
  #young = new Set<string>();
  #old = new Set<string>();

  /** Whether an id was seen of late; it is remembered. */
  has(id: string): boolean {
    const key = id.slice(0, 128);
    if (this.#young.has(key)) return true;
    if (this.#young.size >= IDS_MAX) {
      this.#old = this.#young;
      this.#young = new Set();
    }
    this.#young.add(key);
    return this.#old.has(key);
  }
}
