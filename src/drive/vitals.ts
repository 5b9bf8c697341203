// A worker's own vital signs, by ten seconds of its time: stalls, load, what it had in flight and open.
import { COARSE } from '../measure/buckets.js';
import { SLICE_S } from '../measure/cell.js';
import { DistributionBuilder } from '../measure/distribution-builder.js';
import type { Health } from '../measure/vitals.js';
import type { Connections } from './connections/connections.js';
import type { Opening } from './sockets/socket-opener.js';
import type { StallCauses } from './stall-causes.js';

/** Addresses that are told apart in one slice; the others count as `other`. */
const ADDRESSES_MAX = 64;

/** What hooks have cost since the last call. */
export interface HookCost {
  readonly hookCalls: number;
  readonly hookUs: number;
  readonly hookMaxUs: number;
}

export class Vitals {
  readonly #connect = new DistributionBuilder(COARSE);
  readonly #dns = new DistributionBuilder(COARSE);
  readonly #tcp = new DistributionBuilder(COARSE);
  readonly #tls = new DistributionBuilder(COARSE);
  readonly #addresses = new Map<string, number>();
  #tlsFull = 0;
  #tlsResumed = 0;
  #http1 = 0;
  #http2 = 0;
  #inFlightMax = 0;
  #sliceS = 0;

  constructor(
    private readonly shard: string,
    private readonly stalls: StallCauses,
    private readonly connections: Connections,
    /** Share of the time since the last call in which the event loop was busy. */
    private readonly utilisation: () => number,
    private readonly hookCost: () => HookCost,
  ) {}

  /** Notes how many exchanges are under way. */
  seen(inFlight: number): void {
    if (inFlight > this.#inFlightMax) this.#inFlightMax = inFlight;
  }

  /** Notes a new connection. */
  connected({ protocol, address, totalUs, dnsUs, tcpUs, tlsUs, resumed }: Opening): void {
    if (protocol === 'h2') this.#http2++;
    else this.#http1++;
    const known = this.#addresses.has(address) || this.#addresses.size < ADDRESSES_MAX;
    const name = known ? address : 'other';
    this.#addresses.set(name, (this.#addresses.get(name) ?? 0) + 1);
    this.#connect.record(Math.round(totalUs), false);
    if (dnsUs > 0) this.#dns.record(Math.round(dnsUs), false);
    this.#tcp.record(Math.round(tcpUs), false);
    if (tlsUs === null) return;
    this.#tls.record(Math.round(tlsUs), false);
    if (resumed) this.#tlsResumed++;
    else this.#tlsFull++;
  }

  /**
   * A health line if a slice of time is full, or the run is over.
   * @param nowUs microseconds from the start; before the start counts as the first slice
   */
  take(nowUs: number, over: boolean): Health[] {
    if (nowUs < (this.#sliceS + SLICE_S) * 1e6 && !over) return [];
    const { opened, openMax } = this.connections.takeStats();
    const health: Health = {
      shard: this.shard,
      sliceS: this.#sliceS,
      ...this.stalls.take(nowUs, over),
      busyPermille: Math.round(this.utilisation() * 1000),
      inFlightMax: this.#inFlightMax,
      connectionsMax: openMax,
      connectionsOpened: opened,
      connect: this.#connect.take(),
      dns: this.#dns.take(),
      tcp: this.#tcp.take(),
      tls: this.#tls.take(),
      tlsFull: this.#tlsFull,
      tlsResumed: this.#tlsResumed,
      http1: this.#http1,
      http2: this.#http2,
      addresses: Object.fromEntries(this.#addresses),
      ...this.hookCost(),
    };
    this.#addresses.clear();
    this.#tlsFull = this.#tlsResumed = this.#http1 = this.#http2 = 0;
    this.#inFlightMax = 0;
    this.#sliceS = Math.floor(Math.max(0, nowUs) / 1e6 / SLICE_S) * SLICE_S;
    return [health];
  }
}
