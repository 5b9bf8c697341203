// Traefik's access log in JSON.

import { readSpanUs } from '../fields/field-plan.js';
import { firstAddress, NO_REQUEST } from '../fields/field-rows.js';
import { readInstant } from '../fields/instants.js';
import type { JsonEntry } from '../fields/json-entry.js';
import { jsonReading, jsonSample } from '../fields/json-reading.js';
import { given, RowMaker } from '../fields/row-maker.js';
import { stepOf } from '../fields/stamp-step.js';
import type { Zone } from '../read/zone.js';
import type { Row } from '../row.js';
import type { Format } from './format.js';

/**
 * `StartUTC` (or `StartLocal`) is the start, `Duration` the whole of it in nanoseconds; `time` is when the line was
 * written, up to a flush later, and is not used. The server's other messages share the file.
 */
export const traefikJson: Format = {
  id: 'traefik-json',
  name: 'Traefik JSON log',
  vantage: 'balancer',
  expects: 'Traefik JSON lines with StartUTC, RequestMethod and RequestPath',
  detect(sample, { zone }) {
    const found = jsonSample(sample);
    const requests = found.entries.filter(isRequest);
    return jsonReading(found, requests.length, {
      stamp: 'start',
      resolutionUs: stepOf(requests.map(startOf), zone),
      words: 'Traefik: stamps mark the start of each request',
      open: (clients) => {
        const maker = new RowMaker(clients);
        return (entry) => (isRequest(entry) ? rowOf(entry, maker, zone) : NO_REQUEST);
      },
    });
  },
};

function isRequest({ object }: JsonEntry): boolean {
  return (
    'RequestMethod' in object && 'RequestPath' in object && ('StartUTC' in object || 'StartLocal' in object)
  );
}

function startOf(entry: JsonEntry): string {
  return entry.get('StartUTC') ?? entry.get('StartLocal') ?? '';
}

function rowOf(entry: JsonEntry, maker: RowMaker, zone: Zone): Row | string {
  return maker.make({
    startUs: readInstant(startOf(entry), zone),
    durationUs: readSpanUs(entry.get('Duration'), 'ns'),
    method: entry.get('RequestMethod'),
    target: entry.get('RequestPath'),
    host: given(entry.get('RequestHost')) ?? entry.get('RequestAddr'),
    scheme: given(entry.get('RequestScheme')),
    status: entry.get('DownstreamStatus'),
    bytes: entry.get('DownstreamContentSize'),
    address: firstAddress(given(entry.get('request_X-Forwarded-For')) ?? entry.get('ClientHost')),
    agent: entry.get('request_User-Agent'),
  });
}
