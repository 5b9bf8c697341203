// Makes rows of entries whose fields a plan has found: JSON lines and CSV.

import { UNREAD } from '../formats/format.js';
import type { Clients } from '../read/clients.js';
import type { Zone } from '../read/zone.js';
import type { Row } from '../row.js';
import type { AliasOf } from './field-aliases.js';
import { type FieldPlan, type Getter, readSpanUs, TARGETS } from './field-plan.js';
import { readInstant } from './instants.js';
import { given, RowMaker, withoutPort } from './row-maker.js';

/** Why an entry is none of a request. */
export const NO_REQUEST = 'no request in it (an entry of another kind)';

/** Reads the entries of one file by its plan. */
export class FieldRows {
  readonly #maker: RowMaker;

  constructor(
    private readonly plan: FieldPlan,
    private readonly zone: Zone,
    clients: Clients,
  ) {
    this.#maker = new RowMaker(clients);
  }

  /** Whether an entry has a time and something asked for, whatever that is. */
  fits(get: Getter): boolean {
    const { time, timeUnit } = this.plan;
    const asked = TARGETS.some((of) => firstOf(this.plan, of, get) !== undefined);
    return asked && !Number.isNaN(readInstant(get(time) ?? '', this.zone, timeUnit));
  }

  /** The row, or why the entry is none. */
  row(get: Getter): Row | string {
    const { plan } = this;
    const first = (of: AliasOf) => firstOf(plan, of, get);
    const request = first('request');
    const target = first('url') ?? first('path');
    if (target === undefined && request === undefined) {
      const isEmpty = plan.fields.get('request')?.some((source) => get(source) !== undefined);
      return isEmpty ? UNREAD.noRequest : NO_REQUEST;
    }
    const scheme = first('scheme')?.toLowerCase();
    const asked =
      request === undefined
        ? { method: first('method'), target: withQuery(target ?? '', first('query')) }
        : { request };
    return this.#maker.make({
      startUs: readInstant(get(plan.time) ?? '', this.zone, plan.timeUnit),
      durationUs: plan.duration === null ? undefined : readSpanUs(get(plan.duration), plan.durationUnit),
      ...asked,
      host: first('host'),
      scheme: scheme === 'http' || scheme === 'https' ? scheme : undefined,
      status: first('status'),
      bytes: first('bytes'),
      address: firstAddress(first('client')),
      agent: first('agent'),
    });
  }
}

function firstOf(plan: FieldPlan, of: AliasOf, get: Getter): string | undefined {
  for (const source of plan.fields.get(of) ?? []) {
    const text = given(get(source));
    if (text !== undefined) return text;
  }
  return undefined;
}

/** A path and the query that is kept beside it, unless the path has it already. */
export function withQuery(path: string, query: string | undefined): string {
  const bare = query?.startsWith('?') ? query.slice(1) : query;
  return bare === undefined || bare === '' || bare === '-' || path.includes('?') ? path : `${path}?${bare}`;
}

/** The first of a list of forwarded addresses, which is the client's own, without a port. */
export function firstAddress(list: string | undefined): string | undefined {
  if (list === undefined) return undefined;
  const comma = list.indexOf(',');
  return withoutPort((comma < 0 ? list : list.slice(0, comma)).trim());
}
