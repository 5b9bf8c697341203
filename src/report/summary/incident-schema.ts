// How the incident stands in the Summary.
import { z } from 'zod';
import { count, share, toll } from './schema-parts.js';
import { SURGE, TENANT_HEALTH, TIMELINE_ENTRY } from './story-schema.js';

const drain = z.strictObject({
  drainS: z
    .number()
    .nullable()
    .describe('seconds that its backlog would have taken; null where it never would drain'),
  unwellS: z.number().int().describe('seconds from load back at normal to the end of the outage'),
  ratio: z.number().nullable().describe('unwellS / drainS'),
  suspicious: z.boolean().describe('over 3 times what a backlog explains, as a metastable failure is'),
});

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
  drain: drain.nullable().describe('null where load was not normal again, or it did not break over that'),
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

const knee = z.strictObject({
  ratePerSec: z.number().describe('operations a second that it served at most, when it broke'),
  atS: count,
  steppedUpS: count.nullable().describe('when goodput first stepped over it, the shop being saturated'),
});

const goodput = z.strictObject({
  points: z.array(
    z.strictObject({
      fromS: count,
      toS: count,
      offeredPerSec: z.number(),
      okPerSec: z.number(),
      side: z.enum(['onset', 'decay']),
    }),
  ),
  collapse: z
    .strictObject({
      offeredPerSec: z.number(),
      okPerSec: z.number(),
      share: z.number().describe("goodput at twice the knee and more, of the knee's"),
      collapsed: z.boolean().describe('share under 0.8'),
    })
    .nullable(),
  hysteresis: z
    .strictObject({
      difference: z.number().describe('share of the load served more on the way down, at equal loads'),
      bins: count,
    })
    .nullable(),
});

const instant = z.number().nullable();

const scaler = z.strictObject({
  exceededAtS: z.number().describe('when the planned rate rose past the knee'),
  reactedAtS: instant.describe('when more than the knee was first served, demand being over it'),
  reactionS: instant.describe('reactedAtS − exceededAtS'),
  enoughAtS: instant.describe('when 95 % of the demand was served again, demand being over the knee'),
  enoughS: instant.describe('enoughAtS − exceededAtS'),
});

const headroom = z.strictObject({
  lagS: count,
  factor: z.number().nullable().describe('capacity an autoscaler with this lag must keep, × the load'),
});

export const INCIDENT = z.strictObject({
  outages: z.array(outage),
  course,
  knee: knee.nullable().describe('null where no load broke it'),
  goodput: goodput.nullable().describe('null where the planned rate was one level throughout'),
  scaler: scaler.nullable(),
  headroom: z.array(headroom).describe('from the planned rate alone'),
  hot: z.array(toll),
  bystanders: z.strictObject({ tenants: count, planned: count, failed: count }).nullable(),
  untouched: count.describe('tenants of which no operation failed'),
  tenantHealth: TENANT_HEALTH,
  surge: SURGE,
  timeline: z.array(TIMELINE_ENTRY).describe('what happened, in order of time'),
});
