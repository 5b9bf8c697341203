// Caddy's access log in JSON, among whatever else the server logs.

import { readSpanUs } from '../fields/field-plan.js';
import { firstAddress, NO_REQUEST } from '../fields/field-rows.js';
import { readInstant } from '../fields/instants.js';
import { isObject, type JsonEntry } from '../fields/json-entry.js';
import { jsonReading, jsonSample } from '../fields/json-reading.js';
import { RowMaker } from '../fields/row-maker.js';
import { stepOf } from '../fields/stamp-step.js';
import type { Zone } from '../read/zone.js';
import type { Row } from '../row.js';
import type { Format } from './format.js';

const AGENT = ['request', 'headers', 'User-Agent'];

/**
 * Only `handled request` lines are requests. `ts` is when the line was written, the end; `duration` is in seconds
 * unless the server was told to write it as a text. Status 0 is a request that was answered by nobody. Headers are
 * not kept: Caddy writes `REDACTED` in place of those that matter.
 */
export const caddy: Format = {
  id: 'caddy',
  name: 'Caddy JSON log',
  vantage: 'origin',
  expects: 'Caddy JSON lines with "msg":"handled request"',
  detect(sample, { zone }) {
    const found = jsonSample(sample);
    const requests = found.entries.filter(isRequest);
    // What else the server says in the same file is of this format too.
    const fits = requests.length > 0 ? found.entries.filter(isCaddy).length : 0;
    return jsonReading(found, fits, {
      stamp: 'end',
      resolutionUs: stepOf(
        requests.map((entry) => entry.get('ts') ?? ''),
        zone,
      ),
      words: 'Caddy: stamps mark the end of each request; moved back by its duration',
      open: (clients) => {
        const maker = new RowMaker(clients);
        return (entry) => (isRequest(entry) ? rowOf(entry, maker, zone) : NO_REQUEST);
      },
    });
  },
};

function isCaddy({ object }: JsonEntry): boolean {
  return 'level' in object && 'ts' in object && 'msg' in object;
}

function isRequest(entry: JsonEntry): boolean {
  const { msg, request } = entry.object;
  return isCaddy(entry) && typeof msg === 'string' && msg.startsWith('handled request') && isObject(request);
}

function rowOf(entry: JsonEntry, maker: RowMaker, zone: Zone): Row | string {
  const of = (key: string) => entry.at(['request', key]);
  return maker.make({
    startUs: readInstant(entry.get('ts') ?? '', zone),
    durationUs: readSpanUs(entry.get('duration'), 's'),
    method: of('method'),
    target: of('uri'),
    host: of('host'),
    status: entry.get('status'),
    bytes: entry.get('size'),
    address: firstAddress(of('client_ip') ?? of('remote_ip') ?? of('remote_addr')),
    agent: entry.at(AGENT),
  });
}
