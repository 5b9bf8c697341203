// How the incident stands in the Summary.
import { z } from 'zod';
import { count, share, toll } from './schema-parts.js';

const outage = z.strictObject({
  startS: count,
  endS: count.nullable().describe('null where the shop was not well by the end'),
  ratePerSec: z.number(),
  multiple: z.number().describe('of the normal rate, when it broke'),
  phase: z.string(),
  intoPhaseS: count,
  worst: z.strictObject({ atS: count, share }),
  multipleAtEnd: z.number().nullable(),
  underLoad: z.boolean().describe('well again under as much load as it had broken at'),
  lost: count.describe('operations that failed in it'),
});

const worst = z.strictObject({ atS: count, share }).nullable();

const course = z.strictObject({
  onsetS: count.nullable().describe('start of the spike; null where the plan has none'),
  normalAtS: count.nullable().describe('when the planned rate was at most 1.1 × normal again'),
  timeToDegradeS: z.number().int().nullable().describe('start of the first outage − onset'),
  recoveryS: z
    .number()
    .int()
    .nullable()
    .describe('end of the last outage − normalAtS; 0 and less where it was well again under load'),
  outageS: count.describe('length of all outages together'),
  lost: count.describe('operations that failed in outages'),
  worstSecond: worst,
  worstTenSeconds: worst,
});

export const INCIDENT = z.strictObject({
  outages: z.array(outage),
  course,
  hot: z.array(toll),
  bystanders: z.strictObject({ tenants: count, planned: count, failed: count }).nullable(),
  untouched: count.describe('tenants of which no operation failed'),
});
