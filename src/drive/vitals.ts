// A worker's own vital signs, by ten seconds of its time: stalls, load, what it had in flight and open.
import { COARSE } from '../measure/buckets.js';
import { type Health, SLICE_S } from '../measure/cell.js';
import { DistributionBuilder } from '../measure/distribution-builder.js';
import type { Connections } from './connections.js';
import type { Ledger } from './ledger.js';

export class Vitals {
  readonly #connect = new DistributionBuilder(COARSE);
  #inFlightMax = 0;
  #sliceS = 0;

  constructor(
    private readonly shard: string,
    private readonly ledger: Ledger,
    private readonly connections: Connections,
    /** Share of the time since the last call in which the event loop was busy. */
    private readonly utilisation: () => number,
  ) {}

  /** Notes how many exchanges are under way. */
  seen(inFlight: number): void {
    if (inFlight > this.#inFlightMax) this.#inFlightMax = inFlight;
  }

  /** Notes a new connection. */
  connected(connectUs: number): void {
    this.#connect.record(Math.round(connectUs), false);
  }

  /**
   * A health line if a slice of time is full, or the run is over.
   * @param nowUs microseconds from the start; before the start counts as the first slice
   */
  take(nowUs: number, over: boolean): Health[] {
    if (nowUs < (this.#sliceS + SLICE_S) * 1e6 && !over) return [];
    const { opened, openMax } = this.connections.takeStats();
    const health = {
      shard: this.shard,
      sliceS: this.#sliceS,
      ...this.ledger.take(),
      busyPermille: Math.round(this.utilisation() * 1000),
      inFlightMax: this.#inFlightMax,
      connectionsMax: openMax,
      connectionsOpened: opened,
      connect: this.#connect.take(),
    };
    this.#inFlightMax = 0;
    this.#sliceS = Math.floor(Math.max(0, nowUs) / 1e6 / SLICE_S) * SLICE_S;
    return [health];
  }
}
