// What the summary says of induced load: requests sent again because they failed, and visits that were given up.
import { z } from 'zod';
import { count, name, share } from './schema-parts.js';

const amplified = {
  operations: count.describe('operations whose first attempt was fired'),
  again: count.describe('attempts made again, by clients and by people who pressed reload'),
  amplification: z
    .number()
    .nullable()
    .describe('(operations + again) / operations; null where nothing was fired'),
};

export const INDUCED = z
  .strictObject({
    ...amplified,
    share: share.nullable().describe('of all attempts, those made again'),
    retries: count,
    reloads: count,
    overBudget: count.describe('retries that the budget did not allow'),
    retryAfters: count.describe('retries that waited as a Retry-After said'),
    visitsAbandoned: count.describe('visits that were left after a request that failed or was slow'),
    requestsAbandoned: count.describe('requests that were not sent for that'),
    worst: z
      .strictObject({ atS: count, ...amplified })
      .nullable()
      .describe('the ten seconds in which most was sent again, of those with 100 operations'),
    phases: z.array(z.strictObject({ name, ...amplified })).describe('by phase of due time'),
    slices: z
      .array(z.strictObject({ atS: count, operations: count, again: count }))
      .describe('offered and induced load, by ten seconds of the time of sending'),
  })
  .describe('absent where the plan has no retries, reloads or visitors who leave');
