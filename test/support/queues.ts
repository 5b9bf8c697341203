// Queues and servers whose true shares and means are known, as ticks by second: what limits are held against.
import { draw, drawKey } from '../../src/random.js';

/** A second of due time: operations, the sum of their responses in seconds, and the hits at each level asked for. */
export interface QueueTick {
  n: number;
  sum: number;
  readonly hits: number[];
}

/** Makes draws from Exp(1), in a row that is the same for the same seed and name. */
export function exponentials(seed: number, name: string): () => number {
  const key = drawKey(seed, name);
  let i = 0;
  return () => -Math.log(1 - draw(key, i++));
}

interface Traffic {
  readonly seed: number;
  readonly ratePerSec: number;
  /** Operations, about: the run takes n / rate whole seconds. */
  readonly n: number;
  /** True shares of hits, one for each level. */
  readonly shares: readonly number[];
}

/**
 * M/M/1 by Lindley's recursion, begun in its steady state. A response is Exp(μ − λ): over ln(1 / share) / (μ − λ) is
 * exactly that share of them.
 */
export function queue(load: number, { seed, ratePerSec, n, shares }: Traffic): QueueTick[] {
  const next = exponentials(seed, `queue ${load} ${n}`);
  const serviceRate = ratePerSec / load;
  const levels = shares.map((share) => -Math.log(share) / (serviceRate - ratePerSec));
  const ticks = empty(Math.round(n / ratePerSec), shares);
  let wait = Math.max(0, next() + Math.log(load)) / (serviceRate - ratePerSec);
  for (let t = next() / ratePerSec; t < ticks.length; ) {
    const tick = ticks[Math.floor(t)] as QueueTick;
    const response = wait + next() / serviceRate;
    tick.n++;
    tick.sum += response;
    for (let i = 0; i < levels.length; i++)
      if (response > (levels[i] as number)) tick.hits[i] = (tick.hits[i] as number) + 1;
    const gap = next() / ratePerSec;
    wait = Math.max(0, response - gap);
    t += gap;
  }
  return ticks;
}

/** A server with spells, on average so long, in which half of what it is sent fails; nothing fails between them. */
export function spells(meanS: number, { seed, ratePerSec, n, shares }: Traffic): QueueTick[] {
  const next = exponentials(seed, `spells ${meanS} ${n}`);
  const ticks = empty(Math.round(n / ratePerSec), shares);
  const failing = shares.map((share) => {
    const betweenS = (meanS * (0.5 - share)) / share;
    const on = Math.exp(-next()) < share / 0.5;
    return { on, betweenS, untilS: next() * (on ? meanS : betweenS) };
  });
  for (let t = next() / ratePerSec; t < ticks.length; t += next() / ratePerSec) {
    const tick = ticks[Math.floor(t)] as QueueTick;
    tick.n++;
    failing.forEach((state, i) => {
      while (t > state.untilS) {
        state.on = !state.on;
        state.untilS += next() * (state.on ? meanS : state.betweenS);
      }
      if (state.on && Math.exp(-next()) < 0.5) tick.hits[i] = (tick.hits[i] as number) + 1;
    });
  }
  return ticks;
}

/** Failures that know nothing of each other. */
export function independent({ seed, ratePerSec, n, shares }: Traffic): QueueTick[] {
  const next = exponentials(seed, `independent ${n}`);
  const ticks = empty(Math.round(n / ratePerSec), shares);
  for (let t = next() / ratePerSec; t < ticks.length; t += next() / ratePerSec) {
    const tick = ticks[Math.floor(t)] as QueueTick;
    const uniform = Math.exp(-next());
    tick.n++;
    shares.forEach((share, i) => {
      if (uniform < share) tick.hits[i] = (tick.hits[i] as number) + 1;
    });
  }
  return ticks;
}

function empty(seconds: number, shares: readonly number[]): QueueTick[] {
  return Array.from({ length: seconds }, () => ({ n: 0, sum: 0, hits: shares.map(() => 0) }));
}
