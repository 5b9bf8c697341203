// Checks: whether an answer with the right status says what its route must say, or is an error in a page's clothes.
import type { FailedCheck } from '../../measure/probed.js';
import type { RouteChecks, RouteClass } from '../../scenario/plan.js';
import type { Exchange } from '../exchange.js';
import { decodeBytes } from './body.js';

/** How much of a body, as received, is searched. A text beyond it counts as not there. */
const SEARCHED_MAX = 1024 * 1024;

interface Check {
  /** In UTF-8. */
  readonly contains: readonly Buffer[];
  readonly minBytes: number;
  /** Names and texts in lower case; '' where any value will do. */
  readonly header: readonly (readonly [string, string])[];
}

export class Checks {
  /** By route; null for none. */
  readonly #byRoute: readonly (Check | null)[];

  constructor(routes: readonly RouteClass[]) {
    this.#byRoute = routes.map(({ checks }) => (checks === undefined ? null : compile(checks)));
  }

  /** Says what is to be kept of the answer. */
  prepare({ request, answer }: Exchange): void {
    const check = this.#byRoute[request.route] ?? null;
    if (check === null) return;
    if (check.header.length > 0) answer.keepsHeaders = true;
    if (check.contains.length > 0 && answer.bodyMax < SEARCHED_MAX) answer.bodyMax = SEARCHED_MAX;
  }

  /**
   * Whether a complete answer passes its route's checks. Those of the body are for answers that have one: not for HEAD
   * or 304. An error that is right because it was recorded, is right as it is.
   */
  passes(exchange: Exchange): boolean {
    const { request, answer } = exchange;
    const check = this.#byRoute[request.route] ?? null;
    if (check === null) return true;
    if (answer.status >= 400 && answer.status === request.recordedStatus) return true;
    if (!check.header.every(([name, text]) => hasHeader(answer.headers, name, text))) return false;
    if (request.method === 'HEAD' || answer.status === 304) return true;
    if (answer.bodyBytes < check.minBytes) return false;
    if (check.contains.length === 0) return true;
    const body = decodeBytes(answer);
    return body !== null && check.contains.every((text) => body.includes(text));
  }
}

/** Which of a route's checks a complete answer does not pass; of what it kept. For a probe: it looks at all of them. */
export function failedChecks(checks: RouteChecks | undefined, { request, answer }: Exchange): FailedCheck[] {
  if (checks === undefined || (answer.status >= 400 && answer.status === request.recordedStatus)) return [];
  const { contains = [], minBytes = 0, header = {} } = checks;
  const failed: FailedCheck[] = Object.entries(header).flatMap(([name, text]) => {
    const wanted = text === '' ? name : `${name}: ${text}`;
    return hasHeader(answer.headers, name, text.toLowerCase()) ? [] : [{ check: 'header', wanted }];
  });
  if (request.method === 'HEAD' || answer.status === 304) return failed;
  if (answer.bodyBytes < minBytes) failed.push({ check: 'minBytes', wanted: String(minBytes) });
  const body = contains.length === 0 ? null : decodeBytes(answer);
  for (const text of contains)
    if (body?.includes(Buffer.from(text)) !== true) failed.push({ check: 'contains', wanted: text });
  return failed;
}

function compile({ contains = [], minBytes = 0, header = {} }: RouteChecks): Check {
  return {
    contains: contains.map((text) => Buffer.from(text)),
    minBytes,
    header: Object.entries(header).map(([name, text]) => [name, text.toLowerCase()]),
  };
}

/** @param headers names in lower case and values by turns */
function hasHeader(headers: readonly string[], name: string, text: string): boolean {
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] === name && headers[i + 1]?.toLowerCase().includes(text)) return true;
  }
  return false;
}
