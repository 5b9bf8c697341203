// What a thread can learn of itself: how long it ran and waited for a processor, as Linux counts, and its collections.
import { closeSync, openSync, readSync } from 'node:fs';
import { PerformanceObserver } from 'node:perf_hooks';
import type { Collection, StallSource, ThreadTimes } from '../drive/stall-causes.js';

/** Nanoseconds run, nanoseconds waited, turns; of the thread that opened it. */
const SCHEDSTAT = '/proc/thread-self/schedstat';
/** Three numbers of 20 digits. */
const SCHEDSTAT_BYTES = 64;
/** Between two health lines; what is over is left out. */
const COLLECTIONS_MAX = 4_096;

/** Watches the thread that it is made in. */
export class ThreadWatch implements StallSource {
  readonly #buffer = Buffer.alloc(SCHEDSTAT_BYTES);
  readonly #descriptor = openSchedstat();
  readonly #observer: PerformanceObserver;
  #collections: Collection[] = [];

  /** @param startUs due time 0 on the monotonic clock */
  constructor(startUs: number) {
    const originUs = performance.timeOrigin * 1e3 - startUs;
    this.#observer = new PerformanceObserver((list) => {
      for (const { startTime, duration } of list.getEntries()) {
        if (this.#collections.length >= COLLECTIONS_MAX) return;
        const fromUs = originUs + startTime * 1e3;
        this.#collections.push({ startUs: fromUs, endUs: fromUs + duration * 1e3 });
      }
    });
    this.#observer.observe({ entryTypes: ['gc'] });
  }

  readTimes(into: ThreadTimes): boolean {
    if (this.#descriptor === null) return false;
    return parseSchedstat(
      this.#buffer,
      readSync(this.#descriptor, this.#buffer, 0, SCHEDSTAT_BYTES, 0),
      into,
    );
  }

  takeCollections(): readonly Collection[] {
    const taken = this.#collections;
    this.#collections = [];
    return taken;
  }

  close(): void {
    this.#observer.disconnect();
    if (this.#descriptor !== null) closeSync(this.#descriptor);
  }
}

/**
 * Reads two counters of nanoseconds, without making a string of them.
 * @returns false if they are not there, or the system does not count: then `into` is as it was
 */
export function parseSchedstat(bytes: Uint8Array, length: number, into: ThreadTimes): boolean {
  let at = 0;
  const next = (): number => {
    let ns = 0;
    const from = at;
    for (let digit = digitAt(bytes, at, length); digit >= 0; digit = digitAt(bytes, ++at, length))
      ns = ns * 10 + digit;
    return at === from ? Number.NaN : ns;
  };
  const ranNs = next();
  at++;
  const waitedNs = next();
  if (!(ranNs > 0) || Number.isNaN(waitedNs)) return false;
  into.ranUs = ranNs / 1e3;
  into.waitedUs = waitedNs / 1e3;
  return true;
}

function digitAt(bytes: Uint8Array, at: number, length: number): number {
  const byte = at < length ? (bytes[at] as number) : 0;
  return byte >= 48 && byte <= 57 ? byte - 48 : -1;
}

function openSchedstat(): number | null {
  try {
    return openSync(SCHEDSTAT, 'r');
  } catch {
    return null;
  }
}
