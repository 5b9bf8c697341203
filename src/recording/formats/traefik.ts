// Access logs of Traefik in its common format: combined lines with a tail of their own.

import { readClfDate } from '../fields/instants.js';
import { readDurationUs } from '../fields/row-maker.js';
import { type FoundLine, textFormat } from '../fields/text-format.js';
import { Zone } from '../read/zone.js';
import { type Format, UNREAD } from './format.js';

const STAMP_CHARS = 26;
/** What follows the request: status, bytes, and the quote that opens the referrer. */
const ANSWER = /" (\d{1,3}|-) (\d{1,18}|-) "/y;

export const traefik: Format = textFormat({
  id: 'traefik',
  name: 'Traefik log (common format)',
  vantage: 'balancer',
  expects:
    'lines such as: 192.0.2.7 - - [20/Feb/2026:17:26:01 +0000] "GET /p HTTP/1.1" 200 512 "-" "Mozilla/5.0" 240 ' +
    '"shop@docker" "http://10.0.0.3:80" 12ms (Traefik)',
  reader: () => ({
    stamp: 'start',
    read: readTraefik,
    stampModel: () =>
      'Traefik log: stamps mark the start in whole seconds, though lines are written at the end; spread over the ' +
      'second at random',
  }),
});

/** Read from both ends, as Traefik leaves quotes in referrers and user agents as they are. */
function readTraefik(text: string): FoundLine | string {
  const tail = readTail(text);
  if (tail === null) return UNREAD.notFormat;
  const open = text.indexOf(' [');
  const stamp = text.slice(open + 2, open + 2 + STAMP_CHARS);
  const request = open + 2 + STAMP_CHARS + 3;
  if (open < 0 || !text.startsWith('] "', request - 3)) return UNREAD.notFormat;
  const startUs = readClfDate(stamp, Zone.UTC);
  if (Number.isNaN(startUs)) return UNREAD.notFormat;
  for (let i = text.indexOf('"', request); i >= 0; i = text.indexOf('"', i + 1)) {
    ANSWER.lastIndex = i;
    const answer = ANSWER.exec(text);
    if (answer === null) continue;
    const between = text.indexOf('" "', ANSWER.lastIndex);
    if (between < 0 || between >= tail.from) return UNREAD.notFormat;
    return {
      stamp,
      startUs,
      durationUs: tail.durationUs,
      request: text.slice(request, i),
      status: answer[1],
      bytes: answer[2],
      address: text.slice(0, text.indexOf(' ')),
      agent: text.slice(between + 3, tail.from),
    };
  }
  return UNREAD.notFormat;
}

/** `" 240 "router" "url" 12ms` at the line's end: where it starts, and the duration; null if it is none. */
function readTail(text: string): { readonly from: number; readonly durationUs: number | undefined } | null {
  if (!text.endsWith('ms')) return null;
  const ms = text.lastIndexOf(' ');
  const durationUs = readDurationUs(text.slice(ms + 1, -2), 1e3);
  if (durationUs === undefined || text[ms - 1] !== '"') return null;
  const url = text.lastIndexOf('"', ms - 2);
  if (url < 3 || !text.startsWith('" ', url - 2)) return null;
  const router = text.lastIndexOf('"', url - 3);
  if (router < 3) return null;
  const count = text.lastIndexOf(' ', router - 2);
  if (!/^ (?:\d{1,18}|-) $/.test(text.slice(count, router)) || text[count - 1] !== '"') return null;
  return { from: count - 1, durationUs };
}
