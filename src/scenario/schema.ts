// The scenario file as it is typed: the zod schema, a description on every field, and the JSON Schema for editors.
import * as z from 'zod';
import { gates } from './schema-gates.js';
import {
  type Checked,
  checked,
  duration,
  instantOrOffset,
  multiple,
  rate,
  scalar,
  strict,
} from './schema-parts.js';
import { ids, recording, where } from './schema-recording.js';
import { flow, headers, login, request } from './schema-requests.js';
import { abandon, reloads, retries } from './schema-retries.js';
import { route } from './schema-routes.js';
import { reach } from './schema-target.js';

const visits = strict({
  requests: z
    .number()
    .optional()
    .describe('Requests that a visitor makes before a new one takes over. Default 6.'),
  think: duration.optional().describe('Least time between two requests of a visitor. Default 8s.'),
}).describe("How a rate stream's arrivals are dealt to visitors.");

const dataSource = strict({
  range: z
    .array(z.number())
    .length(2, 'expected two whole numbers, the first and the last value: [1, 5000]')
    .optional()
    .describe('Whole numbers from the first to the last, both included: [1, 5000].'),
  list: z.array(scalar).min(1, 'is an empty list').optional().describe('The values themselves.'),
  csv: z.string().optional().describe('A CSV file with a header, relative to the scenario.'),
  column: z.string().optional().describe('The column of the CSV. Default: the one named as the placeholder.'),
  zipf: z
    .number()
    .optional()
    .describe(
      'Exponent of rank-popularity: 1.1 makes the first value far more common than the last. Default: all alike.',
    ),
}).describe('Where the values of a placeholder come from: range, list or csv.');

const data = z.record(z.string(), dataSource).describe('Values for placeholders, by placeholder name.');

const stage = strict({
  from: rate.optional().describe('Rate at the start. Default: where the stage before ended, or 0.'),
  to: rate.optional().describe('Rate at the end; the rate changes linearly.'),
  rate: rate.optional().describe('A constant rate, instead of from and to.'),
  for: duration.optional().describe('How long the stage lasts.'),
}).describe('A stretch of time: from, to and for, or rate and for.');

const spike = strict({
  base: rate.optional().describe('Rate before and after.'),
  peak: z
    .union([z.string(), z.number()], {
      error: 'expected a multiple of the base such as 5x, or a rate such as 100/s',
    })
    .optional()
    .describe('Rate of the hold: a multiple of the base (5x) or a rate (100/s).'),
  at: duration.optional().describe('When the rise begins.'),
  rise: duration.optional().describe('How long the rise takes; 0 for a step.'),
  hold: duration.optional().describe('How long the peak lasts.'),
  fall: duration.optional().describe('How long the fall takes.'),
  total: duration.optional().describe('How long all of it takes. Default: at + rise + hold + fall + at.'),
}).describe('Base, a linear rise to a peak, a hold, a linear fall, base.');

const stream = strict({
  name: z.string().optional().describe('Name in reports and gates. Default: stream-1, stream-2, ...'),
  curve: z.string().optional().describe('A CSV of requests or rate over time, relative to the scenario.'),
  stages: z.array(stage).min(1, 'is an empty list').optional(),
  spike: spike.optional(),
  recording: recording.optional(),
  amplify: multiple.optional().describe('Multiplies the visitors. Default 1.'),
  from: instantOrOffset.optional(),
  to: instantOrOffset.optional(),
  fold: z
    .boolean({ error: 'expected true or false' })
    .optional()
    .describe(
      'Leaves out suspected retries of a recording (the same client asks for the same soon after an error), as under load clients retry by themselves. Default false.',
    ),
  ids: ids.optional().describe("Recorded ids to send as others; they win over the scenario's."),
  arrivals: z
    .enum(['poisson', 'even'])
    .optional()
    .describe('How arrivals fall within the rate. Default poisson.'),
  tenant: z
    .string()
    .optional()
    .describe('The shop that is visited; placeholders in it are drawn once a visitor.'),
  requests: z.array(request).min(1, 'is an empty list').optional().describe('The mix. Default: GET /.'),
  flow: flow.optional(),
  dependent: z
    .boolean({ error: 'expected true or false' })
    .optional()
    .describe(
      'Whether every step of the flow waits for the answer to the one before. With false only those do that use a captured value; the others are sent when they are due. Default true.',
    ),
  login: login.optional(),
  data: data.optional(),
  where: where.optional(),
  visits: visits.optional(),
}).describe(
  'A source of load: exactly one of curve, stages, spike, recording; or a recording at the times of one of the others.',
);

const forwardedFor = z
  .union(
    [
      z.string(),
      strict({
        range: z.string().optional().describe('IPv4 addresses: 198.18.0.0/15.'),
        header: z.string().optional().describe('The header that carries it. Default x-forwarded-for.'),
      }),
    ],
    { error: 'expected a range such as 198.18.0.0/15, or a mapping with range' },
  )
  .describe(
    'Each visitor sends an address of its own out of a range, for a target that believes the header.',
  );

const target = z
  .union(
    [
      z.string(),
      strict({
        url: z
          .string()
          .optional()
          .describe('Scheme, host and port; every request goes here, and nowhere else.'),
        hosts: z
          .record(z.string(), z.string())
          .optional()
          .describe('Recorded host pattern to the Host that is sent: "*.shop.example": "*.stg.example".'),
        ceiling: rate.optional().describe("The plan's peak may not exceed it; required when not loopback."),
        basicAuth: z
          .string()
          .optional()
          .describe(`user:password, as "\${env:NAME}"; sent to this target only.`),
        http: z
          .literal(['auto', 1.1, 2, '1.1', '2'], { error: 'expected auto, 1.1 or 2' })
          .optional()
          .describe(
            'HTTP that is spoken: auto is 2 where an https target prefers it and 1.1 else; 2 at an http target is prior knowledge. Default auto.',
          ),
        ...reach,
        forwardedFor: forwardedFor.optional(),
      }),
    ],
    { error: 'expected a URL, or a mapping with url' },
  )
  .describe('Where every request goes: a URL, or a mapping with url.');

const connections = z
  .union(
    [
      z.enum(['visitor', 'fresh']),
      strict({
        pool: z
          .number()
          .optional()
          .describe('This many connections, shared by all, as an edge proxy has them.'),
        visitor: strict({
          perVisitor: z.number().optional().describe('Most connections of one visitor. Default: no limit.'),
          idle: duration.optional().describe('How long an idle connection is kept. Default 60s.'),
        }).optional(),
      }),
    ],
    { error: 'expected visitor, fresh, { pool: 200 } or { visitor: { perVisitor: 6 } }' },
  )
  .describe(
    "Each visitor's own connections (visitor, the default), one per request (fresh), or a shared pool.",
  );

const scenario = strict({
  name: z.string().optional().describe("Title of reports. Default: the file's name."),
  label: z.string().optional().describe('Tells runs of one scenario apart, such as a release.'),
  target: target.optional(),
  writes: z
    .array(z.string())
    .optional()
    .describe('Routes whose methods other than GET and HEAD may be sent.'),
  seed: z.number().optional().describe('Whole number; the same seed draws the same schedule. Default 1.'),
  lanes: z
    .number()
    .optional()
    .describe('Partitions of the plan: a power of two, 8 to 1024. Default: from the peak.'),
  speed: multiple.optional().describe('Fast-forward: 2 takes half the time. Default 1.'),
  streams: z.array(stream).min(1, 'has no streams; expected at least one'),
  visits: visits.optional(),
  connections: connections.optional(),
  redirects: z
    .number()
    .optional()
    .describe(
      'Redirects that a request follows within the target, at most 20. One that was recorded is not followed: what came next was recorded too. Default 0: a redirect is the answer.',
    ),
  cookies: z
    .boolean({ error: 'expected true or false' })
    .optional()
    .describe('Whether visitors send back the cookies that answers set. Default true.'),
  headers: headers.optional(),
  timeout: duration.optional().describe('How long an operation may take. Default 10s, at most 120s.'),
  retries: retries.optional(),
  reloads: reloads.optional(),
  abandon: abandon.optional(),
  maxInFlight: z
    .number()
    .optional()
    .describe('Most operations under way at once; what is beyond is shed and counted.'),
  hooks: z
    .string()
    .optional()
    .describe(
      'A .js or .mjs module, relative to the scenario, that exports beforeRequest or afterResponse (types: flashcrowd/hooks).',
    ),
  tenants: strict({
    host: z.string().optional().describe('The Host of a tenant: "{tenant}.shop.example".'),
    path: z.string().optional().describe('The path prefix of a tenant: "/s/{tenant}".'),
  })
    .optional()
    .describe('How a tenant shows in a request: by host or by path.'),
  routes: z
    .record(z.string(), route)
    .optional()
    .describe('Named classes of requests; they bound what is reported.'),
  data: data.optional().describe('Values for placeholders of all streams.'),
  ids: ids.optional().describe('Recorded ids to send as others, for all recordings.'),
  gates: gates.optional(),
}).describe('A flashcrowd scenario.');

export type TypedScenario = z.output<typeof scenario>;
export type TypedStream = z.output<typeof stream>;
export type TypedStage = z.output<typeof stage>;
export type TypedSpike = z.output<typeof spike>;
export type TypedVisits = z.output<typeof visits>;
export type TypedData = z.output<typeof data>;
export type TypedForwardedFor = z.output<typeof forwardedFor>;
export type TypedTarget = z.output<typeof target>;
export type TypedConnections = z.output<typeof connections>;
export type TypedRoute = z.output<typeof route>;
export type TypedIds = z.output<typeof ids>;
export type TypedWhere = z.output<typeof where>;

/** The value with its types checked, or zod's issues. */
export function checkScenario(value: unknown): Checked<TypedScenario> {
  return checked(scenario, value);
}

/** The JSON Schema of a scenario file, for editors. */
export function scenarioJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(scenario, { io: 'input' }), title: 'flashcrowd scenario' };
}
