// The keys of a scenario file that say what a route is and what counts as a right answer, as they are typed.
import * as z from 'zod';
import { oneOrMore, strict } from './schema-parts.js';

const statusRanges = z
  .union([z.string(), z.number(), z.array(z.union([z.string(), z.number()]))], {
    error: 'expected a status such as 200, a range such as 200-299, or a list of them',
  })
  .describe('Statuses that are ok: 200, 200-299, or a list of such. Default 200-399.');

export const route = strict({
  path: z.string().optional().describe('Path pattern, * stands for anything: /products/*.'),
  method: z.string().optional().describe('Only this method. Default: any.'),
  expect: statusRanges.optional(),
  contains: oneOrMore
    .optional()
    .describe(
      'Texts that the body of a right answer holds, as they are written; looked for in its first MiB as received. Without one of them the answer is a bad_body.',
    ),
  minBytes: z
    .union([z.string(), z.number()], { error: 'expected a size such as 2KB' })
    .optional()
    .describe(
      'Least size of the body of a right answer, as received: 2KB, 500B, 1MiB; a bare number is bytes.',
    ),
  header: z
    .record(
      z.string(),
      z.union([z.string(), z.number(), z.literal(true)], { error: 'expected a text, or true for any value' }),
    )
    .optional()
    .describe(
      'Headers of a right answer: a text that the value holds, whatever the case; true for any value.',
    ),
}).describe('A named class of requests.');
