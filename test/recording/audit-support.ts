// Rows and reading facts made up for tests of audits.
import type { Audit, ReadFacts } from '../../src/recording/audit/audit.js';
import { AuditBuilder } from '../../src/recording/audit/audit-builder.js';
import type { Row } from '../../src/recording/row.js';

/** 2025-11-28T17:26:00Z, microseconds. */
export const T0 = Date.UTC(2025, 10, 28, 17, 26) * 1e3;

export function row(atS: number, changes: Partial<Row> = {}): Row {
  return {
    startUs: T0 + Math.round(atS * 1e6),
    durationUs: undefined,
    method: 'GET',
    host: undefined,
    path: '/',
    status: 200,
    bytes: undefined,
    client: '00112233445566aa',
    clientClass: 'person',
    headers: undefined,
    body: undefined,
    ...changes,
  };
}

export function facts(rows: number, changes: Partial<ReadFacts> = {}): ReadFacts {
  return {
    lines: rows,
    parsed: rows,
    dropped: {},
    setApart: {},
    formats: ['combined log'],
    vantages: ['origin'],
    stampModels: ['stamps are the start'],
    stamps: ['start'],
    resolutionUs: 1,
    clockJumps: [],
    examples: [],
    files: [{ file: 'access.log', digest: 'ab12', lines: rows, rows, format: 'combined log', cut: null }],
    redacted: {},
    ...changes,
  };
}

export function auditOf(rows: readonly Row[], changes: Partial<ReadFacts> = {}): Audit {
  const builder = new AuditBuilder();
  for (const one of rows) builder.add(one);
  return builder.finish(facts(rows.length, changes));
}

/** Ten minutes of a shop with several tenants: a spike in the middle, failures at its top, retries after them. */
export function shopRows(): Row[] {
  const rows: Row[] = [];
  for (let s = 0; s < 600; s++) {
    const perSec = s >= 240 && s < 360 ? 12 : 3;
    for (let i = 0; i < perSec; i++) {
      const n = rows.length;
      const failed = s >= 300 && s < 330 && i % 3 === 0;
      const kind = n % 10;
      const [method, path] =
        kind < 5
          ? ['GET', `/products/${n % 97}?ref=${n}`]
          : kind < 8
            ? ['GET', '/']
            : kind === 8
              ? ['POST', '/cart']
              : ['GET', '/checkout/information'];
      rows.push(
        row(s + i / perSec, {
          method: method as string,
          path: path as string,
          status: failed ? 503 : kind === 7 ? 404 : 200,
          durationUs: failed ? 2_000_000 : 20_000 + 1_000 * (n % 50),
          host: `${['hot', 'tea', 'books', 'lamps'][s % 4]}.shop.example`,
          client: (n % 40).toString(16).padStart(16, '0'),
          clientClass: n % 20 === 0 ? 'bot' : 'person',
        }),
      );
    }
  }
  return rows;
}
