// Cookies: what answers set is sent back by the same visitor, to the hosts and paths that it is for.
//
// Parsing, the rules of domains and public suffixes, and path matching are tough-cookie's. Its traps:
// - it reads the system's clock when cookies are asked for, and counts Max-Age from the last time they were: an expiry
//   is worked out once, when the cookie is set, and compared here;
// - its stores have no bound and make promises even when used synchronously: one jar of it takes a cookie, is emptied
//   again, and what it made of the cookie is kept here, in a short list per visitor;
// - it refuses Secure cookies over plain HTTP: a target that sets them stands behind the edge that spoke TLS, so every
//   host is taken for a secure one.
import { CookieJar, canonicalDomain, domainMatch, pathMatch } from 'tough-cookie';
import type { Exchange } from '../exchange.js';
import { headerValue, Without, withHeader } from './headers.js';

/** A visitor's cookies, and their bytes; what is beyond is not kept. */
const COOKIES_MAX = 64;
const BYTES_MAX = 8_192;
/** About what a kept cookie takes of memory besides its text, bytes. */
const COOKIE_WEIGHT = 200;
/** Longest Set-Cookie that is looked at, attributes included. */
const LINE_MAX = 8_192;
/** Hosts whose names are remembered. */
const HOSTS_MAX = 4_096;
/** What a request header cannot hold. */
const UNFIT = /[^\t\x20-\x7e\x80-\xff]/;

interface Kept {
  readonly name: string;
  /** As it is sent. */
  readonly text: string;
  readonly domain: string;
  /** Whether it is for this one host, not for those under it. */
  readonly hostOnly: boolean;
  readonly path: string;
  /** UTC milliseconds; Infinity for the length of the visit. */
  readonly expiresMs: number;
}

/** A visitor's cookies. */
export interface Jar {
  /** Longer paths first, older ones first. */
  readonly kept: Kept[];
  /** Of the cookies as they are sent. */
  bytes: number;
  /** The line that was made last, where it is the same for every path and at any time. */
  line: { readonly domain: string; readonly text: string } | null;
}

export class Cookies {
  readonly #parser = new CookieJar(undefined, { looseMode: true });
  readonly #domains = new Map<string, string>();
  readonly #withoutCookie = new Without(['cookie']);

  /**
   * @param ownHost the Host of requests that name none
   * @param nowUs UTC microseconds
   */
  constructor(
    private readonly ownHost: string,
    private readonly nowUs: () => number,
  ) {}

  /** Adds the visitor's cookies to a request. Its own header stays but for the names that the visitor has. */
  prepare(exchange: Exchange): void {
    const jar = exchange.who?.jar ?? null;
    if (jar === null) return;
    const { request } = exchange;
    let line = this.#lineFor(jar, this.#domainOf(request.host ?? this.ownHost), request.path);
    const own = headerValue(request.headers, 'cookie');
    if (own !== null && line !== null) {
      line = merge(line, own);
      request.headers = this.#withoutCookie.of(request.headers);
    }
    exchange.extraHeaders = withHeader(exchange.extraHeaders, 'cookie', line);
  }

  /** Keeps what an answer set. */
  heard({ request, answer, who }: Exchange): void {
    if (answer.setCookies === null || who === null) return;
    const domain = this.#domainOf(request.host ?? this.ownHost);
    if (domain === '') return;
    const nowMs = Math.floor(this.nowUs() / 1e3);
    const url = new URL(`https://${domain.includes(':') ? `[${domain}]` : domain}`);
    url.pathname = pathOf(request.path);
    for (const line of answer.setCookies) {
      const cookie = this.#parse(line, url, nowMs);
      if (cookie === null) continue;
      who.jar ??= { kept: [], bytes: 0, line: null };
      keep(who.jar, cookie, nowMs);
    }
  }

  #parse(line: string, url: URL, nowMs: number): Kept | null {
    if (line.length > LINE_MAX || UNFIT.test(line)) return null;
    const now = new Date(nowMs);
    const cookie = this.#parser.setCookieSync(line, url, { ignoreError: true, now });
    this.#parser.removeAllCookiesSync();
    if (cookie === undefined || cookie.domain === null || cookie.path === null) return null;
    return {
      name: cookie.key,
      text: cookie.cookieString(),
      domain: cookie.domain,
      hostOnly: cookie.hostOnly ?? true,
      path: cookie.path,
      expiresMs: cookie.expiryTime(now) ?? Number.POSITIVE_INFINITY,
    };
  }

  /** The value of the Cookie header; null for none. */
  #lineFor(jar: Jar, domain: string, requestPath: string): string | null {
    if (jar.line?.domain === domain) return jar.line.text;
    const path = pathOf(requestPath);
    const nowMs = this.nowUs() / 1e3;
    let text = '';
    let always = true;
    for (const cookie of jar.kept) {
      if (cookie.hostOnly ? cookie.domain !== domain : !domainMatch(domain, cookie.domain, false)) continue;
      if (cookie.path !== '/' || cookie.expiresMs !== Number.POSITIVE_INFINITY) always = false;
      if (cookie.expiresMs <= nowMs || !pathMatch(path, cookie.path)) continue;
      text += text === '' ? cookie.text : `; ${cookie.text}`;
    }
    if (text === '') return null;
    if (always) jar.line = { domain, text };
    return text;
  }

  /** A Host header's name as cookies know it; '' where it is none. */
  #domainOf(host: string): string {
    let domain = this.#domains.get(host);
    if (domain === undefined) {
      const text = `https://${host}`;
      domain = (URL.canParse(text) ? canonicalDomain(new URL(text).hostname) : null) ?? '';
      if (this.#domains.size >= HOSTS_MAX) this.#domains.clear();
      this.#domains.set(host, domain);
    }
    return domain;
  }
}

/** The path without its query, without percent-encoding where that makes sense. */
function pathOf(path: string): string {
  const end = path.indexOf('?');
  const bare = end < 0 ? path : path.slice(0, end);
  if (!bare.includes('%')) return bare;
  try {
    return decodeURI(bare);
  } catch {
    return bare;
  }
}

/** Puts a cookie in the place of the one that it replaces; one that has expired takes that one away. */
function keep(jar: Jar, cookie: Kept, nowMs: number): void {
  const { name, domain, path } = cookie;
  const at = jar.kept.findIndex((old) => old.name === name && old.domain === domain && old.path === path);
  const expired = cookie.expiresMs <= nowMs;
  const bytes = jar.bytes - (jar.kept[at]?.text.length ?? 0) + (expired ? 0 : cookie.text.length);
  if (bytes > BYTES_MAX || (at < 0 && jar.kept.length >= COOKIES_MAX)) return;
  jar.line = null;
  jar.bytes = bytes;
  if (expired) {
    if (at >= 0) jar.kept.splice(at, 1);
  } else if (at >= 0) {
    jar.kept[at] = cookie;
  } else {
    jar.kept.push(cookie);
    jar.kept.sort((a, b) => b.path.length - a.path.length);
  }
}

/** About what a jar takes of memory, bytes. */
export function weightOf(jar: Jar | null): number {
  return jar === null ? 0 : 2 * jar.bytes + jar.kept.length * COOKIE_WEIGHT;
}

/** The visitor's cookies, then those of the request's own header that have other names. */
function merge(line: string, own: string): string {
  const names = new Set(line.split('; ').map(nameOf));
  const others = own.split(';').filter((pair) => pair.trim() !== '' && !names.has(nameOf(pair)));
  return [line, ...others.map((pair) => pair.trim())].join('; ');
}

function nameOf(pair: string): string {
  return (pair.split('=', 1)[0] as string).trim();
}
