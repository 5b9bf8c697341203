// Squid's native access log.

import { readEpoch } from '../fields/instants.js';
import { readDurationUs } from '../fields/row-maker.js';
import { type FoundLine, splitFields, textFormat } from '../fields/text-format.js';
import { type Format, UNREAD } from './format.js';

const RESULT = /^[A-Z_]{1,64}\/\d{1,3}$/;
const EPOCH = /^\d{9,11}\.\d{3}$/;

export const squid: Format = textFormat({
  id: 'squid',
  name: 'Squid native log',
  vantage: 'capture',
  expects:
    'lines such as: 1771608361.586    919 192.0.2.7 TCP_MISS/200 512 GET http://shop.example/p - ' +
    'HIER_DIRECT/198.51.100.2 text/html (Squid)',
  reader: () => ({
    stamp: 'end',
    read: readSquid,
    stampModel: () =>
      'Squid log: stamps mark the end in milliseconds, moved back by the duration; nothing spread',
  }),
});

/** Fields by number: 0 time, 1 duration in ms, 2 client, 3 result and status, 4 bytes, 5 method, 6 URL. */
function readSquid(text: string): FoundLine | string {
  const fields = splitFields(text, 8);
  const stamp = fields[0] ?? '';
  const result = fields[3] ?? '';
  if (fields.length < 7 || !EPOCH.test(stamp) || !RESULT.test(result)) return UNREAD.notFormat;
  const target = fields[6]!;
  // What never became a request, such as `error:transaction-end-before-headers`.
  if (target.startsWith('error:') || fields[5]!.startsWith('NONE')) return UNREAD.noRequest;
  const status = result.slice(result.indexOf('/') + 1);
  return {
    stamp,
    startUs: readEpoch(stamp, 's'),
    durationUs: readDurationUs(fields[1], 1e3),
    method: fields[5],
    target,
    status,
    bytes: fields[4],
    address: fields[2],
  };
}
