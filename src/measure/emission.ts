// Emission: how many operations were due and how many were fired, in tenths of a second; what fidelity is judged by.
import { SLICE_S } from './cell.js';

/** Length of a bin. */
export const BIN_US = 100_000;
/** Bins of a slice. */
export const BINS = (SLICE_S * 1e6) / BIN_US;

/** One slice of time since the start. What fires late is fired in a later bin than it was due in, maybe a later slice. */
export interface Emission {
  /** First second of the slice; a multiple of SLICE_S. */
  sliceS: number;
  /**
   * BINS counts of operations by when they could be fired: when they were due, or when the answer was there that they
   * had to wait for. Those that the generator left unsent or shed are among them; not those that were not to be fired
   * for lack of a captured value, for a hook, or for a stop.
   */
  due: number[];
  /** BINS counts by when they fired: their first attempts. */
  fired: number[];
  /** SLICE_S counts, by second, of attempts that clients and people made again; empty where there were none. */
  again: number[];
}

export function emptyEmission(sliceS: number): Emission {
  return {
    sliceS,
    due: new Array<number>(BINS).fill(0),
    fired: new Array<number>(BINS).fill(0),
    again: [],
  };
}

/** Adds b, of the same slice, to a, in place. */
export function addEmission(a: Emission, b: Emission): void {
  for (let i = 0; i < BINS; i++) {
    a.due[i] = (a.due[i] as number) + (b.due[i] as number);
    a.fired[i] = (a.fired[i] as number) + (b.fired[i] as number);
  }
  b.again.forEach((n, second) => {
    countAgain(a, second, n);
  });
}

/** Counts attempts that were made again in a second of the slice, 0 to SLICE_S − 1. */
export function countAgain({ again }: Emission, second: number, n: number): void {
  if (again.length === 0) again.push(...new Array<number>(SLICE_S).fill(0));
  again[second] = (again[second] as number) + n;
}
