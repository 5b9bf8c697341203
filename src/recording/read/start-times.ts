// From the stamps of rows to their starts, in order: steps spread, ends moved back, and what follows sorted.

import type { Row } from '../row.js';
import { type RowBudget, StartOrder, sortByStart } from './order.js';
import { needsSpread, type StampRule, spread } from './stamps.js';

/** How far rows may be out of order, and what becomes of those that are further. */
export interface OrderLimits {
  readonly windowUs: number;
  readonly budget: RowBudget;
  readonly late: (row: Row) => void;
}

/**
 * Coarse stamps are collected by step and spread; where the end is stamped, the starts that follow from it are
 * then sorted once more, as a long request started before the short ones that ended before it.
 */
export function startTimes(
  rule: StampRule,
  { windowUs, budget, late }: OrderLimits,
  emit: (row: Row) => void,
) {
  const settle = (rows: Row[]) => {
    for (const row of sortByStart(rows)) emit(row);
  };
  const sorted = new StartOrder(1e6, windowUs, budget, settle, late);
  if (!needsSpread(rule)) {
    const push = (row: Row) => {
      if (rule.end) row.startUs -= row.durationUs ?? 0;
      sorted.push(row);
    };
    return { push, end: () => sorted.end() };
  }
  const next = rule.end ? (row: Row) => sorted.push(row) : emit;
  const steps = new StartOrder(
    rule.resolutionUs,
    windowUs,
    budget,
    (rows, fromUs) => {
      spread(rows, fromUs, rule);
      for (const row of rows) next(row);
    },
    late,
  );
  const end = () => {
    steps.end();
    sorted.end();
  };
  return { push: (row: Row) => steps.push(row), end };
}
