// The JSON of a probe: its type and its JSON Schema, one definition of both.
import { z } from 'zod';
import { OUTCOMES } from '../measure/outcome.js';

const text = z.string();
const ms = z.number().min(0).nullable().describe('milliseconds; null where it did not come to it');
const count = z.int().min(0);
const cacheResult = z.enum(['hit', 'miss']);

const connection = z
  .strictObject({
    protocol: text.describe('http/1.1 or h2, as ALPN says where there is TLS'),
    address: text.describe("the proxy's, where there is one"),
    tcpMs: z.number(),
    tlsMs: z.number().nullable(),
  })
  .meta({ id: 'connection' });

const certificate = z.strictObject({
  subject: text,
  issuer: text,
  names: z.array(text),
  validFrom: text.nullable(),
  validTo: text.nullable(),
  daysLeft: z.int().nullable().describe('whole days until it ends; below 0 it has ended'),
  trusted: z.boolean().describe('whether a run takes it without --insecure'),
  distrust: text.nullable().describe('why it is not trusted'),
});

const probe = z.strictObject({
  stream: text,
  route: text,
  tenant: text.nullable(),
  method: text,
  path: text.describe('with query, as it was sent first; secrets are taken out'),
  host: text,
  serverName: text.nullable().describe('SNI; null without TLS and for an address'),
  ok: z.boolean().describe('whether a run would count it as ok'),
  outcome: z.enum(OUTCOMES),
  status: count.nullable(),
  recordedStatus: count.nullable(),
  attempts: count,
  connection: connection.nullable(),
  firstByteMs: ms,
  totalMs: ms,
  bytes: count,
  server: text.nullable().describe('the server header'),
  cache: z.strictObject({ result: cacheResult, header: text.nullable() }).nullable(),
  followed: z.array(z.strictObject({ status: count, location: text })),
  redirect: z
    .strictObject({ to: z.enum(['target', 'secure', 'login', 'elsewhere', 'nowhere']), url: text })
    .nullable()
    .describe('where the last answer points, if it is a redirect'),
  failedChecks: z.array(z.strictObject({ check: z.enum(['contains', 'minBytes', 'header']), wanted: text })),
});

export const PROBE = z.strictObject({
  scenario: text,
  planId: text,
  run: text.describe('the value of x-flashcrowd-run in every request'),
  ok: z.boolean().describe('whether every answer was as expected; then the exit code is 0, else 1'),
  target: z.strictObject({
    url: text,
    addresses: z.array(text).describe("that answer; the proxy's, where there is one"),
    dnsMs: ms,
    proxy: text.nullable(),
    transport: text,
  }),
  handshakes: z.array(
    z.strictObject({
      serverName: text,
      connection: connection.nullable(),
      version: text.nullable(),
      certificate: certificate.nullable(),
      error: text.nullable(),
    }),
  ),
  probes: z.array(probe),
  findings: z.array(
    z.strictObject({
      id: text,
      level: z.enum(['problem', 'warning']),
      message: text,
      advice: text,
      where: z.array(text),
    }),
  ),
  leftOut: z.strictObject({
    pairs: count.describe('pairs of route and tenant that were not asked for, to keep the probe small'),
    unsent: count.describe(
      'requests that were chosen and not sent, as time was up or the target asked to stop',
    ),
    routes: z
      .array(z.strictObject({ route: text, rows: count }))
      .describe('routes of a recording of which rows are not sent, such as writes that are not listed'),
    unmet: z.array(text).describe('routes of which the plan sends nothing, as far as it was walked'),
  }),
});

export type ProbeJson = z.infer<typeof PROBE>;

/** The JSON Schema of `flashcrowd probe --json`. */
export function probeSchema(): object {
  return { title: 'flashcrowd probe', ...z.toJSONSchema(PROBE, { target: 'draft-2020-12' }) };
}
