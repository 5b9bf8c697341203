// The JSON of a search for headroom: its type and its JSON Schema, one definition of both.
import { z } from 'zod';
import { GATE } from './summary/gate-schema.js';
import { count } from './summary/schema-parts.js';

const text = z.string();
const multiple = z.number().positive().describe('of the load of the plan');
const perSec = z.number().min(0).describe('planned peak, requests a second');

const end = z.strictObject({
  k: multiple,
  peakPerSec: perSec,
  standing: z
    .enum(['held', 'failed', 'unshown', 'unsendable'])
    .describe('unshown: its trials could not be decided; unsendable: they could not be believed'),
  settled: z.boolean().describe('whether more trials there could not have changed it'),
  agreeing: count.describe('trials that say so'),
  trials: count.describe('of so many'),
});

export const LIMIT = z.strictObject({
  scenario: text,
  target: text,
  exitCode: count,
  kind: z
    .enum(['between', 'at_least', 'generator_limited', 'not_shown_above', 'less_than', 'unknown'])
    .describe('how low and high are to be read'),
  low: end.nullable().describe('the highest multiple that held'),
  high: end.nullable().describe('the lowest multiple above it that did not'),
  fails: end.nullable().describe('the lowest one that failed: high, or one above where high is not decided'),
  highReason: text.nullable().describe('why trials at high were not decided or not believed'),
  margin: multiple.nullable().describe('how many times its plan the target takes for sure: k of low'),
  firstGate: z
    .strictObject({ ...GATE.shape, k: multiple, failedTrials: count, ofFailedTrials: count })
    .nullable()
    .describe('the gate that most failed trials failed, as the lowest of them read it'),
  inversion: z
    .strictObject({ failedAt: multiple, heldAt: multiple })
    .nullable()
    .describe('a trial failed at or below a multiple at which another held'),
  ending: z
    .enum(['found', 'trials_used', 'time_used', 'refused', 'interrupted', 'stopped_by_target', 'unreachable'])
    .describe('why no further trial was made'),
  endingReason: text.nullable(),
  varied: text.nullable().describe('the stream that alone was multiplied; null: all of them'),
  search: z.strictObject({
    from: multiple,
    min: multiple,
    max: multiple,
    maxReason: text.nullable().describe('what bounds max, where that was not asked for'),
    within: z.number().positive().describe('width wanted: high over low, less 1'),
    trialsMax: count,
    budgetS: z.number().nullable(),
    coolDownS: z.number().min(0),
    trialS: z.number().min(0).describe('the most that one trial takes, without the cool-down'),
  }),
  trials: z.array(
    z.strictObject({
      k: multiple,
      peakPerSec: perSec,
      seed: count,
      planId: text,
      outcome: z.enum(['held', 'failed', 'inconclusive', 'invalid']),
      failedGates: z.array(text),
      reason: text.nullable(),
      wallS: z.number().min(0),
      resultFile: text,
    }),
  ),
});

export type LimitJson = z.infer<typeof LIMIT>;

/** The JSON Schema of `flashcrowd limit --json`. */
export function limitSchema(): object {
  return { title: 'flashcrowd limit', ...z.toJSONSchema(LIMIT, { target: 'draft-2020-12' }) };
}
