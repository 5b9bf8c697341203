// Values of placeholders, drawn from their sources.
import { draw, drawKey } from '../random.js';
import type { DataSource } from '../scenario/plan.js';
import type { SlotReader } from './template.js';
import { Zipf } from './zipf.js';

/** Draws values of a data source; the same purpose and key give the same value. */
export function sampler(
  source: DataSource,
  csvValues: readonly string[],
  seed: number,
  purpose: readonly (string | number)[],
  keyOf: () => number,
): SlotReader {
  const values = source.kind === 'list' ? source.values : csvValues;
  const size = source.kind === 'range' ? source.to - source.from + 1 : values.length;
  const valueAt =
    source.kind === 'range' ? (i: number) => String(source.from + i) : (i: number) => values[i] as string;
  const keys = [drawKey(seed, ...purpose, 0)];
  const uniform = (attempt: number) => {
    const key = (keys[attempt] ??= drawKey(seed, ...purpose, attempt));
    return draw(key, keyOf());
  };
  if (source.zipf === null) return () => valueAt(Math.floor(uniform(0) * size));
  const zipf = new Zipf(size, source.zipf);
  return () => valueAt(zipf.rank(uniform) - 1);
}
