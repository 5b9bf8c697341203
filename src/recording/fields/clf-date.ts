// Reads the time stamp of NCSA logs, `20/Feb/2016:00:00:45 -0500`, from bytes.

/** Bytes that a stamp takes, without its brackets. */
export const CLF_DATE_BYTES = 26;

/** `jan` and so on as three lower-case letters in one number, to the month from 0; months are always English. */
const MONTHS = new Map(
  ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'].map((name, i) => [
    (name.charCodeAt(0) << 16) | (name.charCodeAt(1) << 8) | name.charCodeAt(2),
    i,
  ]),
);

const COLON = 58;
const SLASH = 47;
const SPACE = 32;
const PLUS = 43;
const MINUS = 45;

/** A reader of stamps; it keeps the last day seen, as the next line is nearly always of the same. */
export class ClfDate {
  private dayKey = -1;
  private dayStartS = 0;

  /**
   * The stamp at `at`, with its zone from the line and never from this machine.
   * @returns UTC microseconds since 1970; NaN if there is no valid stamp
   */
  read(bytes: Buffer, at: number): number {
    if (
      bytes[at + 2] !== SLASH ||
      bytes[at + 6] !== SLASH ||
      bytes[at + 11] !== COLON ||
      bytes[at + 14] !== COLON ||
      bytes[at + 17] !== COLON ||
      bytes[at + 20] !== SPACE
    ) {
      return Number.NaN;
    }
    const day = two(bytes, at);
    const month = (bytes[at + 3]! << 16) | (bytes[at + 4]! << 8) | bytes[at + 5]! | 0x202020;
    const year = two(bytes, at + 7) * 100 + two(bytes, at + 9);
    // Days take 5 bits, years 14, months 24: together 43.
    const dayKey = month * 524_288 + year * 32 + day;
    if (dayKey !== this.dayKey) {
      const startS = dayStartS(year, month, day);
      if (Number.isNaN(startS)) return startS;
      this.dayKey = dayKey;
      this.dayStartS = startS;
    }
    const hour = two(bytes, at + 12);
    const minute = two(bytes, at + 15);
    const second = two(bytes, at + 18);
    const sign = bytes[at + 21];
    const zoneHour = two(bytes, at + 22);
    const zoneMinute = two(bytes, at + 24);
    // 60 is a leap second. A part that is no number is NaN or too large, and fails its comparison.
    if (!(hour < 24 && minute < 60 && second <= 60 && zoneHour < 24 && zoneMinute < 60)) return Number.NaN;
    if (sign !== PLUS && sign !== MINUS) return Number.NaN;
    const zoneS = (zoneHour * 60 + zoneMinute) * 60;
    const localS = this.dayStartS + (hour * 60 + minute) * 60 + second;
    return (sign === PLUS ? localS - zoneS : localS + zoneS) * 1e6;
  }
}

function dayStartS(year: number, monthCode: number, day: number): number {
  const month = MONTHS.get(monthCode);
  if (month === undefined || !(year >= 1971 && year < 2100)) return Number.NaN;
  const ms = Date.UTC(year, month, day);
  // The 31st of February is the 2nd of March to Date.UTC.
  return new Date(ms).getUTCDate() === day ? ms / 1000 : Number.NaN;
}

/** Two digits as a number; 1,000 or more if they are none. */
function two(bytes: Buffer, at: number): number {
  const tens = bytes[at]! - 48;
  const ones = bytes[at + 1]! - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : 1_000_000;
}
