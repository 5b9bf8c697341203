// Reads the time stamps of logs from text: ISO 8601, epochs in any unit, and dates as Apache writes them.
import type { Zone } from '../read/zone.js';
import type { FieldUnit } from './field-map.js';

const ISO =
  /^(\d{4})-(\d\d)-(\d\d)[T _](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?\s*(Z|[+-]\d\d:?(?:\d\d)?|UTC|GMT)?$/i;
const CLF =
  /^(\d\d)\/([A-Za-z]{3})\/(\d{4}):(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:\s+([+-]\d\d:?\d\d|UTC|Z))?$/;
const EPOCH = /^(\d{1,19})(?:\.(\d{1,9})\d*)?$/;
const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');

/** Stamps before 1971 and after 2100 are no stamps of requests. */
export const EARLIEST_US = Date.UTC(1971, 0, 1) * 1e3;
export const LATEST_US = Date.UTC(2100, 0, 1) * 1e3;

/**
 * Reads `2025-11-24T17:26:01.123Z` with a `T` or a space, any fraction to nine digits, any offset.
 * @param zone for a stamp that has none
 * @returns UTC microseconds; NaN if it is no such stamp
 */
export function readIso(text: string, zone: Zone): number {
  const match = ISO.exec(text);
  if (match === null) return Number.NaN;
  const [, year, month, day, hour, minute, second, fraction, offset] = match;
  return utcUs(year, Number(month) - 1, day, hour, minute, second, fraction, offset, zone);
}

/** Reads `24/Nov/2025:17:26:01.123 +0000`, without brackets; the fraction and the offset may be missing. */
export function readClfDate(text: string, zone: Zone): number {
  const match = CLF.exec(text);
  if (match === null) return Number.NaN;
  const [, day, month = '', year, hour, minute, second, fraction, offset] = match;
  return utcUs(year, MONTHS.indexOf(month.toLowerCase()), day, hour, minute, second, fraction, offset, zone);
}

/**
 * Reads an epoch: seconds with or without a fraction, or whole milliseconds, microseconds or nanoseconds; which of
 * them is told by the number of digits unless `unit` says it. Digits beyond microseconds are cut, not rounded.
 */
export function readEpoch(text: string, unit: FieldUnit | null = null): number {
  const match = EPOCH.exec(text);
  if (match === null) return Number.NaN;
  const [, whole = '', fraction = ''] = match;
  const n = whole.length;
  const of = unit ?? (n <= 11 ? 's' : n <= 14 ? 'ms' : n <= 17 ? 'us' : 'ns');
  let us: number;
  if (of === 's') us = Number(whole) * 1e6 + Number(fraction.padEnd(6, '0').slice(0, 6));
  else if (of === 'ms') us = Number(whole) * 1e3 + Number(fraction.padEnd(3, '0').slice(0, 3));
  // Text, as nanoseconds since 1970 are beyond 2^53.
  else us = of === 'us' ? Number(whole) : Number(whole.slice(0, -3));
  return us >= EARLIEST_US && us < LATEST_US ? us : Number.NaN;
}

/** Any of the above. */
export function readInstant(text: string, zone: Zone, unit: FieldUnit | null = null): number {
  const first = text.charCodeAt(0);
  if (!(first >= 48 && first <= 57)) return Number.NaN;
  if (text[4] === '-') return readIso(text, zone);
  return text[2] === '/' ? readClfDate(text, zone) : readEpoch(text, unit);
}

/** The step that the digits of a stamp's fraction show: 1e6 for none, 1e3 for three; 1 at the least. */
export function resolutionOf(text: string): number {
  const [, fraction = ''] = /[.,](\d{1,9})/.exec(text) ?? [];
  if (fraction === '' && /^\d{12,}$/.test(text)) return text.length <= 14 ? 1e3 : 1;
  return Math.max(1, 10 ** (6 - fraction.length));
}

function utcUs(
  year: string | undefined,
  month: number,
  day: string | undefined,
  hour: string | undefined,
  minute: string | undefined,
  second: string | undefined,
  fraction: string | undefined,
  offset: string | undefined,
  zone: Zone,
): number {
  const [y, d, h, m, s] = [Number(year), Number(day), Number(hour), Number(minute), Number(second)];
  if (!(month >= 0 && month < 12 && h < 24 && m < 60 && s <= 60)) return Number.NaN;
  // The 31st of February is the 2nd of March to Date.UTC.
  if (!(d >= 1 && d <= 28) && new Date(Date.UTC(y, month, d)).getUTCDate() !== d) return Number.NaN;
  const dayMs = Date.UTC(y, month, d);
  const localUs =
    dayMs * 1e3 +
    ((h * 60 + m) * 60 + s) * 1e6 +
    (fraction === undefined ? 0 : Number(fraction.padEnd(6, '0').slice(0, 6)));
  const us = offset === undefined ? zone.toUtcUs(localUs) : localUs - offsetUs(offset);
  return us >= EARLIEST_US && us < LATEST_US ? us : Number.NaN;
}

function offsetUs(text: string): number {
  const [, sign, hours, minutes = '0'] = /^([+-])(\d\d):?(\d\d)?$/.exec(text) ?? [];
  if (sign === undefined) return 0;
  const us = (Number(hours) * 60 + Number(minutes || 0)) * 60e6;
  return sign === '-' ? -us : us;
}
