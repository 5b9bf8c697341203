// When in a slice failures happened, from all of them by the second: where in it a tenant's first and last are to be expected.
import type { SecondTotals } from '../facts.js';

/** Parts of a slice, 0 to 1, before the first and after the last of some failures. */
export interface AroundFailures {
  readonly before: number;
  readonly after: number;
}

/**
 * A tenant's failures are kept by the slice, those of all tenants by the second. The tenant's k are taken for draws from
 * all of its slice: with C(t) the share of these up to t, none of the k is before t with probability (1 − C(t))^k, and the
 * mean of that over the slice is the part of it before the first.
 */
export class FailureTimes {
  constructor(
    private readonly seconds: readonly SecondTotals[],
    private readonly sliceS: number,
  ) {}

  around(slice: number, failures: number): AroundFailures {
    const startS = slice * this.sliceS;
    const own = this.seconds.slice(startS, startS + this.sliceS);
    const total = own.reduce((sum, { planned, ok }) => sum + planned - ok, 0);
    if (total === 0 || own.length === 0) return { before: 0, after: 0 };
    let past = 0;
    let before = 0;
    let after = 0;
    for (const { planned, ok } of own) {
      const half = (planned - ok) / 2;
      const share = (past + half) / total;
      before += (1 - share) ** failures;
      after += share ** failures;
      past += 2 * half;
    }
    return { before: before / own.length, after: after / own.length };
  }
}
