// Quantiles of the distributions that limits are made of: normal, Student's t, beta.
//
// jstat's traps: its inverses search from a guess and stop after some steps, so degrees of freedom under 1 and shapes
// under 1e-3 are not to be trusted; outside of 0 to 1 it gives NaN, which is refused here. It is a CommonJS module
// whose one export Node sees is the default.
import jStat from 'jstat';

/** @param p 0 to 1, both excluded */
export function normalQuantile(p: number): number {
  return jStat.normal.inv(checked(p), 0, 1);
}

/**
 * Student's t.
 * @param p 0 to 1, both excluded
 * @param degrees of freedom, at least 1
 */
export function tQuantile(p: number, degrees: number): number {
  if (!(degrees >= 1)) throw new Error(`no degrees of freedom: ${degrees}`);
  return jStat.studentt.inv(checked(p), degrees);
}

/**
 * The beta distribution; 0 and 1 where a shape is 0, as Clopper and Pearson's limits have it.
 * @param p 0 to 1, both excluded
 */
export function betaQuantile(p: number, a: number, b: number): number {
  if (a <= 0) return 0;
  if (b <= 0) return 1;
  return jStat.beta.inv(checked(p), a, b);
}

function checked(p: number): number {
  if (!(p > 0 && p < 1)) throw new Error(`not a probability: ${p}`);
  return p;
}
