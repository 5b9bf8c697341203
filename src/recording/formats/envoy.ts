// Access logs of Envoy in its default text format, and in the longer one that Istio makes of it.

import { readIso } from '../fields/instants.js';
import { given, readDurationUs } from '../fields/row-maker.js';
import { beforePort, type FoundLine, firstOf, splitFields, textFormat } from '../fields/text-format.js';
import { Zone } from '../read/zone.js';
import { type Format, UNREAD } from './format.js';

const STAMP = /\[(\d{4}-\d\d-\d\dT[\d:.]{8,18}Z)\] "/y;
const CODE = /" (\d{1,3}) /y;
const COUNT = /^\d{1,18}$/;
/** Code, flags, then at most three more in Istio's before the counts. */
const COUNTS_LATEST = 5;
const FIELDS = 24;

export const envoy: Format = textFormat({
  id: 'envoy',
  name: 'Envoy or Istio log',
  vantage: 'balancer',
  expects:
    'lines such as: [2026-02-20T17:26:01.310Z] "GET /p HTTP/2" 200 - 154 0 226 100 "192.0.2.7" "Mozilla/5.0" ' +
    '"cc21d9b0" "shop.example" "10.0.2.1:80" (Envoy, Istio)',
  reader: () => ({
    stamp: 'start',
    read: readEnvoy,
    stampModel: () =>
      'Envoy log: stamps mark the start; a stamp that a log shipper put in front is not used; nothing spread',
  }),
});

/**
 * After the request: code, flags, in Istio's format details of the response and why a connection failed; then
 * bytes received, bytes sent, duration in ms, the upstream's time, forwarded addresses, agent, request id, authority,
 * upstream host; in Istio's also cluster, two local addresses and the client's address with its port.
 */
function readEnvoy(text: string): FoundLine | string {
  const open = findStamp(text);
  if (open < 0) return UNREAD.notFormat;
  const from = STAMP.lastIndex;
  const stamp = text.slice(open + 1, from - 3);
  const startUs = readIso(stamp, Zone.UTC);
  let end = text.indexOf('"', from);
  for (; end >= 0; end = text.indexOf('"', end + 1)) {
    CODE.lastIndex = end;
    if (CODE.test(text)) break;
  }
  if (end < 0 || Number.isNaN(startUs)) return UNREAD.notFormat;
  const fields = splitFields(text.slice(end + 2), FIELDS);
  let at = 2;
  while (at <= COUNTS_LATEST && !areCounts(fields, at)) at++;
  if (at > COUNTS_LATEST) return UNREAD.notFormat;
  const request = text.slice(from, end);
  if (request.startsWith('- ')) return UNREAD.noRequest;
  const remote = given(fields[at + 12]);
  return {
    stamp,
    startUs,
    durationUs: readDurationUs(fields[at + 2], 1e3),
    request,
    host: fields[at + 7],
    status: fields[0],
    bytes: fields[at + 1],
    address: given(firstOf(fields[at + 4])) ?? (remote === undefined ? undefined : beforePort(remote)),
    agent: fields[at + 5],
  };
}

function areCounts(fields: readonly string[], at: number): boolean {
  return COUNT.test(fields[at] ?? '') && COUNT.test(fields[at + 1] ?? '') && COUNT.test(fields[at + 2] ?? '');
}

function findStamp(text: string): number {
  for (let open = text.indexOf('['); open >= 0; open = text.indexOf('[', open + 1)) {
    STAMP.lastIndex = open;
    if (STAMP.test(text)) return open;
  }
  return -1;
}
