// Lanes and shards: the arithmetic by which each machine and worker knows its own share of a plan.

/** Shard i of n: the lanes ≡ i mod n. */
export interface Shard {
  readonly i: number;
  readonly n: number;
}

export const WHOLE: Shard = { i: 0, n: 1 };

/** Worker j of w inside shard i/n is shard (i + n·j)/(n·w): its lanes are a subset of the shard's. */
export function workerShard(shard: Shard, j: number, w: number): Shard {
  return { i: shard.i + shard.n * j, n: shard.n * w };
}

/** The lanes of a shard, ascending. */
export function lanesOf(shard: Shard, lanes: number): number[] {
  const own: number[] = [];
  for (let lane = shard.i; lane < lanes; lane += shard.n) own.push(lane);
  return own;
}

/** Whether two shards share a lane: i ≡ j modulo gcd(n, m). */
export function overlap(a: Shard, b: Shard): boolean {
  const step = gcd(a.n, b.n);
  return a.i % step === b.i % step;
}

/** A shard's part of a whole number such as an in-flight cap; the parts of all n shards sum to it. */
export function shareOf(total: number, shard: Shard): number {
  return Math.floor((total + shard.n - 1 - shard.i) / shard.n);
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
