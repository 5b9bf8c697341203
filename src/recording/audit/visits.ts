// Clients and their visits: how many there were, and how many requests each visit made, in bounded memory.
import { drawKey, hashText } from '../../random.js';
import { HyperLogLog } from './hyperloglog.js';
import { LogBuckets } from './log-buckets.js';

/** A visit ends after this much silence of its client. */
const SILENCE_S = 30 * 60;
const SLOTS_MIN = 4_096;
/** Half of them are used: 262,144 clients, 8 MB. */
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

/** Words of a slot: who (64 bits), requests of the visit under way (0 where the slot is free), second last seen. */
const HIGH = 0;
const LOW = 1;
const REQUESTS = 2;
const LAST_S = 3;
const WORDS = 4;
const SECOND_MAX = 2 ** 31 - 1;

/**
 * Fed with requests in the order of their starts; silence is measured in whole seconds. Clients are held in one typed
 * array, a slot of 16 bytes each, so that a client costs one look into memory. When it is full, those whose visit is
 * over leave it, and from then on clients are counted by an estimate.
 */
export class VisitTable {
  #slots = SLOTS_MIN;
  #words = new Int32Array(SLOTS_MIN * WORDS);
  #used = 0;
  #originS = Number.NaN;
  #clientsExact = true;
  #visitsExact = true;
  #visits = 0;
  readonly #perVisit = new LogBuckets();
  readonly #estimate = new HyperLogLog();

  constructor(private readonly slotsMax = SLOTS_MAX) {}

  /** Slots of the table, for whoever wants to know what it takes: 16 bytes each. */
  get slots(): number {
    return this.#slots;
  }

  /** @param client a name; names of 16 hex digits are taken as their 64 bits */
  add(client: string, atUs: number): void {
    if (Number.isNaN(this.#originS)) this.#originS = Math.floor(atUs / 1e6);
    const second = Math.min(SECOND_MAX, Math.floor(atUs / 1e6) - this.#originS);
    let high = Number.NaN;
    let low = 0;
    if (client.length === 16) {
      low = hexWord(client, 8);
      high = Number.isNaN(low) ? low : hexWord(client, 0);
    }
    if (Number.isNaN(high)) {
      high = hashText(KEY_A, client) | 0;
      low = hashText(KEY_B, client) | 0;
    }
    const at = this.#find(high, low);
    const words = this.#words;
    if (at < 0 || words[at + REQUESTS] === 0) {
      this.#enter(high, low, second);
      return;
    }
    if (second - (words[at + LAST_S] as number) >= SILENCE_S) {
      this.#close(words[at + REQUESTS] as number);
      words[at + REQUESTS] = 0;
    }
    words[at + LAST_S] = second;
    words[at + REQUESTS]!++;
  }

  /** Ends the visits that are under way. To be called once, after the last request. */
  finish(): VisitFacts {
    for (let at = REQUESTS; at < this.#words.length; at += WORDS) {
      const requests = this.#words[at] as number;
      if (requests > 0) this.#close(requests);
    }
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

  /** The first word of the client's slot, or of the free one where it would be; -1 where neither is near. */
  #find(high: number, low: number): number {
    const words = this.#words;
    const mask = this.#slots - 1;
    let slot = (low ^ Math.imul(high, 0x9e3779b1)) & mask;
    for (let probe = 0; probe < PROBES_MAX; probe++) {
      const at = slot * WORDS;
      if (words[at + REQUESTS] === 0) return at;
      if (words[at + LOW] === low && words[at + HIGH] === high) return at;
      slot = (slot + 1) & mask;
    }
    return -1;
  }

  #enter(high: number, low: number, second: number): void {
    this.#estimate.add(high, low);
    if (this.#used >= this.#slots >> 1) this.#makeRoom(second);
    const at = this.#find(high, low);
    if (at < 0) {
      this.#clientsExact = false;
      this.#visitsExact = false;
      this.#close(1);
      return;
    }
    this.#put(at, high, low, 1, second);
  }

  #put(at: number, high: number, low: number, requests: number, lastS: number): void {
    const words = this.#words;
    words[at + HIGH] = high;
    words[at + LOW] = low;
    words[at + REQUESTS] = requests;
    words[at + LAST_S] = lastS;
    this.#used++;
  }

  #close(requests: number): void {
    this.#visits++;
    this.#perVisit.add(requests);
  }

  #makeRoom(nowS: number): void {
    if (this.#slots < this.slotsMax) {
      this.#rebuild(this.#slots * 2, Number.NEGATIVE_INFINITY);
      return;
    }
    this.#clientsExact = false;
    let silenceS = SILENCE_S;
    // At least half of the clients have to leave, or the next one would be here again.
    while (silenceS >= 1 && this.#since(nowS - silenceS) > this.#slots >> 2) {
      silenceS /= 2;
      this.#visitsExact = false;
    }
    this.#rebuild(this.#slots, silenceS >= 1 ? nowS - silenceS : Number.POSITIVE_INFINITY);
  }

  /** Clients last seen after a second. */
  #since(fromS: number): number {
    const words = this.#words;
    let n = 0;
    for (let at = 0; at < words.length; at += WORDS) {
      if (words[at + REQUESTS] !== 0 && (words[at + LAST_S] as number) > fromS) n++;
    }
    return n;
  }

  /** Moves to a table of so many slots; the visits of those last seen at `fromS` or before are over. */
  #rebuild(slots: number, fromS: number): void {
    const old = this.#words;
    this.#slots = slots;
    this.#words = new Int32Array(slots * WORDS);
    this.#used = 0;
    for (let at = 0; at < old.length; at += WORDS) {
      const requests = old[at + REQUESTS] as number;
      if (requests === 0) continue;
      const [high, low, lastS] = [old[at + HIGH], old[at + LOW], old[at + LAST_S]] as [
        number,
        number,
        number,
      ];
      const to = lastS > fromS ? this.#find(high, low) : -1;
      if (to >= 0) this.#put(to, high, low, requests, lastS);
      else this.#close(requests);
    }
  }
}

/** What a character is as a lower-case hex digit; −1 for none. */
const HEX_DIGITS = new Int8Array(128).fill(-1);
for (let digit = 0; digit < 16; digit++) HEX_DIGITS[digit.toString(16).charCodeAt(0)] = digit;

/** Eight hex digits as 32 bits; NaN where one is none. */
function hexWord(text: string, from: number): number {
  let word = 0;
  for (let i = from; i < from + 8; i++) {
    const digit = HEX_DIGITS[text.charCodeAt(i)] ?? -1;
    if (digit < 0) return Number.NaN;
    word = (word << 4) | digit;
  }
  return word;
}
