// Parts that the Summary's schemas share.
import { z } from 'zod';

export const count = z.int().min(0);
export const share = z.number().min(0).max(1);
export const name = z.string();

/** Milliseconds; `atLeast` where it was cut at the timeout; null without data. */
export const ms = z.union([z.number(), z.strictObject({ atLeast: z.number() }), z.null()]).meta({
  id: 'ms',
  description: 'milliseconds; {"atLeast": ms} where it was cut at the timeout; null without data',
});

export const toll = z.strictObject({ name, planned: count, failed: count });
