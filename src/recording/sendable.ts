// Why a recorded request is not sent unless a route allows it: the rules that an audit and a schedule share.
import type { Row } from './row.js';

/** Reasons, in the order in which they are looked at. */
export const NOT_SENT = {
  upgrade: 'status 101 (websocket)',
  neverSent: 'method is never sent',
  method: 'method not listed in writes',
  acting: 'path quarantined',
} as const;

const NEVER_SENT: ReadonlySet<string> = new Set(['OPTIONS', 'CONNECT', 'TRACE']);

/** True for a method that only reads. */
export function isReading(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

/**
 * Why a request is not sent; '' if it may be.
 * @param acting whether its path acts when it is fetched (`isActingPath`)
 * @param allowed whether its route is listed in `writes`
 */
export function reasonNotSent(
  { method, status }: Pick<Row, 'method' | 'status'>,
  acting: boolean,
  allowed: boolean,
): string {
  if (status === 101) return NOT_SENT.upgrade;
  if (NEVER_SENT.has(method)) return NOT_SENT.neverSent;
  if (allowed) return '';
  if (!isReading(method)) return NOT_SENT.method;
  return acting ? NOT_SENT.acting : '';
}
