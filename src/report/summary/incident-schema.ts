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

const tenantToll = toll.extend({ brokenS: z.number().min(0).describe('for how long it was broken') });
const shareOrNull = share.nullable();

const tenantHealth = z
  .strictObject({
    known: count.describe('tenants that there was ever enough traffic of to tell'),
    broken: count.describe('tenants that were broken at any time'),
    slices: z
      .array(
        z.strictObject({
          startS: count,
          endS: count,
          healthy: count,
          broken: count.describe('in any of it'),
          unknown: count,
          share: shareOrNull.describe('healthy of the known ones, over its time'),
          weighted: shareOrNull.describe('the same, each counting for as much as its normal load'),
        }),
      )
      .describe('tenants over time, a warm-up left out'),
    below: z.array(
      z
        .strictObject({ level: share, seconds: count, weightedSeconds: count })
        .describe('how long the share was below a level'),
    ),
    lowest: z.strictObject({ share, atS: count, broken: count }).nullable(),
    lowestByPhase: z.array(z.strictObject({ phase: z.string(), share: shareOrNull })),
    unwellAtS: count.nullable().describe('when less than 99 % were healthy for the first time'),
    wellAgainAtS: count.nullable().describe('from when on 99 % were healthy to the end'),
    storeMinutesLost: z.number().min(0),
    worstByShare: z.array(tenantToll).describe('the twenty of which the highest share failed'),
    worstByTime: z.array(tenantToll).describe('the twenty that were broken longest'),
    isolation: z
      .strictObject({
        hotFailed: share,
        bystandersFailed: share,
        ratio: z.number().min(0).nullable().describe('of these two: 0 is perfect isolation'),
        bystandersBroken: count,
      })
      .nullable()
      .describe('null where no tenant surged'),
  })
  .nullable()
  .describe('null where the plan has no tenants');

const source = z.strictObject({
  dimension: z.enum(['stream', 'tenant', 'route', 'referrer', 'client']),
  name: z.string(),
  normalPerSec: z.number().min(0),
  spikePerSec: z.number().min(0),
  shareOfAdded: share,
  multiple: z.number().min(0).nullable().describe('of its own normal load; null for one that had none'),
});

const surge = z
  .strictObject({
    base: z.string().describe('the phase that the spike is held against'),
    normalPerSec: z.number().min(0),
    spikePerSec: z.number().min(0),
    grew: z.array(source).describe('what grew most, at most ten of each dimension'),
    leading: z.array(source).describe('what stands out, at most one of each dimension'),
  })
  .nullable()
  .describe('where the added load came from; null for a plan without a spike');

const entry = z.strictObject({
  atS: count,
  at: z.string().nullable().describe('ISO instant of the run'),
  recordedAt: z.string().nullable().describe('ISO instant of the recording that was replayed then'),
  kind: z.string(),
  state: z.enum(['notice', 'investigating', 'identified', 'update', 'monitoring', 'resolved']),
  text: z.string(),
  figures: z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.null()])),
});

export const INCIDENT = z.strictObject({
  outages: z.array(outage),
  course,
  hot: z.array(toll),
  bystanders: z.strictObject({ tenants: count, planned: count, failed: count }).nullable(),
  untouched: count.describe('tenants of which no operation failed'),
  tenantHealth,
  surge,
  timeline: z.array(entry).describe('what happened, in order of time'),
});
