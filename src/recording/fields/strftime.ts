// Reads time stamps that were written by a strftime pattern, as Apache's `%{…}t` takes one.
import type { Zone } from '../read/zone.js';
import { EARLIEST_US, LATEST_US } from './instants.js';

/** What was read of a stamp, maybe by several patterns of one line; undefined is not read. */
export interface StampParts {
  epochUs?: number;
  year?: number;
  month?: number;
  day?: number;
  hour?: number;
  minute?: number;
  second?: number;
  isAfternoon?: boolean;
  /** Microseconds inside the second. */
  fractionUs?: number;
  zoneUs?: number;
}

/** A compiled pattern. */
export interface StampPattern {
  /** The step of what it writes, microseconds. */
  readonly resolutionUs: number;
  /** Reads at `at` of a line; returns where the stamp ends, −1 if there is none. */
  read(text: string, at: number, parts: StampParts): number;
}

type Step = (text: string, at: number, parts: StampParts) => number;

const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');

const setDay = (parts: StampParts, n: number) => void (parts.day = n);
const twoDigitDay = digits(2, setDay);
const oneDigitDay = digits(1, setDay);

/** `%d` and so on by their letter. */
const CODES: Readonly<Record<string, Step>> = {
  Y: digits(4, (parts, n) => void (parts.year = n)),
  y: digits(2, (parts, n) => void (parts.year = n < 70 ? 2000 + n : 1900 + n)),
  m: digits(2, (parts, n) => void (parts.month = n - 1)),
  d: twoDigitDay,
  e: (text, at, parts) =>
    text[at] === ' ' ? oneDigitDay(text, at + 1, parts) : twoDigitDay(text, at, parts),
  H: digits(2, (parts, n) => void (parts.hour = n)),
  I: digits(2, (parts, n) => void (parts.hour = n % 12)),
  M: digits(2, (parts, n) => void (parts.minute = n)),
  S: digits(2, (parts, n) => void (parts.second = n)),
  j: digits(3, () => undefined),
  s: (text, at, parts) => {
    const [found] = /^\d{1,11}/.exec(text.slice(at, at + 12)) ?? [];
    parts.epochUs = Number(found) * 1e6;
    return found === undefined ? -1 : at + found.length;
  },
  p: (text, at, parts) => {
    const word = text.slice(at, at + 2).toUpperCase();
    parts.isAfternoon = word === 'PM';
    return word === 'AM' || word === 'PM' ? at + 2 : -1;
  },
  b: (text, at, parts) => {
    parts.month = MONTHS.indexOf(text.slice(at, at + 3).toLowerCase());
    return parts.month < 0 ? -1 : at + 3;
  },
  a: (text, at) => (/^[A-Za-z]{3}$/.test(text.slice(at, at + 3)) ? at + 3 : -1),
  z: (text, at, parts) => {
    const [all, sign, hours, minutes] = /^(?:([+-])(\d\d):?(\d\d)|Z)/.exec(text.slice(at, at + 6)) ?? [];
    const us = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60e6;
    parts.zoneUs = sign === '-' ? -us : us;
    return all === undefined ? -1 : at + all.length;
  },
  Z: (text, at, parts) => {
    const [word] = /^[A-Za-z]{1,6}/.exec(text.slice(at, at + 7)) ?? [];
    // Other abbreviations stand for several zones: what the user says of the log holds.
    if (word === 'UTC' || word === 'GMT') parts.zoneUs = 0;
    return word === undefined ? -1 : at + word.length;
  },
};

const SHORT: Readonly<Record<string, string>> = {
  T: '%H:%M:%S',
  R: '%H:%M',
  D: '%m/%d/%y',
  F: '%Y-%m-%d',
  h: '%b',
  c: '%a %b %e %H:%M:%S %Y',
};

/** Apache's words for times that strftime has no code for. */
const WORDS: Readonly<Record<string, StampPattern>> = {
  sec: { resolutionUs: 1e6, read: epoch(1e6) },
  msec: { resolutionUs: 1e3, read: epoch(1e3) },
  usec: { resolutionUs: 1, read: epoch(1) },
  msec_frac: { resolutionUs: 1e3, read: digits(3, (parts, n) => void (parts.fractionUs = n * 1e3)) },
  usec_frac: { resolutionUs: 1, read: digits(6, (parts, n) => void (parts.fractionUs = n)) },
};

/**
 * Compiles a strftime pattern, or one of Apache's words for an epoch or a fraction.
 * @returns what is wrong with it, where it cannot be read
 */
export function compileStrftime(pattern: string): StampPattern | string {
  if (Object.hasOwn(WORDS, pattern)) return WORDS[pattern]!;
  const expanded = pattern.replace(/%([TRDFhc])/g, (_, letter: string) => SHORT[letter] ?? '');
  const steps: Step[] = [];
  for (const [part, code] of expanded.matchAll(/%[EO]?(.)|[^%]+/g)) {
    const step = code === undefined || code === '%' ? literal(code ?? part) : CODES[code];
    if (step === undefined) return `%${code} in the time ${pattern} is not known`;
    steps.push(step);
  }
  if (steps.length === 0) return 'a time without a pattern';
  return { resolutionUs: 1e6, read: inOrder(steps) };
}

/** nginx's `$msec`: seconds with three decimals. */
export const EPOCH_WITH_MS: StampPattern = {
  resolutionUs: 1e3,
  read: inOrder([CODES.s!, literal('.'), WORDS.msec_frac!.read]),
};

/** UTC microseconds of what was read; NaN where that is no whole stamp. */
export function instantOf(parts: StampParts, zone: Zone): number {
  const us = parts.epochUs === undefined ? civilUs(parts, zone) : parts.epochUs + (parts.fractionUs ?? 0);
  return us >= EARLIEST_US && us < LATEST_US ? us : Number.NaN;
}

function civilUs(parts: StampParts, zone: Zone): number {
  const { year, month, day, hour = 0, minute = 0, second = 0, fractionUs = 0 } = parts;
  if (year === undefined || month === undefined || day === undefined) return Number.NaN;
  if (!(month >= 0 && month < 12 && hour < 24 && minute < 60 && second <= 60)) return Number.NaN;
  const dayMs = Date.UTC(year, month, day);
  // The 31st of February is the 2nd of March to Date.UTC.
  if (new Date(dayMs).getUTCDate() !== day) return Number.NaN;
  const hours = hour + (parts.isAfternoon ? 12 : 0);
  const localUs = dayMs * 1e3 + ((hours * 60 + minute) * 60 + second) * 1e6 + fractionUs;
  return parts.zoneUs === undefined ? zone.toUtcUs(localUs) : localUs - parts.zoneUs;
}

function digits(count: number, set: (parts: StampParts, n: number) => void): Step {
  return (text, at, parts) => {
    let n = 0;
    for (let i = at; i < at + count; i++) {
      const digit = text.charCodeAt(i) - 48;
      if (!(digit >= 0 && digit <= 9)) return -1;
      n = n * 10 + digit;
    }
    set(parts, n);
    return at + count;
  };
}

function epoch(usPerUnit: number): Step {
  return (text, at, parts) => {
    const [found] = /^\d{1,17}/.exec(text.slice(at, at + 18)) ?? [];
    parts.epochUs = Number(found) * usPerUnit;
    return found === undefined ? -1 : at + found.length;
  };
}

function literal(word: string): Step {
  return (text, at) => (text.startsWith(word, at) ? at + word.length : -1);
}

function inOrder(steps: readonly Step[]): Step {
  return (text, from, parts) => {
    let at = from;
    for (const step of steps) {
      at = step(text, at, parts);
      if (at < 0) return at;
    }
    return at;
  };
}
