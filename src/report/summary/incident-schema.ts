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

export const INCIDENT = z.strictObject({
  outages: z.array(outage),
  hot: z.array(toll),
  bystanders: z.strictObject({ tenants: count, planned: count, failed: count }).nullable(),
  untouched: count.describe('tenants of which no operation failed'),
});
