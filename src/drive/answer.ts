// An answer as far as it is looked at: counted always, kept only where something asked for it; reused.

import type { CacheResult } from '../measure/operation.js';
import { CACHE_HEADERS, cacheResultOf, isAged } from './cache-headers.js';

/** Filled in by a transport, in the order of arrival. Interim answers (1xx) are not part of it. */
export class Answer {
  /** 0 for none. */
  status = 0;
  /** Bytes of the bodies received, as they came; of all answers to the operation. */
  bytes = 0;
  /** What a cache on the way said; null for nothing. */
  cache: CacheResult | null = null;
  retryAfter: string | null = null;
  /** The value of `x-flashcrowd-stop`, if it had one. */
  stop: string | null = null;
  location: string | null = null;
  /** Values of `content-encoding`; null for none. */
  encoding: string | null = null;
  /** Values of `set-cookie`, one each; null for none. */
  setCookies: string[] | null = null;
  /** Names in lower case and values by turns; empty unless `keepsHeaders`. */
  readonly headers: string[] = [];

  /** Whether all headers are wanted. Set before the request is sent. */
  keepsHeaders = false;
  /** How many bytes of the body are wanted. Set before the request is sent. */
  bodyMax = 0;
  /** What is kept of the body, as far as `#keptBytes`; more is room. */
  #kept = NOTHING;
  #keptBytes = 0;
  /** Of the answers before this one. */
  #earlierBytes = 0;
  /** Whether `cache` is but a guess by the answer's age. */
  #byAge = false;

  /** Bytes of this answer's body received, as they came. */
  get bodyBytes(): number {
    return this.bytes - this.#earlierBytes;
  }

  /** The body's beginning, at most `bodyMax` bytes, still encoded; good until the next answer. */
  get body(): Buffer {
    return this.#kept.subarray(0, this.#keptBytes);
  }

  /** Makes it new for the next arrival. */
  reset(): void {
    this.keepsHeaders = false;
    this.bodyMax = 0;
    this.bytes = 0;
    this.forget();
  }

  /** Makes it ready for the answer to one more request of the same operation; bytes go on counting. */
  forget(): void {
    this.status = 0;
    this.cache = null;
    this.retryAfter = null;
    this.stop = null;
    this.location = null;
    this.encoding = null;
    this.setCookies = null;
    // To shorten what is empty already costs as much as a look at the clock.
    if (this.headers.length > 0) this.headers.length = 0;
    this.#kept = NOTHING;
    this.#keptBytes = 0;
    this.#earlierBytes = this.bytes;
    this.#byAge = false;
  }

  /**
   * Takes a header. Transports may leave out names that `isLookedAt` does not name, unless `keepsHeaders`.
   * @param name in lower case
   */
  header(name: string, value: string): void {
    if (this.keepsHeaders) this.headers.push(name, value);
    switch (name) {
      case 'x-flashcrowd-stop':
        this.stop = value;
        break;
      case 'location':
        this.location = value;
        break;
      case 'retry-after':
        this.retryAfter = value;
        break;
      case 'content-encoding':
        this.encoding = this.encoding === null ? value : `${this.encoding}, ${value}`;
        break;
      case 'set-cookie':
        if (this.setCookies === null) this.setCookies = [value];
        else if (this.setCookies.length < SET_COOKIES_MAX) this.setCookies.push(value);
        break;
      case 'age':
        if (this.cache === null && isAged(value)) {
          this.cache = 'hit';
          this.#byAge = true;
        }
        break;
      default:
        if (CACHE_HEADERS.includes(name)) this.#cacheSaid(cacheResultOf(name, value));
    }
  }

  /** Of several that say it, any hit counts; what is said wins over what the age lets guess. */
  #cacheSaid(said: CacheResult | null): void {
    if (said === null || (said === 'miss' && this.cache !== null && !this.#byAge)) return;
    this.cache = said;
    this.#byAge = false;
  }

  /**
   * Takes a part of the body; copies what it keeps, as transports reuse their buffers, to one place: a body may come in
   * parts of a byte each. As room doubles, that takes linear time.
   */
  data(chunk: Uint8Array): void {
    this.bytes += chunk.length;
    const keptBytes = Math.min(this.#keptBytes + chunk.length, this.bodyMax);
    if (keptBytes <= this.#keptBytes) return;
    if (keptBytes > this.#kept.length) {
      const larger = Buffer.allocUnsafeSlow(
        Math.min(this.bodyMax, Math.max(keptBytes, 2 * this.#kept.length)),
      );
      larger.set(this.body);
      this.#kept = larger;
    }
    const wanted = keptBytes - this.#keptBytes;
    this.#kept.set(wanted === chunk.length ? chunk : chunk.subarray(0, wanted), this.#keptBytes);
    this.#keptBytes = keptBytes;
  }
}

const NOTHING = Buffer.alloc(0);

/** Cookies that one answer may set; more are not real. */
const SET_COOKIES_MAX = 64;

/** Headers that are looked at in every answer, in lower case. */
export const LOOKED_AT: readonly string[] = [
  'x-flashcrowd-stop',
  'location',
  'retry-after',
  'content-encoding',
  'set-cookie',
  'age',
  ...CACHE_HEADERS,
];
