// Redirects: a request sent once more to where its answer points, as long as that is the target.
import { isActingPath } from '../../recording/quarantine.js';
import type { Exchange } from '../exchange.js';
import { Without } from './headers.js';

/** Longest path that is followed, and longest Location that is looked at. */
const LOCATION_MAX = 8_192;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\x00-\x1f\x7f]/;
/** Headers that speak of a body. */
const OF_BODY = [
  'content-type',
  'content-length',
  'content-encoding',
  'content-language',
  'content-location',
];

/** Where requests may go. */
interface Place {
  readonly protocol: 'http:' | 'https:';
  /** The Host of requests that name none. */
  readonly host: string;
}

interface Next {
  readonly host: string | null;
  readonly path: string;
}

export class Redirects {
  readonly #withoutBody = new Without(OF_BODY);

  /** @param max redirects that one operation may follow */
  constructor(
    private readonly max: number,
    private readonly target: Place,
  ) {}

  /**
   * Changes the request to what its answer points at, by the rules of the Fetch standard: 303, and 301 or 302 to a POST,
   * make it a GET. What was recorded as a redirect is not followed: the recording holds the request that came next.
   * @returns `over` where no more may be followed; `no` where the answer is no redirect, or points elsewhere than to
   * the target, or to a path that acts while the request was none that may: then it is the answer
   */
  follow(exchange: Exchange): 'again' | 'over' | 'no' {
    const { request, answer } = exchange;
    const { status, location } = answer;
    if (!isRedirect(status) || location === null || isRedirect(request.recordedStatus)) return 'no';
    const next = this.#resolve(location, request.host, request.path);
    if (next === null) return 'no';
    const reads = request.method === 'GET' || request.method === 'HEAD';
    if (reads && isActingPath(next.path) && !isActingPath(request.path)) return 'no';
    if (exchange.hops >= this.max) return 'over';
    if (becomesGet(status, request.method)) {
      request.method = 'GET';
      request.body = null;
      request.headers = this.#withoutBody.of(request.headers);
    }
    request.host = next.host;
    request.path = next.path;
    exchange.follow();
    return 'again';
  }

  /** Where a Location points; null if that is not the target. */
  #resolve(location: string, host: string | null, path: string): Next | null {
    if (location.length > LOCATION_MAX || CONTROL.test(location)) return null;
    const { protocol, host: ownHost } = this.target;
    const from = parse(`${protocol}//${host ?? ownHost}${path}`);
    // Headers are read a character a byte; a Location that is not ASCII is UTF-8.
    const to = from && parse(Buffer.from(location, 'latin1').toString(), from);
    if (from === null || to === null || to.username !== '' || to.password !== '') return null;
    // An application behind the edge that speaks TLS may believe that it is asked over http.
    const upgraded = protocol === 'https:' && to.protocol === 'http:' && to.port === '';
    if (to.protocol !== protocol && !upgraded) return null;
    const next = to.pathname + to.search;
    if (next.length > LOCATION_MAX) return null;
    if (to.host === from.host) return { host, path: next };
    return to.host === parse(`${protocol}//${ownHost}`)?.host ? { host: null, path: next } : null;
  }
}

function parse(text: string, base?: URL): URL | null {
  return URL.canParse(text, base?.href) ? new URL(text, base) : null;
}

function isRedirect(status: number): boolean {
  return (status >= 301 && status <= 303) || status === 307 || status === 308;
}

function becomesGet(status: number, method: string): boolean {
  if (status === 303) return method !== 'GET' && method !== 'HEAD';
  return (status === 301 || status === 302) && method === 'POST';
}
