// Made-up trials of a search for headroom.
import type { GateResult } from '../../src/judge/gates/gates.js';
import type { TrialRecord } from '../../src/judge/headroom/headroom.js';
import type { Trial } from '../../src/judge/headroom/search.js';

/** A failed `errors < 1%`, or of another text. */
export function failedGate(actual: number, text = 'errors < 1%'): GateResult {
  return {
    gate: { text, metric: { kind: 'errors' }, selector: {}, comparison: '<', bound: 0.01 },
    result: 'fail',
    actual,
    bound: 0.01,
    limits: null,
    n: 4_000,
    needed: null,
    reason: null,
  };
}

/** A trial of a plan whose peak is 300/s; one that failed missed `errors < 1%`. */
export function trialOf(k: number, outcome: Trial['outcome'], more: Partial<TrialRecord> = {}): TrialRecord {
  return {
    k,
    outcome,
    seed: 7,
    planId: 'c0ffee'.repeat(8),
    peakPerSec: 300 * k,
    resultFile: `out/promo-limit/k${k}-1.ndjson`,
    wallUs: 151e6,
    failed: outcome === 'failed' ? [failedGate(0.01 * k)] : [],
    reason:
      outcome === 'invalid'
        ? '3.2 % of the planned requests were not sent'
        : outcome === 'inconclusive'
          ? 'p99 < 800ms: too few: p99 needs 100 requests, there were 40'
          : null,
    ...more,
  };
}
