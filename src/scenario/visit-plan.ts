// The part of a plan that is visits with a memory: steps in order, what their answers give, and who logs in.
import type { RequestTemplate } from './plan.js';

/** The requests of a visit in order. */
export interface Flow {
  readonly steps: readonly FlowStep[];
  /** Whether every step waits for the answer to the one before; else only those do that use a captured value. */
  readonly dependent: boolean;
}

/** A request of a visit whose place in it is fixed. Its placeholders are drawn once a visitor. */
export interface FlowStep extends Omit<RequestTemplate, 'weight'> {
  /** Least time from its answer to the visitor's next request, microseconds. */
  readonly thinkUs: number;
  /** Placeholders of later steps that its answer fills. */
  readonly captures: readonly Capture[];
}

/** A value taken out of an answer. */
export interface Capture {
  /** The placeholder that it fills. */
  readonly name: string;
  readonly from: 'header' | 'cookie' | 'json' | 'body';
  /** The header's name in lower case, the cookie's name, or the JSON path; empty for the body as a whole. */
  readonly key: string;
  /** A regular expression (`regex.ts`) whose first group is the value, or the whole match; null: all of it. */
  readonly pattern: string | null;
}

/** A share of the visitors are users: each begins with the steps, as one line of a CSV. */
export interface Login {
  /** Of the users' CSV; its columns are the placeholders `{user.COLUMN}`. */
  readonly digest: string;
  /** More than 0, at most 1. */
  readonly share: number;
  readonly steps: readonly FlowStep[];
}

/** The users of a CSV: those columns that requests use, by name, all of one length. */
export interface Users {
  readonly count: number;
  readonly columns: Readonly<Record<string, readonly string[]>>;
}
