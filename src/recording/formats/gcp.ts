// Requests as Google Cloud's load balancers, Cloud Run and App Engine log them: entries with an `httpRequest`.

import { readSpanUs } from '../fields/field-plan.js';
import { NO_REQUEST } from '../fields/field-rows.js';
import { readInstant } from '../fields/instants.js';
import { isObject, type JsonEntry } from '../fields/json-entry.js';
import { jsonReading, jsonSample } from '../fields/json-reading.js';
import { RowMaker } from '../fields/row-maker.js';
import { stepOf } from '../fields/stamp-step.js';
import type { Zone } from '../read/zone.js';
import type { Row } from '../row.js';
import type { Format } from './format.js';

/**
 * Entries one a line, or the list that `gcloud logging read --format=json` prints. `requestUrl` is absolute,
 * `latency` is a text such as `0.058927s`. What `timestamp` marks is not documented, so it is taken for the start.
 */
export const gcp: Format = {
  id: 'gcp',
  name: 'Google Cloud request log',
  vantage: 'balancer',
  expects: 'Google Cloud log entries with httpRequest.requestUrl',
  detect(sample, { zone }) {
    const found = jsonSample(sample);
    const requests = found.entries.filter(isRequest);
    return jsonReading(found, requests.length, {
      stamp: 'unknown',
      resolutionUs: stepOf(requests.map(stampOf), zone),
      words:
        'Google Cloud: it is not documented whether stamps mark the start or the end of a request; taken for the start',
      open: (clients) => {
        const maker = new RowMaker(clients);
        return (entry) => (isRequest(entry) ? rowOf(entry, maker, zone) : NO_REQUEST);
      },
    });
  },
};

function isRequest({ object }: JsonEntry): boolean {
  const request = object.httpRequest;
  return isObject(request) && 'requestUrl' in request;
}

function stampOf(entry: JsonEntry): string {
  return entry.get('timestamp') ?? '';
}

function rowOf(entry: JsonEntry, maker: RowMaker, zone: Zone): Row | string {
  const of = (key: string) => entry.at(['httpRequest', key]);
  return maker.make({
    startUs: readInstant(stampOf(entry), zone),
    durationUs: readSpanUs(of('latency'), 's'),
    method: of('requestMethod'),
    target: of('requestUrl'),
    status: of('status'),
    bytes: of('responseSize'),
    address: of('remoteIp'),
    agent: of('userAgent'),
  });
}
