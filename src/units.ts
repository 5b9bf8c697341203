// Durations, rates, sizes and counts: from what people write to numbers, and back.

/** A text that is not what was expected; `message` says what it should look like. */
export class UnitError extends Error {}

const US_PER_UNIT: Readonly<Record<string, number>> = {
  us: 1,
  µs: 1,
  ms: 1e3,
  s: 1e6,
  m: 60e6,
  min: 60e6,
  h: 3600e6,
  d: 86_400e6,
};

const NUMBER = '\\d+(?:\\.\\d+)?';
const DURATION = new RegExp(`^(?:${NUMBER}(?:us|µs|ms|min|s|m|h|d))+$`);
const DURATION_PART = new RegExp(`(${NUMBER})(us|µs|ms|min|s|m|h|d)`, 'g');

/**
 * Reads a duration such as `800ms`, `90s`, `1h30m`; a bare number counts as seconds.
 * @returns whole microseconds
 * @throws UnitError
 */
export function parseDurationUs(text: string | number): number {
  if (typeof text === 'number') return secondsToUs(text, String(text));
  const compact = text.replace(/\s+/g, '');
  if (new RegExp(`^${NUMBER}$`).test(compact)) return secondsToUs(Number(compact), text);
  if (!DURATION.test(compact)) {
    throw new UnitError(`"${text}" is not a duration; write 800ms, 90s, 10m or 1h30m`);
  }
  let us = 0;
  for (const [, value, unit] of compact.matchAll(DURATION_PART)) {
    us += Number(value) * (US_PER_UNIT[unit as string] as number);
  }
  return Math.round(us);
}

function secondsToUs(seconds: number, text: string): number {
  if (!Number.isFinite(seconds) || seconds < 0) {
    throw new UnitError(`"${text}" is not a duration; write 800ms, 90s, 10m or 1h30m`);
  }
  return Math.round(seconds * 1e6);
}

/**
 * Reads a rate such as `3000/s`, `100/min` or a bare number of requests a second.
 * @returns requests per second
 * @throws UnitError
 */
export function parseRatePerSec(text: string | number): number {
  if (typeof text === 'number') {
    if (Number.isFinite(text) && text >= 0) return text;
  } else {
    const match = new RegExp(`^(${NUMBER})(?:/(s|sec|m|min|h))?$`).exec(text.replace(/[\s,_]+/g, ''));
    if (match) {
      const per = { s: 1, sec: 1, m: 60, min: 60, h: 3600 }[match[2] ?? 's'] as number;
      return Number(match[1]) / per;
    }
  }
  throw new UnitError(`"${text}" is not a rate; write 3000/s, 100/min, or a number of requests a second`);
}

/**
 * Reads a multiple such as `5x`, `5×` or `0.5`.
 * @throws UnitError
 */
export function parseMultiple(text: string | number): number {
  const match = new RegExp(`^(${NUMBER})\\s*[x×]?$`, 'i').exec(String(text).trim());
  if (!match) throw new UnitError(`"${text}" is not a multiple; write 5x or 5`);
  return Number(match[1]);
}

const BYTES_PER_UNIT: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
};

/**
 * Reads a size such as `2KB` (decimal), `1MiB` (binary) or a bare number of bytes.
 * @returns whole bytes
 * @throws UnitError
 */
export function parseBytes(text: string | number): number {
  const match = new RegExp(`^(${NUMBER})\\s*([kmg]i?b|b)?$`, 'i').exec(String(text).trim());
  const bytes = match && Number(match[1]) * (BYTES_PER_UNIT[(match[2] ?? 'b').toLowerCase()] as number);
  if (bytes === null || !Number.isSafeInteger(Math.ceil(bytes))) {
    throw new UnitError(`"${text}" is not a size; write 2KB, 1MiB, or a number of bytes`);
  }
  return Math.ceil(bytes);
}

/** A duration for people, three significant digits: `0.3 ms`, `42 ms`, `2.1 s`, `12m05s`, `2h10m`. */
export function formatDuration(us: number): string {
  if (us < 1_000) return `${trim(us / 1e3, us < 10 ? 3 : us < 100 ? 2 : 1)} ms`;
  if (us < 10_000) return `${trim(us / 1e3, 1)} ms`;
  if (us < 999_500) return `${Math.round(us / 1e3)} ms`;
  if (us < 60e6) return `${trim(us / 1e6, us < 10e6 ? 2 : 1)} s`;
  const seconds = Math.round(us / 1e6);
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${pad2(seconds % 60)}s`;
  return `${Math.floor(seconds / 3600)}h${pad2(Math.floor((seconds % 3600) / 60))}m`;
}

/** An instant on a run's own clock: `0:47`, `12:05`, `1:02:03`. */
export function formatOffset(us: number): string {
  const seconds = Math.max(0, Math.round(us / 1e6));
  const h = Math.floor(seconds / 3600);
  const m = Math.floor((seconds % 3600) / 60);
  return h > 0 ? `${h}:${pad2(m)}:${pad2(seconds % 60)}` : `${m}:${pad2(seconds % 60)}`;
}

/** A whole number with thousands separated: `1,240`. */
export function formatCount(n: number): string {
  return Math.round(n).toLocaleString('en-US');
}

/** A rate for people: `1,240/s`, `3.5/s`. */
export function formatRate(perSec: number): string {
  return `${perSec >= 100 ? formatCount(perSec) : trim(perSec, perSec < 10 ? 2 : 1)}/s`;
}

/** A share as a percentage that never rounds something to nothing: `20.0 %`, `0.03 %`, `< 0.01 %`, `0 %`. */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent === 0) return '0 %';
  if (percent > 0 && percent < 0.01) return '< 0.01 %';
  if (percent < 1) return `${percent.toFixed(2)} %`;
  if (percent > 99.9 && percent < 100) return `${Math.min(99.99, percent).toFixed(2)} %`;
  return `${percent.toFixed(1)} %`;
}

/** A multiple for people: `3.1×`. */
export function formatMultiple(multiple: number): string {
  return `${trim(multiple, 1)}×`;
}

/** A number of bytes for people: `1.2 MB` (decimal units). */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let i = 0;
  while (value >= 1000 && i < units.length - 1) {
    value /= 1000;
    i++;
  }
  return `${i === 0 ? value : trim(value, value < 10 ? 1 : 0)} ${units[i]}`;
}

function trim(value: number, digits: number): string {
  const fixed = value.toFixed(digits);
  return fixed.includes('.') ? fixed.replace(/\.?0+$/, '') : fixed;
}

function pad2(n: number): string {
  return String(n).padStart(2, '0');
}
