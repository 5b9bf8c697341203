// Access logs of nginx-proxy-manager: `proxy` and `standard`, which it writes for each host.

import { readClfDate } from '../fields/instants.js';
import { unescapeLog } from '../fields/request.js';
import { type FoundLine, textFormat } from '../fields/text-format.js';
import { Zone } from '../read/zone.js';
import { type Format, UNREAD } from './format.js';

const STAMP_CHARS = 26;
/** Cache status and upstream's statuses in `proxy` (lists after retries), then the status and what was asked for. */
const HEAD = /\] (?:[\w-]{1,16} [\d, :-]{1,64} )?(\d{3}) - ([A-Z][A-Z_-]{0,23}|-)? (https?) (\S{1,261}) "/y;
const TAIL = /" \[Client ([^\]\s]{1,64})\] \[Length (\d{1,15}|-)\] /y;

export const nginxProxyManager: Format = textFormat({
  id: 'npm',
  name: 'nginx-proxy-manager log',
  vantage: 'balancer',
  expects:
    'lines such as: [20/Feb/2026:17:26:01 +0000] - 200 200 - GET https shop.example "/p" [Client 192.0.2.7] ' +
    '[Length 512] [Gzip -] [Sent-to web1] "Mozilla/5.0" "-" (nginx-proxy-manager)',
  reader: () => ({
    stamp: 'end',
    read: readLine,
    stampModel: () =>
      'nginx-proxy-manager log: stamps mark the end in whole seconds, without durations, so starts are late by each ' +
      'response time; spread over the second at random',
  }),
});

function readLine(text: string): FoundLine | string {
  if (!text.startsWith('[')) return UNREAD.notFormat;
  HEAD.lastIndex = 1 + STAMP_CHARS;
  const head = HEAD.exec(text);
  if (head === null) return UNREAD.notFormat;
  const stamp = text.slice(1, 1 + STAMP_CHARS);
  const startUs = readClfDate(stamp, Zone.UTC);
  if (Number.isNaN(startUs)) return UNREAD.notFormat;
  const from = HEAD.lastIndex;
  const end = text.indexOf('" [Client ', from);
  TAIL.lastIndex = end;
  const tail = end < 0 ? null : TAIL.exec(text);
  if (tail === null) return UNREAD.notFormat;
  const [, status, method, scheme, host] = head;
  if (method === undefined || method === '-') return UNREAD.noRequest;
  const quote = text.indexOf(' "', TAIL.lastIndex - 1);
  const close = quote < 0 ? -1 : text.indexOf('" "', quote + 2);
  return {
    stamp,
    startUs,
    method,
    target: unescapeLog(text.slice(from, end)),
    host,
    scheme,
    status,
    bytes: tail[2],
    address: tail[1],
    agent: close < 0 ? undefined : text.slice(quote + 2, close),
  };
}
