// How tenants over time, the surge and the timeline stand in the Summary.
import { z } from 'zod';
import { count, share, toll } from './schema-parts.js';

const tenantToll = toll.extend({ brokenS: z.number().min(0).describe('for how long it was broken') });
const shareOrNull = share.nullable();

export const TENANT_HEALTH = z
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

export const SURGE = z
  .strictObject({
    base: z.string().describe('the phase that the spike is held against'),
    normalPerSec: z.number().min(0),
    spikePerSec: z.number().min(0),
    grew: z.array(source).describe('what grew most, at most ten of each dimension'),
    leading: z.array(source).describe('what stands out, at most one of each dimension'),
  })
  .nullable()
  .describe('where the added load came from; null for a plan without a spike');

export const TIMELINE_ENTRY = z.strictObject({
  atS: count,
  at: z.string().nullable().describe('ISO instant of the run'),
  recordedAt: z.string().nullable().describe('ISO instant of the recording that was replayed then'),
  kind: z.string(),
  state: z.enum(['notice', 'investigating', 'identified', 'update', 'monitoring', 'resolved']),
  text: z.string(),
  figures: z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.null()])),
});
