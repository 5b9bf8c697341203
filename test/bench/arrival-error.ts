// How far requests arrived from when they were planned, as a receiver saw it.

/** What arrived, against what was planned; errors are microseconds. */
export interface ArrivalError {
  readonly planned: number;
  readonly arrived: number;
  /** Planned and never seen. */
  readonly lost: number;
  /** Planned and seen more than once. */
  readonly twice: number;
  /** Seen and never planned. */
  readonly stray: number;
  readonly p50Us: number;
  readonly p90Us: number;
  readonly p99Us: number;
  readonly maxUs: number;
}

/**
 * Compares stamps with a schedule. What is constant in them, the way to the receiver and the start, is taken out: the
 * 5th percentile of arrival minus plan counts as on time.
 * @param stamps by turns nanoseconds and id
 * @param planned microseconds by id
 */
export function scheduleError(stamps: BigInt64Array, planned: ReadonlyMap<number, number>): ArrivalError {
  const first = new Map<number, number>();
  const twice = new Set<number>();
  let stray = 0;
  for (let i = 0; i < stamps.length; i += 2) {
    const id = Number(stamps[i + 1]);
    if (!planned.has(id)) stray++;
    else if (first.has(id)) twice.add(id);
    else first.set(id, Number(stamps[i]) / 1e3);
  }
  const differences: number[] = [];
  for (const [id, atUs] of first) differences.push(atUs - (planned.get(id) as number));
  return {
    planned: planned.size,
    arrived: stamps.length / 2,
    lost: planned.size - first.size,
    twice: twice.size,
    stray,
    ...quantilesOf(differences),
  };
}

/** Edges that are left out of a comparison with even spacing: a tool's start, and its end. */
const EVEN_FROM = 0.05;
const EVEN_TO = 0.98;

/** Compares stamps with even spacing, for tools whose schedule is not known but for its rate. */
export function spacingError(stamps: BigInt64Array, perSec: number): ArrivalError {
  const atUs: number[] = [];
  for (let i = 0; i < stamps.length; i += 2) atUs.push(Number(stamps[i]) / 1e3);
  const kept = atUs
    .toSorted((a, b) => a - b)
    .slice(Math.floor(atUs.length * EVEN_FROM), Math.floor(atUs.length * EVEN_TO));
  const arrived = atUs.length;
  const differences = kept.map((at, i) => at - (i * 1e6) / perSec);
  return { planned: arrived, arrived, lost: 0, twice: 0, stray: 0, ...quantilesOf(differences) };
}

function quantilesOf(differences: readonly number[]) {
  const sorted = Float64Array.from(differences).sort();
  const base = sorted[Math.floor(sorted.length / 20)] ?? Number.NaN;
  const errors = sorted.map((difference) => Math.abs(difference - base)).sort();
  const at = (share: number) =>
    errors[Math.min(errors.length - 1, Math.floor(errors.length * share))] ?? Number.NaN;
  return { p50Us: at(0.5), p90Us: at(0.9), p99Us: at(0.99), maxUs: at(1) };
}
