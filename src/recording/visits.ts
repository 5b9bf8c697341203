// Clients and their visits: how many there were, and how many requests each visit made, in bounded memory.
import { drawKey, hashText } from '../random.js';
import { HyperLogLog } from './hyperloglog.js';
import { LogBuckets } from './log-buckets.js';

/** A visit ends after this much silence of its client. */
const SILENCE_US = 30 * 60e6;
const SLOTS_MIN = 4_096;
/** Half of them are used: 262,144 clients, 10 MB. */
const SLOTS_MAX = 2 ** 19;
/** Places looked at for a client; only names made to collide need more. */
const PROBES_MAX = 256;

const KEY_A = drawKey(0, 'audited client a');
const KEY_B = drawKey(0, 'audited client b');

/** What was found of clients and visits. */
export interface VisitFacts {
  readonly clients: number;
  /** False where there were too many to remember: then `clients` is an estimate, good to about 1 %. */
  readonly clientsExact: boolean;
  readonly visits: number;
  /** False where visits were ended early as there were too many at once: `visits` may then be too high. */
  readonly visitsExact: boolean;
  /** Null without visits; quantiles within 3 % above 32. */
  readonly requestsPerVisit: { readonly mean: number; readonly p50: number; readonly p95: number } | null;
}

/**
 * Fed with requests in the order of their starts. Clients are held in a table of typed arrays; when it is full, those
 * whose visit is over leave it, and from then on clients are counted by an estimate.
 */
export class VisitTable {
  #slots = SLOTS_MIN;
  #high = new Int32Array(SLOTS_MIN);
  #low = new Int32Array(SLOTS_MIN);
  #lastUs = new Float64Array(SLOTS_MIN);
  /** Requests of the visit under way; 0 in a free slot. */
  #requests = new Uint32Array(SLOTS_MIN);
  #used = 0;
  #clientsExact = true;
  #visitsExact = true;
  #visits = 0;
  readonly #perVisit = new LogBuckets();
  readonly #estimate = new HyperLogLog();

  constructor(private readonly slotsMax = SLOTS_MAX) {}

  /** Slots of the table, for whoever wants to know what it takes: 20 bytes each. */
  get slots(): number {
    return this.#slots;
  }

  /** @param client a name; names of 16 hex digits are taken as their 64 bits */
  add(client: string, atUs: number): void {
    let high = 0;
    let low = 0;
    if (client.length === 16) {
      high = hexWord(client, 0);
      low = hexWord(client, 8);
    }
    if (client.length !== 16 || Number.isNaN(high + low)) {
      high = hashText(KEY_A, client) | 0;
      low = hashText(KEY_B, client) | 0;
    }
    const slot = this.#find(high, low);
    if (slot < 0 || this.#requests[slot] === 0) {
      this.#enter(high, low, atUs);
      return;
    }
    if (atUs - (this.#lastUs[slot] as number) >= SILENCE_US) {
      this.#close(this.#requests[slot] as number);
      this.#requests[slot] = 0;
    }
    this.#lastUs[slot] = atUs;
    this.#requests[slot]!++;
  }

  /** Ends the visits that are under way. To be called once, after the last request. */
  finish(): VisitFacts {
    for (const requests of this.#requests) if (requests > 0) this.#close(requests);
    const mean = this.#perVisit.mean();
    const p50 = this.#perVisit.quantile(0.5);
    const p95 = this.#perVisit.quantile(0.95);
    return {
      clients: this.#clientsExact ? this.#used : this.#estimate.estimate(),
      clientsExact: this.#clientsExact,
      visits: this.#visits,
      visitsExact: this.#visitsExact,
      requestsPerVisit: mean === null || p50 === null || p95 === null ? null : { mean, p50, p95 },
    };
  }

  /** The client's slot, or the free one where it would be; -1 where neither is near. */
  #find(high: number, low: number): number {
    const mask = this.#slots - 1;
    let slot = (low ^ Math.imul(high, 0x9e3779b1)) & mask;
    for (let probe = 0; probe < PROBES_MAX; probe++) {
      if (this.#requests[slot] === 0) return slot;
      if (this.#low[slot] === low && this.#high[slot] === high) return slot;
      slot = (slot + 1) & mask;
    }
    return -1;
  }

  #enter(high: number, low: number, atUs: number): void {
    this.#estimate.add(high, low);
    if (this.#used >= this.#slots >> 1) this.#makeRoom(atUs);
    const slot = this.#find(high, low);
    if (slot < 0) {
      this.#clientsExact = false;
      this.#visitsExact = false;
      this.#close(1);
      return;
    }
    this.#put(slot, high, low, atUs, 1);
  }

  #put(slot: number, high: number, low: number, lastUs: number, requests: number): void {
    this.#high[slot] = high;
    this.#low[slot] = low;
    this.#lastUs[slot] = lastUs;
    this.#requests[slot] = requests;
    this.#used++;
  }

  #close(requests: number): void {
    this.#visits++;
    this.#perVisit.add(requests);
  }

  #makeRoom(nowUs: number): void {
    if (this.#slots < this.slotsMax) {
      this.#rebuild(this.#slots * 2, Number.NEGATIVE_INFINITY);
      return;
    }
    this.#clientsExact = false;
    let silenceUs = SILENCE_US;
    // At least half of the clients have to leave, or the next one would be here again.
    while (silenceUs >= 1 && this.#since(nowUs - silenceUs) > this.#slots >> 2) {
      silenceUs /= 2;
      this.#visitsExact = false;
    }
    this.#rebuild(this.#slots, silenceUs >= 1 ? nowUs - silenceUs : Number.POSITIVE_INFINITY);
  }

  #since(fromUs: number): number {
    let n = 0;
    for (let slot = 0; slot < this.#slots; slot++) {
      if (this.#requests[slot] !== 0 && (this.#lastUs[slot] as number) > fromUs) n++;
    }
    return n;
  }

  /** Moves to a table of so many slots; the visits of those last seen at `fromUs` or before are over. */
  #rebuild(slots: number, fromUs: number): void {
    const [high, low, lastUs, requests] = [this.#high, this.#low, this.#lastUs, this.#requests];
    this.#slots = slots;
    this.#high = new Int32Array(slots);
    this.#low = new Int32Array(slots);
    this.#lastUs = new Float64Array(slots);
    this.#requests = new Uint32Array(slots);
    this.#used = 0;
    for (let i = 0; i < requests.length; i++) {
      const made = requests[i] as number;
      if (made === 0) continue;
      const [a, b, us] = [high[i] as number, low[i] as number, lastUs[i] as number];
      const slot = us > fromUs ? this.#find(a, b) : -1;
      if (slot >= 0) this.#put(slot, a, b, us, made);
      else this.#close(made);
    }
  }
}

/** Eight hex digits as 32 bits; NaN where one is none. */
function hexWord(text: string, from: number): number {
  let word = 0;
  for (let i = from; i < from + 8; i++) {
    const code = text.charCodeAt(i);
    // 0–9, a–f: 48–57, 97–102.
    const digit = code <= 57 ? code - 48 : code - 87;
    if (digit < 0 || digit > 15 || (code > 57 && digit < 10)) return Number.NaN;
    word = (word << 4) | digit;
  }
  return word;
}
