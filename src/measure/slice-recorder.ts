// The slice recorder: the slices that a worker has open, by stream and phase, until their ten seconds have closed.
import type { Phase } from '../scenario/plan.js';
import { COARSE } from './buckets.js';
import { SLICE_S, type Slice } from './cell.js';
import { DistributionBuilder } from './distribution-builder.js';
import { phaseIndexAt } from './snapshot.js';
import { TailBuilder } from './tail-builder.js';

export interface OpenSlice {
  readonly stream: number;
  readonly phase: number;
  readonly sliceS: number;
  readonly slip: DistributionBuilder;
  readonly lag: DistributionBuilder;
  readonly wait: DistributionBuilder;
  readonly service: DistributionBuilder;
  tainted: number;
  taintedFailures: number;
  readonly tail: TailBuilder;
}

export class SliceRecorder {
  /** By `stream/phase/sliceS`. */
  readonly #open = new Map<string, OpenSlice>();

  constructor(private readonly phases: readonly Phase[]) {}

  /** The slice that a stream's operations of one second of due time count in. */
  at(stream: number, windowS: number): OpenSlice {
    const sliceS = sliceStart(windowS);
    const phase = phaseIndexAt(this.phases, windowS);
    const key = `${stream}/${phase}/${sliceS}`;
    let slice = this.#open.get(key);
    if (slice === undefined) {
      slice = {
        stream,
        phase,
        sliceS,
        slip: new DistributionBuilder(COARSE),
        lag: new DistributionBuilder(COARSE),
        wait: new DistributionBuilder(COARSE),
        service: new DistributionBuilder(COARSE),
        tainted: 0,
        taintedFailures: 0,
        tail: new TailBuilder(),
      };
      this.#open.set(key, slice);
    }
    return slice;
  }

  /** Gives up every slice that ends at or before a second. */
  take(endS: number, into: Slice[]): void {
    for (const [key, slice] of this.#open) {
      if (slice.sliceS + SLICE_S > endS) continue;
      this.#open.delete(key);
      into.push({
        ...slice,
        slip: slice.slip.take(),
        lag: slice.lag.take(),
        wait: slice.wait.take(),
        service: slice.service.take(),
        tail: slice.tail.take(),
      });
    }
  }
}

/** First second of the slice that a second of due time is in. */
export function sliceStart(windowS: number): number {
  return Math.floor(windowS / SLICE_S) * SLICE_S;
}
