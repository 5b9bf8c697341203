// Cloudflare's HTTP requests as Logpush writes them.

import { NO_REQUEST } from '../fields/field-rows.js';
import { readInstant } from '../fields/instants.js';
import type { JsonEntry } from '../fields/json-entry.js';
import { jsonReading, jsonSample } from '../fields/json-reading.js';
import { given, RowMaker } from '../fields/row-maker.js';
import { stepOf } from '../fields/stamp-step.js';
import type { Zone } from '../read/zone.js';
import type { Row } from '../row.js';
import { type Format, SET_APART } from './format.js';

const START = 'EdgeStartTimestamp';
const END = 'EdgeEndTimestamp';

/** Sources of requests that were made by somebody outside; any other is Cloudflare's own, such as `edgeWorkerFetch`. */
const OUTSIDE = new Set(['eyeball', 'unknown']);

/**
 * Stamps come as RFC 3339 or as seconds, milliseconds or nanoseconds, as numbers or in quotes, also mixed. The
 * duration is the difference of the two stamps, unless they are whole seconds, which differ by 0 or 1. Requests that
 * a worker made on behalf of another request are set apart: replayed, they would double the load.
 */
export const cloudflare: Format = {
  id: 'cloudflare',
  name: 'Cloudflare Logpush',
  vantage: 'cdn',
  expects: 'Cloudflare Logpush JSON lines with EdgeStartTimestamp and ClientRequestURI',
  detect(sample, { zone }) {
    const found = jsonSample(sample);
    const requests = found.entries.filter(isRequest);
    const key = requests.some(({ object }) => START in object) ? START : END;
    const resolutionUs = stepOf(
      requests.map((entry) => entry.get(key) ?? ''),
      zone,
    );
    const stamp = key === START ? 'start' : 'end';
    return jsonReading(found, requests.length, {
      stamp,
      resolutionUs,
      words: `Cloudflare: stamps mark the ${stamp} of each request at the edge`,
      open: (clients) => {
        const maker = new RowMaker(clients);
        return (entry) => rowOf(entry, maker, { zone, key, isTimed: resolutionUs < 1e6 });
      },
    });
  },
};

function isRequest({ object }: JsonEntry): boolean {
  return (
    (START in object || END in object) && ('ClientRequestURI' in object || 'ClientRequestPath' in object)
  );
}

interface Stamps {
  readonly zone: Zone;
  readonly key: string;
  /** Whether stamps are fine enough for their difference to be a duration. */
  readonly isTimed: boolean;
}

function rowOf(entry: JsonEntry, maker: RowMaker, { zone, key, isTimed }: Stamps): Row | string {
  if (!isRequest(entry)) return NO_REQUEST;
  const subrequest = entry.object.WorkerSubrequest;
  const source = given(entry.get('ClientRequestSource'));
  if (subrequest === true || subrequest === 'true' || !OUTSIDE.has(source ?? 'unknown'))
    return SET_APART.platform;
  const startUs = readInstant(entry.get(key) ?? '', zone);
  const tookUs = isTimed && key === START ? readInstant(entry.get(END) ?? '', zone) - startUs : Number.NaN;
  return maker.make({
    startUs,
    durationUs: tookUs >= 0 ? tookUs : undefined,
    method: entry.get('ClientRequestMethod'),
    target: entry.get('ClientRequestURI') ?? entry.get('ClientRequestPath'),
    host: entry.get('ClientRequestHost'),
    scheme: given(entry.get('ClientRequestScheme')),
    status: entry.get('EdgeResponseStatus'),
    bytes: entry.get('EdgeResponseBytes'),
    address: entry.get('ClientIP'),
    agent: entry.get('ClientRequestUserAgent'),
  });
}
