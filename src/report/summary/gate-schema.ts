// How a gate's result stands in the Summary.
import { z } from 'zod';
import { count, ms } from './schema-parts.js';

export const GATE = z.strictObject({
  gate: z.string().describe('as it was written'),
  result: z.enum(['pass', 'fail', 'inconclusive', 'no_data']),
  actual: ms.describe('milliseconds for durations, a share or a rate a second for the rest'),
  bound: ms.describe('what it was held against, as actual; null where the recording does not say'),
  limits: z
    .strictObject({ low: ms, high: ms })
    .nullable()
    .describe(
      'between which values the true one lies, each with 95 % certainty; null where that is no matter of chance, high alone where so few operations set no upper limit',
    ),
  n: count.describe('operations it rests on'),
  needed: count
    .nullable()
    .describe('operations that it would take to decide; null where it is decided, or no number would'),
  reason: z.string().nullable(),
});

export const STOPPED_BY = z
  .strictObject({ gate: z.string(), startS: count, endS: count })
  .nullable()
  .describe(
    'the gate that stopped the run, and the window of due time in which it failed; null where none did',
  );
