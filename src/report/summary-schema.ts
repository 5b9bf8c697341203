// The Summary's one definition: its type and its JSON Schema.
import { z } from 'zod';
import { OUTCOMES } from '../measure/outcome.js';
import { STALL_CAUSES } from '../measure/vitals.js';
import { GATE, STOPPED_BY } from './summary/gate-schema.js';
import { INCIDENT } from './summary/incident-schema.js';
import { INDUCED } from './summary/induced-schema.js';
import { count, ms, name, share } from './summary/schema-parts.js';

const amplified = z
  .strictObject({
    stream: name,
    k: z.number(),
    counts: z
      .strictObject({ binS: z.number(), bins: count, maxZ: z.number() })
      .describe('largest |A - kR| / sqrt(kR) of arrivals A and recorded requests R in a bin'),
    dispersion: z.array(
      z.union([
        z
          .strictObject({
            windowS: z.number(),
            recorded: z.number(),
            expected: z.number().describe('1 + k (recorded - 1)'),
            actual: z.number(),
            ratio: z.number().describe('actual / expected'),
            within: z.boolean().describe('within 20 % of 1'),
          })
          .describe('index of dispersion for counts, a 60 s moving mean divided out'),
        z.strictObject({ windowS: z.number(), skipped: z.string() }),
      ]),
    ),
  })
  .describe('whether an amplified recording is as bursty as that many visitors');

const durations = z
  .strictObject({ p50: ms, p90: ms, p95: ms, p99: ms, p999: ms, max: ms, mean: ms })
  .meta({ id: 'durations' });
const quantiles = z.strictObject({ p50: ms, p95: ms, p99: ms }).meta({ id: 'quantiles' });

const outcomes = z
  .strictObject(
    Object.fromEntries(OUTCOMES.map((outcome) => [outcome, count])) as Record<
      (typeof OUTCOMES)[number],
      typeof count
    >,
  )
  .describe('operations by outcome; they add up to planned');
const someOutcomes = z.partialRecord(z.enum(OUTCOMES), count);
const statuses = z.record(z.string(), count).describe('answers by HTTP status');
const errors = share.nullable().describe('(planned - ok) / planned; null where nothing was planned');

const slowest = z
  .strictObject({
    oursMs: z.number(),
    waitMs: z.number(),
    serviceMs: z.number(),
    oursShare: z.number().min(0),
    censored: z.boolean(),
  })
  .nullable()
  .describe('means over the slowest 1 %; censored: timeouts are among the responses');

const part = z.strictObject({
  name,
  planned: count,
  ok: count,
  sent: count,
  errors,
  cache: z
    .strictObject({ hits: count, misses: count })
    .describe('answers of which a cache said that it had them or had not'),
  response: quantiles,
});
const phase = z.strictObject({
  name,
  startS: count,
  endS: count,
  planned: count,
  ok: count,
  errors,
  ratePerSec: z.number().nullable(),
  response: quantiles,
  slowest,
});

const then = count.describe('operations of recordings whose recorded status is known');
const bothSides = {
  requests: then,
  errors: share.nullable().describe('failed of requests, by the definition that the replayed have'),
  response: quantiles.describe('recorded durations, cut at the timeout'),
  unknownIds: count.describe('answered 404 or 410 where 2xx or 3xx was recorded; also in errors'),
  replayed: z
    .strictObject({ requests: count, errors, response: quantiles })
    .describe('the same operations now'),
};
const recorded = z
  .strictObject({
    ...bothSides,
    statuses: z.record(z.string(), count).describe('recorded answers by HTTP status'),
    routes: z.array(z.strictObject({ name, ...bothSides })).describe('the worst drift first'),
    phases: z.array(z.strictObject({ name, ...bothSides })),
  })
  .nullable()
  .describe('what was recorded beside what was replayed; null where nothing was recorded');

const window = z.strictObject({
  atS: count,
  planned: count,
  ok: count,
  failed: someOutcomes.describe('by outcome, where any'),
  p50: ms,
  p99: ms,
  recorded: z
    .strictObject({ requests: then, failed: count })
    .optional()
    .describe('of the same operations; absent where nothing was recorded'),
});

const finding = z.strictObject({
  id: z.string(),
  level: z.enum(['invalid', 'suspect', 'note']),
  figure: z.number().nullable(),
  limit: z.number().nullable(),
  unit: z.enum(['share', 'requests', 'places', 'ms', 'count']).nullable(),
  message: z.string(),
  advice: z.string(),
});

const fidelity = z
  .strictObject({
    score: share.describe(
      '1 - the mean of min(lag, 1 s) / 1 s, an operation that was never fired counting as 1 s',
    ),
    worst: z
      .strictObject({ fromS: count, score: share })
      .nullable()
      .describe('the ten seconds of due time with the lowest score; null where none has 100 operations'),
    toFire: count.describe('operations that were to be fired'),
    neverFired: count.describe('of these: unsent, and shed by a bound that was not declared'),
    within1Ms: share.describe('of toFire'),
    within10Ms: share.describe('of toFire'),
    seconds: z
      .strictObject({ of: count, off: count })
      .describe('seconds, and those with more or fewer than planned by over max(5 %, 3 sqrt(planned))'),
    dispersion: z
      .array(
        z.strictObject({
          windowS: z.number(),
          planned: z.number().nullable(),
          sent: z.number().nullable(),
          ratio: z.number().nullable().describe('1 + (sent - planned) / max(1, planned)'),
        }),
      )
      .describe('index of dispersion for counts, a 60 s moving mean divided out; null for too few windows'),
  })
  .nullable()
  .describe('sent against planned, a warm-up left out; null where nothing was to be fired');
const permilleShare = share.nullable().describe('null where the system does not say');
const stalls = z
  .strictObject(
    Object.fromEntries(STALL_CAUSES.map((cause) => [cause, z.number()])) as Record<
      (typeof STALL_CAUSES)[number],
      z.ZodNumber
    >,
  )
  .describe('milliseconds that event loops stood still, by what held them up, all workers together');
const generator = z
  .strictObject({
    stalls: z.strictObject({ count, totalMs: z.number(), maxMs: z.number(), byCause: stalls }),
    failuresInStalls: count.describe('requests that failed and were answered directly after a stall'),
    garbage: z.strictObject({ collections: count, totalMs: z.number(), maxMs: z.number() }),
    busyMax: z.number().min(0).describe('share of the time that a worker was busy, in its worst ten seconds'),
    slices: z
      .array(
        z.strictObject({
          atS: count,
          stalls,
          busy: z.number().min(0),
          steal: permilleShare,
          machineBusy: permilleShare,
          throttledMs: z.number(),
          descriptors: z.number().nullable().describe('in use, of those that there are'),
          ports: z.number().nullable().describe('as descriptors'),
        }),
      )
      .describe('by ten seconds'),
  })
  .describe('how the generator itself fared');

export const SUMMARY = z.strictObject({
  scenario: z.string(),
  label: z.string().nullable(),
  planId: z.string(),
  seed: z.number(),
  target: z.string(),
  startedAt: z.string(),
  durationS: count,
  closedS: count.describe('seconds of due time that were measured; durationS where the result is complete'),
  complete: z.boolean(),
  stoppedBy: STOPPED_BY,
  speed: z.number(),
  window: z
    .strictObject({ fromS: count, toS: count })
    .optional()
    .describe('the part of the plan that alone was sent; all times are from its start'),
  shards: z.array(z.string()).describe('i/n of the plan'),
  planned: count.describe('operations due through the last closed window'),
  plannedTotal: count,
  sent: count,
  attempts: count,
  outcomes,
  statuses,
  errors,
  response: durations.describe(
    'end - due of ok operations and timeouts: what a shopper feels; from when it could be sent, where it had to wait for the answer before',
  ),
  service: durations.describe('end - sent'),
  wait: durations.describe('sent - fired'),
  lag: durations.describe('fired - due: the generator itself'),
  slip: durations.describe(
    'how much later steps came that had to wait for the answer before; of those alone',
  ),
  hooks: z
    .strictObject({ calls: count, totalMs: z.number(), meanUs: z.number() })
    .nullable()
    .describe("calls of the scenario's hooks and what they cost; null where there were none"),
  generator,
  generatorShare: z.number().min(0).nullable().describe("the generator's own share of the slowest 1 %"),
  fidelity,
  streams: z.array(part),
  routes: z.array(part),
  tenants: z.array(
    z.strictObject({ name, planned: count, ok: count, errors, hot: z.boolean(), response: quantiles }),
  ),
  tenantsTotal: count.describe('how many there are; `tenants` lists the worst 200'),
  phases: z.array(phase),
  windows: z.array(window).describe('by second of due time'),
  recorded,
  unknownIds: count.describe('operations answered 404 or 410 where 2xx or 3xx was recorded; also in errors'),
  connections: z.strictObject({
    opened: count,
    max: count.describe('open at once at most'),
    openedPerSecMax: z.number().describe('in the ten seconds in which most were opened'),
    http1: count,
    http2: count,
    handshakes: z.strictObject({ full: count, resumed: count, perSecMax: z.number() }).describe('of TLS'),
    addresses: z.record(z.string(), count).describe('connections by the address they went to'),
    connect: durations.describe('opening in all'),
    dns: durations.describe('waiting for the name, where that was waited for'),
    tcp: durations,
    tls: durations,
  }),
  coverage: z.strictObject({
    dropped: z.record(z.string(), count),
    routes: z.array(z.strictObject({ route: z.string(), rows: count, share: z.number() })),
    notes: z.array(z.string()),
  }),
  calibration: z
    .strictObject({
      ceilingPerSec: z.number().describe('what the run’s workers can send on this machine'),
      share: z.number().min(0).describe('the planned peak of the shard as a share of it'),
      measuredAt: z.string(),
      ageDays: count.describe('when the run started'),
    })
    .optional()
    .describe('absent where the machine was not calibrated for such a run'),
  amplified: z.array(amplified).optional().describe('absent where no recording is amplified'),
  validity: z.strictObject({ verdict: z.enum(['valid', 'suspect', 'invalid']), findings: z.array(finding) }),
  gates: z.array(GATE),
  verdict: z.enum(['held', 'did_not_hold', 'untrustworthy', 'inconclusive', 'no_gates']),
  reasons: z.array(z.strictObject({ id: z.string(), text: z.string() })),
  exitCode: z.int(),
  incident: INCIDENT,
  induced: INDUCED.optional(),
});

/** A result in names that scripts can rely on. */
export type Summary = z.infer<typeof SUMMARY>;

/** The Summary's JSON Schema, for `flashcrowd schema summary`. */
export function summarySchema(): object {
  return { title: 'flashcrowd summary', ...z.toJSONSchema(SUMMARY, { target: 'draft-2020-12' }) };
}
