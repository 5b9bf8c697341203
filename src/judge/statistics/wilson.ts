// Wilson's interval: limits of a share of independent operations, cheap enough for every second of a run.

/** One-sided 95 %. */
const Z = 1.64;

/**
 * Wilson's score interval of a proportion.
 * @param z quantile of the normal distribution that either limit holds with; one-sided 95 % where it is not given
 */
export function wilson(hits: number, n: number, z = Z): { low: number; high: number } {
  const p = hits / n;
  const z2 = z * z;
  const centre = (p + z2 / (2 * n)) / (1 + z2 / n);
  const half = (z * Math.sqrt((p * (1 - p)) / n + z2 / (4 * n * n))) / (1 + z2 / n);
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}
