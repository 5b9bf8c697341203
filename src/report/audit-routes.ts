// The routes of a recording as a table: how many requests each has, how they were answered and how fast.
import type { Audit } from '../recording/audit/audit.js';
import { type AuditedRoute, isRecordedError } from '../recording/audit/route-audit.js';
import { formatCount, formatDuration, formatShare } from '../units.js';
import { safe } from './escape.js';
import { type Column, type Line, lineOf, type Piece, piece, table } from './line.js';
import { NONE } from './words.js';

const ROUTES_SHOWN = 12;

/** The most frequent routes and all others together; columns that the log knows nothing for are left out. */
export function routesTable({ routes, routesOther, rows, has }: Audit, width: number): Line[] {
  if (routes.length === 0) return [];
  const left = routes.slice(ROUTES_SHOWN).reduce((sum, { requests }) => sum + requests, routesOther);
  const columns: Column[] = [
    { head: 'ROUTE', align: 'left', style: 'bold' },
    { head: 'requests', align: 'right' },
    { head: 'share', align: 'right' },
    ...(has.statuses
      ? ([
          { head: '4xx', align: 'right', keep: 1 },
          { head: 'failed', align: 'right' },
        ] as const)
      : []),
    ...(has.durations
      ? ([
          { head: 'p50', align: 'right', keep: 0 },
          { head: 'p95', align: 'right' },
        ] as const)
      : []),
  ];
  const cells = routes
    .slice(0, ROUTES_SHOWN)
    .map((route): Piece[] => [
      piece(safe(`${route.method} ${route.path}`)),
      piece(formatCount(route.requests)),
      piece(share(route.requests, rows)),
      ...(has.statuses ? answers(route) : []),
      ...(has.durations ? [route.p50Ms, route.p95Ms].map(duration) : []),
    ]);
  if (left > 0) cells.push([piece('all others'), piece(formatCount(left)), piece(share(left, rows))]);
  return table(columns, cells, width - 1).map((line) => lineOf(' ', ...line));
}

/** The share of 4xx that are the client's doing, and of what failed. */
function answers({ requests, statuses }: AuditedRoute): Piece[] {
  let refused = 0;
  let failed = 0;
  for (const [status, n] of Object.entries(statuses)) {
    if (isRecordedError(Number(status))) failed += n;
    else if (Number(status) >= 400) refused += n;
  }
  return [piece(share(refused, requests)), piece(share(failed, requests), failed > 0 ? 'bad' : 'good')];
}

function duration(ms: number | null): Piece {
  return piece(ms === null ? NONE : formatDuration(ms * 1e3));
}

function share(n: number, of: number): string {
  return of === 0 ? NONE : formatShare(n / of);
}
