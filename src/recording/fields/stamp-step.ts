// Finds the step of a file's time stamps, as its first lines show it.
import type { Zone } from '../read/zone.js';
import type { FieldUnit } from './field-map.js';
import { readInstant, resolutionOf } from './instants.js';

/** Steps that logs are stamped in, microseconds, coarsest first. */
const STEPS_US = [60e6, 1e6, 1e3] as const;
/** With fewer stamps than this, that all lie on a step may be chance. */
const ENOUGH = 16;

/**
 * The step of some stamps, microseconds. The numbers tell it when there are enough of them, since `01.000Z` and
 * nanoseconds are also written by servers that count in seconds; else the number of digits does.
 * @param texts the stamps; what is none is passed over
 */
export function stepOf(texts: readonly string[], zone: Zone, unit: FieldUnit | null = null): number {
  const asked = zone.fresh();
  const stamps = texts
    .map((text) => ({ text, us: readInstant(text, asked, unit) }))
    .filter(({ us }) => !Number.isNaN(us));
  if (stamps.length >= ENOUGH) {
    return STEPS_US.find((step) => stamps.every(({ us }) => us % step === 0)) ?? 1;
  }
  let step: number = STEPS_US[1];
  for (const { text } of stamps) step = Math.min(step, resolutionOf(text));
  return step;
}
