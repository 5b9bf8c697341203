// The keys of a scenario file that say what is replayed of a recording, as they are typed.
import * as z from 'zod';
import { oneOrMore, strict } from './schema-parts.js';

const filter = {
  tenant: oneOrMore.optional(),
  route: oneOrMore.optional(),
  host: oneOrMore.optional().describe('Recorded hosts; * stands for anything.'),
  path: oneOrMore.optional().describe('Path patterns; * stands for anything.'),
  method: oneOrMore.optional(),
  client: oneOrMore.optional().describe('Kinds of client: person, bot, unknown.'),
};
export const where = strict({
  ...filter,
  not: strict(filter).optional().describe('Rows that match this are left out.'),
}).describe('Which recorded rows are replayed: all that is named must hold.');

export const recording = z
  .union(
    [
      z.string(),
      z.array(z.string()).min(1, 'is an empty list'),
      strict({
        files: oneOrMore.describe('Logs, HARs, captures or recordings; globs are expanded.'),
        format: z
          .string()
          .optional()
          .describe('A format such as alb, or an nginx log_format or Apache LogFormat. Default: detected.'),
        zone: z
          .string()
          .optional()
          .describe('Zone of stamps that have none: Europe/Berlin, +0200. Default UTC.'),
        stamp: z
          .enum(['start', 'end'])
          .optional()
          .describe('What stamps mark. Default: as the format has it.'),
        fields: z
          .record(z.string(), z.string())
          .optional()
          .describe(
            "The log's names for time, duration, method, url, path, status, client ...: { duration: took@ms }.",
          ),
        keep: z
          .array(z.string())
          .optional()
          .describe('Query keys and headers that are kept though they look like secrets.'),
        sort: z.boolean().optional().describe('Sort on disk first, for logs far out of time order.'),
      }),
    ],
    { error: 'expected a file, a list of files, or a mapping with files' },
  )
  .describe(
    'Logs, HARs, captures or recordings, relative to the scenario; imported once, then kept. With a curve, stages or a spike beside it, these say when, and the recording says what: its requests are sent in their order, again and again; from and to then cut the times, not the recording.',
  );

const idMapping = strict({
  map: z
    .string()
    .optional()
    .describe('A CSV with a header that holds the ids to send, relative to the scenario.'),
  column: z
    .string()
    .optional()
    .describe(
      'The column of the CSV. Default: the one named as the ids are, or the only one; for a table: staging.',
    ),
  by: z
    .enum(['popularity', 'hash', 'table'])
    .optional()
    .describe(
      'popularity (the default): the most requested recorded id becomes the first of the CSV, and so on; hash: each becomes any one, always the same; table: by the columns recorded and staging, other ids are not sent.',
    ),
  in: oneOrMore
    .optional()
    .describe(
      'Where the ids are: path patterns such as /products/{product}, query parameters such as "?product_id={product}". Default: where {product} is in the path of a route, or {id} in that of the route named product.',
    ),
}).describe('How recorded ids of one kind are sent as others.');

export const ids = z
  .record(z.string(), idMapping)
  .describe(
    'Recorded ids that the target does not know, by what they are of (product): which to send instead.',
  );
