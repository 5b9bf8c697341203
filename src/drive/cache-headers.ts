// What a cache on the way says of an answer in its headers: served from the cache, or fetched from behind it.
import type { CacheResult } from '../measure/operation.js';

/** Headers in which caches say so, in lower case; values as nginx, Varnish, the CDNs and RFC 9211 write them. */
export const CACHE_HEADERS: readonly string[] = [
  'x-cache',
  'cf-cache-status',
  'x-vercel-cache',
  'x-cache-status',
  'x-proxy-cache',
  'cdn-cache',
  'cache-status',
];

/** Longest part of a value that is looked at. */
const VALUE_MAX = 512;

/** What was in the cache was sent, if only while it was fetched anew; `hit-for-pass` is a way of not caching. */
const HIT = /hit(?!-for-)|stale|updating|revalidated|prerender/i;
const MISS = /miss|expired|bypass|dynamic|hit-for-|\bfwd=/i;
/** In RFC 9211 a stale or revalidated answer was fetched: `hit` alone says that it was not. */
const STANDARD_HIT = /;\s*hit\b(?!\s*=\s*\?0)/i;

/**
 * Reads one value. A list, one entry a cache on the way, is a hit if any of them had it.
 * @param name in lower case, one of `CACHE_HEADERS`
 * @returns null if it says neither
 */
export function cacheResultOf(name: string, value: string): CacheResult | null {
  const text = value.slice(0, VALUE_MAX);
  if ((name === 'cache-status' ? STANDARD_HIT : HIT).test(text)) return 'hit';
  return MISS.test(text) ? 'miss' : null;
}

/** Whether an `age` says that the answer lay in a cache; 0 says nothing, as a cache may have just fetched it. */
export function isAged(value: string): boolean {
  return /^\s*0*[1-9]\d{0,15}\s*$/.test(value.slice(0, VALUE_MAX));
}
