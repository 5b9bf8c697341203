// ISO 8601 instants to microseconds, in a time zone that is written or UTC, never the machine's.

const INSTANT =
  /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?$/i;

/**
 * Reads `2025-11-28T17:26:00Z`, with or without seconds, fractions and zone (none is UTC).
 * @returns UTC microseconds, or undefined if the text is no instant
 */
export function parseInstantUs(text: string): number | undefined {
  const match = INSTANT.exec(text.trim());
  if (match === null) return undefined;
  const [, date, hour = '00', minute = '00', second = '00', fraction = '', zone = 'Z'] = match;
  const ms = Date.parse(`${date}T${hour}:${minute}:${second}Z`);
  // Date.parse takes 30 February for 2 March.
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== date) return undefined;
  return ms * 1e3 + Number(fraction.padEnd(6, '0').slice(0, 6)) - zoneMinutes(zone) * 60e6;
}

function zoneMinutes(zone: string): number {
  if (zone.toUpperCase() === 'Z') return 0;
  const digits = zone.replace(':', '');
  const minutes = Number(digits.slice(1, 3)) * 60 + Number(digits.slice(3, 5) || 0);
  return digits.startsWith('-') ? -minutes : minutes;
}
