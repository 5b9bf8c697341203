// The JSON of a comparison and of a runner's noise: their types and their JSON Schemas, one definition of both.
import { z } from 'zod';
import { METRICS } from '../../judge/comparison/metrics.js';
import { count, ms, share } from '../summary/schema-parts.js';

const text = z.string();
const change = z
  .number()
  .nullable()
  .describe(
    'relative to the base (0.1: a tenth more), of errors a difference of shares; null where not known',
  );

const run = z.strictObject({
  file: text,
  label: text.nullable(),
  planId: text,
  seed: z.number(),
  target: text,
  startedAt: text,
  validity: z.enum(['valid', 'suspect', 'invalid']),
});

const scope = z.strictObject({ kind: z.enum(['run', 'phase', 'route', 'stream']), name: text });
const figure = z
  .union([ms, z.number()])
  .describe(
    'milliseconds of a latency, a share of errors, operations a second of goodput; of all runs, merged',
  );

const test = z.strictObject({
  scope,
  metric: z.enum(METRICS),
  verdict: z.enum(['pass', 'fail', 'inconclusive']),
  base: figure,
  candidate: figure,
  change,
  least: change.describe('the true change is surely above this; null where that is not known'),
  most: change.describe('the true change is surely below this; null where that is not known'),
  confidence: share.describe('of the limit towards worse-than-the-bound, which the number of tests decides'),
  bound: z.number().describe('the change that would be too much'),
  detectable: change.describe('the true change that such runs would find to be too much four times in five'),
  n: count.describe('operations on the side that has fewer'),
  reason: text.nullable(),
});

const broken = z
  .strictObject({
    startS: count,
    endS: count.nullable().describe('null where it was not well by the end'),
    failed: share.describe('from start to end'),
    worst: share.describe('of ten seconds'),
  })
  .nullable();

const night = z.strictObject({
  verdict: z.enum(['shown', 'did_not_hold', 'not_shown', 'nothing_recorded']),
  recorded: broken.describe('the outage of the recording that cost the most, in seconds of due time'),
  controls: z.array(
    z.strictObject({
      file: text,
      reproduced: z.enum(['reproduced', 'not_reproduced', 'nothing_recorded']),
      outage: broken,
      because: z.array(
        z.enum(['did_not_break', 'broke_at_another_time', 'too_mild', 'too_short', 'too_long']),
      ),
    }),
  ),
  candidates: z.array(z.strictObject({ file: text, held: z.boolean(), outage: broken })),
});

export const COMPARISON = z.strictObject({
  scenario: text,
  verdict: z
    .enum(['pass', 'fail', 'inconclusive', 'untrustworthy'])
    .describe('pass: the candidate is no worse than the base by more than the margins'),
  exitCode: z.int(),
  base: z.array(run),
  candidate: z.array(run),
  reasons: z
    .array(z.strictObject({ file: text, id: text, text }))
    .describe('why it is untrustworthy: the runs that are, and what was found'),
  unit: z.enum(['runs', 'windows']).nullable().describe('what counts as one observation'),
  paired: z.boolean(),
  blockS: z.number().nullable().describe('length of a window where these are the unit'),
  differences: z
    .array(z.strictObject({ path: text, base: text, candidate: text }))
    .describe('places at which the plans differ'),
  because: text.nullable().describe('why they may'),
  tests: z.array(test),
  notCompared: z.array(z.strictObject({ scope, metrics: z.array(z.enum(METRICS)), reason: text })),
  night: night.nullable().describe('of a recorded incident; null where no status was recorded'),
  noise: z
    .strictObject({ runs: count, pairs: count })
    .nullable()
    .describe('of the A/A runs that widen the limits of windows'),
});

const positive = z.number().min(0);

export const NOISE = z.strictObject({
  noise: z.literal(1).describe('the format of this file'),
  scenario: text,
  planId: text,
  runs: z.int().min(2).max(10_000),
  pairs: z.int().min(1),
  metrics: z
    .array(
      z.strictObject({
        metric: z.enum(METRICS),
        sd: positive.describe('of the difference of two runs: of logarithms, of errors of shares'),
        p95: positive.describe('the difference that 95 % of pairs stay under'),
        margin: positive.describe('the smallest margin that is safe on this runner'),
        marginAtMost: positive.describe('what that may truly be: few runs are few'),
        drifts: z.boolean().describe('whether runs that follow each other are more alike than others'),
      }),
    )
    .max(METRICS.length),
});

export type ComparisonJson = z.infer<typeof COMPARISON>;
export type NoiseJson = z.infer<typeof NOISE>;

/** The JSON Schema of `flashcrowd compare --json`. */
export function comparisonSchema(): object {
  return { title: 'flashcrowd comparison', ...z.toJSONSchema(COMPARISON, { target: 'draft-2020-12' }) };
}

/** The JSON Schema of `flashcrowd compare --aa --json`. */
export function noiseSchema(): object {
  return { title: 'flashcrowd noise', ...z.toJSONSchema(NOISE, { target: 'draft-2020-12' }) };
}
