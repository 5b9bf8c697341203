// Retry-After: how long an answer asks its client to wait.

/** IMF-fixdate, the one form of a date that servers may send (RFC 9110, 5.6.7). */
const DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * Reads the header: seconds, or a date (RFC 9110, 10.2.3).
 * @param utcUs UTC microseconds now
 * @returns microseconds from now, 0 where the date is past; null where it says nothing
 */
export function retryAfterUs(value: string | null, utcUs: number): number | null {
  if (value === null) return null;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1e6;
  const atMs = DATE.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(atMs) ? null : Math.max(0, atMs * 1e3 - utcUs);
}
