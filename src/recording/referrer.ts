// Which other site a recorded request came from: the host of its Referer, and nothing else of it.
import { readHost } from './fields/request.js';
import type { Row } from './row.js';

/** How a Referer stands in the JSON text of a row's headers. */
const HEADER = '["referer","';
const URL_START = /^https?:\/\/(?:[^/?#"@\\]*@)?([^/?#"@\\]{1,261})/i;

/** The host of the site that referred a request; undefined where none did, or its own. */
export function referrerOf({ headers, host }: Row): string | undefined {
  if (headers === undefined) return undefined;
  const at = headers.indexOf(HEADER);
  if (at < 0) return undefined;
  const start = at + HEADER.length;
  const [, found] = URL_START.exec(headers.slice(start, start + 600)) ?? [];
  const referrer = found === undefined ? undefined : readHost(found);
  return referrer === host ? undefined : referrer;
}
