// What several keys of a scenario file are made of: durations, rates, multiples, lists, mappings.
import * as z from 'zod';

export const duration = z
  .union([z.string(), z.number()], { error: 'expected a duration such as 800ms, 90s or 10m' })
  .describe('A duration: 800ms, 90s, 10m, 1h30m; a bare number counts as seconds.');
export const rate = z
  .union([z.string(), z.number()], {
    error: 'expected a rate such as 3000/s, or a number of requests a second',
  })
  .describe('A rate: 3000/s, 100/min; a bare number is requests a second.');
export const multiple = z
  .union([z.string(), z.number()], { error: 'expected a multiple such as 5 or 5x' })
  .describe('A multiple: 5 or 5x.');
export const instantOrOffset = z
  .union([z.string(), z.number()], {
    error: 'expected an offset such as 10m, or an instant such as 2025-11-28T17:26:00Z',
  })
  .describe('An offset from the start of the source (10m), or an ISO instant where the source has instants.');
export const scalar = z.union([z.string(), z.number(), z.boolean()], {
  error: 'expected a text, a number, or true or false',
});
export const oneOrMore = z
  .union([z.string(), z.array(z.string()).min(1, 'is an empty list')], {
    error: 'expected a text or a list of texts',
  })
  .describe('One value or a list of them.');

/** A mapping without other keys; the message of an unknown one lists the known ones, for a hint to choose from. */
export function strict<Shape extends z.ZodRawShape>(shape: Shape) {
  const known = Object.keys(shape).join(' ');
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? known : undefined),
  });
}

export type ShapeIssue = z.core.$ZodIssue;

/** A value whose types were checked, or zod's issues. */
export type Checked<T> = { readonly value: T } | { readonly issues: readonly ShapeIssue[] };

export function checked<T>(schema: z.ZodType<T>, value: unknown): Checked<T> {
  const result = schema.safeParse(value);
  return result.success ? { value: result.data } : { issues: result.error.issues };
}
