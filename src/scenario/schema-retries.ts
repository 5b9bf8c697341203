// The keys of a scenario file that say what clients and visitors do when a request fails, as they are typed.
import * as z from 'zod';
import { duration, multiple, strict } from './schema-parts.js';

const share = z.union([z.string(), z.number()], {
  error: 'expected a share such as 30%, or a number from 0 to 1',
});

const retrying = strict({
  attempts: z.number().optional().describe('Requests at most, the first included, 2 to 10. Default 3.'),
  on: z
    .array(z.union([z.string(), z.number()], { error: 'expected a status such as 503, or a failure' }))
    .min(1, 'is an empty list')
    .optional()
    .describe(
      'Failures and statuses that are retried: timeout, refused, reset, dns, tls, protocol, bad_body, 429, 503. Default: timeout, refused, reset, 502, 503, 504.',
    ),
  methods: z
    .array(z.string())
    .min(1, 'is an empty list')
    .optional()
    .describe(
      'Methods that are retried. Default GET and HEAD; a request with an idempotency-key header is retried whatever its method.',
    ),
  timeout: duration.optional().describe("How long one attempt may take. Default: the scenario's timeout."),
  backoff: strict({
    base: duration.optional().describe('Wait before the first retry. Default 250ms.'),
    factor: multiple.optional().describe('What each further wait is multiplied by. Default 2.'),
    max: duration.optional().describe('Longest wait. Default 10s.'),
    jitter: z
      .enum(['full', 'none'], { error: 'expected full or none' })
      .optional()
      .describe('full: a wait is drawn evenly from 0 to its length; none: it is its length. Default full.'),
  })
    .optional()
    .describe('How long a client waits before it tries again.'),
  budget: share
    .optional()
    .describe(
      'Retries at most this share of the requests of the last ten seconds, by each sending thread: 10%. Default: no budget.',
    ),
  retryAfter: z
    .union([z.boolean(), z.string(), z.number()], {
      error: 'expected true, false, or the longest wait that is honoured, such as 30s',
    })
    .optional()
    .describe(
      'Whether a Retry-After of the answer is waited for instead of the backoff, at most 30s or the duration given. Default true.',
    ),
});

export const retries = z
  .union([z.number(), retrying], { error: 'expected how many retries, or a mapping with attempts' })
  .describe('What client libraries do when a request fails: how many retries, or a mapping. Default: none.');

export const reloads = strict({
  after: duration.optional().describe('From when on a page that is still loading is too slow. Default 8s.'),
  chance: share.optional().describe('Share of visitors who reload what failed or is too slow. Default 30%.'),
  wait: strict({
    median: duration.optional().describe('Median of the hesitation. Default 3s.'),
    sigma: z.number().optional().describe('Its spread: sigma of the logarithm, 0 to 3. Default 0.8.'),
  })
    .optional()
    .describe('How long visitors hesitate before they press reload: log-normal, at most 60s.'),
  times: z.number().optional().describe('How often a visitor reloads one page, 1 to 9. Default 3.'),
}).describe('Visitors press reload: a page that loads no longer counts, its connection is closed.');

export const abandon = z
  .union(
    [
      z.boolean(),
      strict({
        chance: share.optional().describe('Share of visitors who leave. Default 100%.'),
        slower: duration
          .optional()
          .describe('They also leave after a page that took longer than this. Default: never.'),
      }),
    ],
    { error: 'expected true, or a mapping with chance or slower' },
  )
  .describe(
    'Visitors leave after a request that failed for good: what is left of the visit is not sent, and counts as abandoned. Default false.',
  );
