// Requests as they are typed in the scenario file: those of a mix, the steps of a flow, and those of a login.
import * as z from 'zod';
import { duration, scalar, strict } from './schema-parts.js';

export const headers = z
  .record(z.string(), scalar)
  .describe(`Headers by name. Values may hold {placeholders} and \${env:NAME}.`);

const path = z.string().describe('Path and query; starts with /, may hold {placeholders}.');

const made = {
  route: z
    .string()
    .optional()
    .describe("The route it counts under. Default: from the path's first fixed part."),
  get: path.optional(),
  head: path.optional(),
  post: path.optional(),
  put: path.optional(),
  patch: path.optional(),
  delete: path.optional(),
  headers: headers.optional(),
  json: z
    .unknown()
    .optional()
    .describe(`A body, sent as JSON. Texts in it may hold {placeholders} and \${env:NAME}.`),
  form: z.record(z.string(), scalar).optional().describe('A body, sent as a form.'),
  body: z.string().optional().describe('A body, sent as it is.'),
};

export const request = strict({
  ...made,
  weight: z
    .number()
    .optional()
    .describe("Share of the stream's requests, relative to the others'. Default 1."),
}).describe(
  'A request to make up: one of get, head, post, put, patch, delete, and at most one of json, form, body.',
);

const capture = strict({
  header: z.string().optional().describe('The value of a header of the answer: location.'),
  cookie: z.string().optional().describe('The value that the answer gives a cookie.'),
  json: z
    .string()
    .optional()
    .describe(
      `A text, number or boolean of a JSON body, by a path of names and indexes: $.cart.items[0].id.`,
    ),
  regex: z
    .string()
    .optional()
    .describe(
      'A regular expression (RE2: no lookaround, no backreferences) whose first group is the value, looked for in the body, or in what header, cookie or json found. One that begins with fixed text is found fastest.',
    ),
}).describe('Where a value is in the answer: one of header, cookie, json, or regex alone or beside them.');

const step = strict({
  ...made,
  capture: z
    .record(z.string(), capture)
    .optional()
    .describe('Values out of the answer, by the placeholder that they fill in later steps.'),
  think: duration
    .optional()
    .describe("Least time from the answer to the visitor's next request. Default: visits.think, or 8s."),
}).describe(
  'A request of a visit, with what is taken out of its answer. Placeholders are drawn once a visit.',
);

export const flow = z
  .array(step)
  .min(1, 'is an empty list')
  .describe(
    'The requests of a visit in their order, instead of a mix; each waits for the answer to the one before.',
  );

export const login = strict({
  users: z
    .string()
    .optional()
    .describe(
      'A CSV of users with a header, relative to the scenario; its columns are placeholders: {user.email}.',
    ),
  share: z
    .union([z.string(), z.number()], { error: 'expected a share such as 30%' })
    .optional()
    .describe('Share of the visitors who log in. Default 100%.'),
  steps: z.array(step).min(1, 'is an empty list').optional().describe('What they send before anything else.'),
}).describe('Lets a share of the visitors begin by logging in, each as a user of a pool.');

export type TypedRequest = z.output<typeof request>;
export type TypedStep = z.output<typeof step>;
export type TypedCapture = z.output<typeof capture>;
export type TypedLogin = z.output<typeof login>;
