// Reads one entry of a HAR: what was asked, when, and whether it went to a server at all.

import { countAt, type JsonObject, listAt, objectAt, textAt } from '../fields/json-values.js';
import { URL_MAX } from '../fields/records.js';
import { bytesOf, type Found, readDurationUs, readStatus } from '../fields/row-maker.js';
import { type Header, headerValue, sendable, writeHeaders } from '../secrets/headers.js';
import { SET_APART, UNREAD } from './format.js';
import { readHarBody } from './har-body.js';
import { siteOf } from './sites.js';

/** Reasons, beside the shared ones, for which an entry is no row. */
export const UNREAD_ENTRY = {
  tooLong: 'entry longer than 64 MiB',
  noRequest: 'entry without a request',
} as const;

/** What is kept of an entry until all have been read. */
export interface HarEntry {
  /** UTC microseconds; NaN where there is no stamp. */
  readonly startUs: number;
  /** The page it belongs to; '' for none. */
  readonly page: string;
  /** The site it was sent to. */
  readonly site: string;
  /** Whether it is a page, not a part of one, and no redirect. */
  readonly isDocument: boolean;
  readonly agent: string | undefined;
  /** Why it is no row; '' where it may be one. */
  readonly reason: string;
  readonly found: Found;
}

/**
 * Reads an entry's JSON.
 * @param readStamp UTC microseconds of a stamp, NaN if it is none
 * @returns the entry, or why it is none
 */
export function readHarEntry(text: string, readStamp: (text: string) => number): HarEntry | string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return UNREAD.notJson;
  }
  const entry = objectAt(parsed);
  const request = objectAt(entry.request);
  const response = objectAt(entry.response);
  const method = textAt(request.method) ?? '';
  const url = textAt(request.url) ?? '';
  if (method === '' || url === '') return UNREAD_ENTRY.noRequest;
  if (url.length > URL_MAX) return /^(?:data|blob):/i.test(url) ? SET_APART.noServer : UNREAD.urlTooLong;
  const scheme = /^([a-z][a-z0-9+.-]{0,31}):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme === 'ws' || scheme === 'wss') return SET_APART.upgrade;
  // CONNECT names host:port, which looks like a scheme.
  if (scheme !== undefined && !/^https?$/.test(scheme) && method !== 'CONNECT') return SET_APART.noServer;
  const headers = headersOf(request.headers);
  const startUs = readStamp(textAt(entry.startedDateTime) ?? '');
  return {
    startUs,
    page: textAt(entry.pageref) ?? '',
    site: siteOf(url),
    isDocument: isDocument(entry, response),
    agent: headerValue(headers, 'user-agent'),
    reason: reasonAgainst(entry, response),
    found: {
      startUs,
      durationUs: durationUs(entry),
      method,
      target: bytesOf(url.split('#', 1)[0] ?? ''),
      status: readStatus(countAt(response.status)),
      bytes: countAt(response.bodySize),
      ...contentOf(request.postData, headers),
    },
  };
}

function contentOf(postData: unknown, headers: readonly Header[]): Pick<Found, 'headers' | 'body'> {
  const kept = sendable(headers);
  const type = headerValue(kept, 'content-type');
  const body = readHarBody(postData, type);
  if (body === undefined) return { headers: writeHeaders(kept), body: undefined };
  if (type === undefined && body.type !== '') kept.push(...sendable([['content-type', body.type]]));
  return { headers: writeHeaders(kept), body: body.bytes };
}

function headersOf(headers: unknown): Header[] {
  return listAt(headers).flatMap((header): Header[] => {
    const { name, value } = objectAt(header);
    return typeof name === 'string' && typeof value === 'string' ? [[name, value]] : [];
  });
}

function reasonAgainst(entry: JsonObject, response: JsonObject): string {
  const status = countAt(response.status) ?? 0;
  if (status === 101 || entry._resourceType === 'websocket') return SET_APART.upgrade;
  if (isCached(entry, response, status)) return SET_APART.fromCache;
  if (status === 0) return SET_APART.unanswered;
  const isStream =
    mimeType(response).startsWith('text/event-stream') || entry._resourceType === 'eventsource';
  return isStream ? SET_APART.longPoll : '';
}

/**
 * Whether the browser answered by itself. A 304 did reach the server, though it brought no bytes; so may an answer of
 * unknown size have (−1). Safari names its caches in `_fetchType`; Firefox shows them by an answer that took no time and
 * has neither a version of HTTP nor headers.
 */
function isCached(entry: JsonObject, response: JsonObject, status: number): boolean {
  if (typeof entry._fromCache === 'string' || entry._fromCache === true) return true;
  if (/^(?:memory|disk) cache$/i.test(textAt(entry._fetchType) ?? '')) return true;
  const isBare = response.httpVersion === '' && listAt(response.headers).length === 0;
  if (isBare && entry.time === 0 && status >= 200 && status < 300) return true;
  // Headers alone are bytes: nothing was transferred at all.
  return response._transferSize === 0 && status >= 200 && status < 300;
}

function isDocument(entry: JsonObject, response: JsonObject): boolean {
  const status = countAt(response.status) ?? 0;
  if (status >= 300 && status < 400 && status !== 304) return false;
  if (typeof entry._resourceType === 'string') return entry._resourceType === 'document';
  return /^(?:text\/html|application\/xhtml\+xml)\b/.test(mimeType(response));
}

function mimeType(response: JsonObject): string {
  return (textAt(objectAt(response.content).mimeType) ?? '').toLowerCase();
}

/** `time`, milliseconds; else the sum of the timings but for `ssl`, which is inside `connect`. −1 is not applicable. */
function durationUs(entry: JsonObject): number | undefined {
  const time = countAt(entry.time);
  if (time !== undefined) return readDurationUs(time, 1e3);
  const timings = objectAt(entry.timings);
  const parts = ['blocked', 'dns', 'connect', 'send', 'wait', 'receive'].map((name) =>
    countAt(timings[name]),
  );
  const known = parts.filter((part) => part !== undefined);
  return known.length === 0
    ? undefined
    : readDurationUs(
        known.reduce((sum, ms) => sum + ms, 0),
        1e3,
      );
}
