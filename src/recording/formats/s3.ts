// Server access logs of AWS S3, also written by what imitates it.

import { readClfDate } from '../fields/instants.js';
import { readDurationUs } from '../fields/row-maker.js';
import { type FoundLine, splitFields, textFormat } from '../fields/text-format.js';
import { Zone } from '../read/zone.js';
import { type Format, UNREAD } from './format.js';

/** Fields up to the host header; TLS version, access point and what is appended to them are not needed. */
const FIELDS = 23;
/** `REST.GET.OBJECT`, `WEBSITE.GET.OBJECT`, `S3.EXPIRE.OBJECT`. */
const OPERATION = /^[A-Z0-9]{1,16}\.[A-Z0-9_.]{1,64}$/;

export const s3: Format = textFormat({
  id: 's3',
  name: 'S3 server access log',
  vantage: 'origin',
  expects:
    'lines such as: 79a5 bucket [20/Feb/2026:17:26:01 +0000] 192.0.2.7 79a5 3E57 REST.GET.OBJECT p.jpg ' +
    '"GET /p.jpg HTTP/1.1" 200 - 113 113 7 6 "-" "Mozilla/5.0" … (AWS S3)',
  reader: () => ({
    stamp: 'start',
    read: readS3,
    stampModel: () => 'S3 log: stamps mark the start in whole seconds; spread over the second at random',
  }),
});

/**
 * Fields by number: 2 time, 3 client, 6 operation, 8 request, 9 status, 11 bytes, 13 total time in ms, 16 agent,
 * 22 host. What S3 does by itself, such as expiring objects, has no request.
 */
function readS3(text: string): FoundLine | string {
  const fields = splitFields(text, FIELDS, true);
  const stamp = fields[2] ?? '';
  if (fields.length < 10 || !OPERATION.test(fields[6]!)) return UNREAD.notFormat;
  const startUs = readClfDate(stamp, Zone.UTC);
  if (Number.isNaN(startUs)) return UNREAD.notFormat;
  return {
    stamp,
    startUs,
    durationUs: readDurationUs(fields[13], 1e3),
    request: fields[8],
    host: fields[22],
    status: fields[9],
    bytes: fields[11],
    address: fields[3],
    agent: fields[16],
  };
}
