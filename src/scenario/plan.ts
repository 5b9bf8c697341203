// The Plan: what will be sent, resolved and frozen. Its canonical JSON's SHA-256 is the planId.
import type { ReadRules } from '../recording/read/rules.js';
import type { Where } from '../recording/where.js';
import type { Leaving, Reloads, Retries } from './retry-plan.js';
import type { Flow, Login, Users } from './visit-plan.js';

export type { Capture, Flow, FlowStep, Login, Users } from './visit-plan.js';

/**
 * Everything that decides which requests are sent and when. Target, gates, workers and shard are not part of it;
 * files are present by their digests, secrets as `${env:NAME}`.
 */
export interface Plan {
  readonly format: 1;
  readonly seed: number;
  /** L, a power of two: the number of fixed partitions that visitors live in. */
  readonly lanes: number;
  /** Fast-forward: rate sources keep their rates and last 1/speed; recordings keep all their requests. */
  readonly speed: number;
  /** What alone is sent of all this; absent: all of it. */
  readonly window?: PlanWindow;
  /** How long an operation may take, from the moment it is fired; with retries or reloads, one attempt of it. */
  readonly timeoutUs: number;
  readonly connections: ConnectionPolicy;
  /** Redirects that one operation may follow; absent: none. */
  readonly redirects?: number;
  /** Absent: visitors send back the cookies that answers set. */
  readonly cookies?: false;
  /** What is sent again when it failed, by clients and by people, and who gives up; absent: nobody does. */
  readonly retries?: Retries;
  readonly reloads?: Reloads;
  readonly abandon?: Leaving;
  /** Header templates sent with every request. */
  readonly headers: Readonly<Record<string, string>>;
  /** The module that is called around every request, by its digest; absent where there is none. */
  readonly hooks?: { readonly digest: string };
  /** How a tenant shows in a request; null for a shop of one tenant. */
  readonly tenants: TenantPattern | null;
  /** Every route by number; what counts as ok on each, and how a recorded request is recognised as one. */
  readonly routes: readonly RouteClass[];
  readonly streams: readonly PlanStream[];
}

/**
 * A stretch of due times, whole seconds, the end not in it: what is due in it is sent, moved to start at 0. Visits of
 * rate streams begin in it.
 */
export interface PlanWindow {
  readonly fromUs: number;
  readonly toUs: number;
}

/** `visitor`: each visitor's own connections; `fresh`: one per request; `pool`: n shared, as an edge proxy has. */
export type ConnectionPolicy =
  | { readonly kind: 'visitor'; readonly perVisitor: number | null; readonly idleUs: number }
  | { readonly kind: 'fresh' }
  | { readonly kind: 'pool'; readonly size: number };

/** A tenant by Host (`{tenant}.shop.example`) or by path prefix (`/s/{tenant}`). */
export type TenantPattern =
  | {
      readonly by: 'host';
      /** As recorded. */
      readonly pattern: string;
      /** As sent: the pattern after the target's `hosts`. */
      readonly sendAs: string;
    }
  | { readonly by: 'path'; readonly pattern: string };

/** A named class of requests. */
export interface RouteClass {
  readonly name: string;
  /** Status ranges that are ok, both ends included. */
  readonly expect: readonly (readonly [number, number])[];
  /** Recorded requests it takes: a method (null: any) and a path pattern (`recording/pattern.ts`); null: none. */
  readonly match: { readonly method: string | null; readonly path: string } | null;
  /** What an answer with such a status must be besides; absent: nothing. */
  readonly checks?: RouteChecks;
}

/** An answer that fails one of these is a `bad_body`. */
export interface RouteChecks {
  /** Texts that the decoded body holds. */
  readonly contains?: readonly string[];
  /** The least length of the body as it is received. */
  readonly minBytes?: number;
  /** By header name in lower case, a text that its value holds, whatever the case; '' for any value. */
  readonly header?: Readonly<Record<string, string>>;
}

export type PlanStream = RateStream | RecordingStream;

interface StreamBase {
  readonly name: string;
  /** Multiplies visitors: a rate source's rate, a recording's visitors (cloned, or thinned below 1). */
  readonly amplify: number;
}

/** Requests made up from templates, at times that a rate over time decides. */
export interface RateStream extends StreamBase {
  readonly kind: 'rate';
  readonly source: RateSource;
  readonly arrivals: 'poisson' | 'even';
  /** The source's cut, microseconds of its own time; `toUs` null means to its end. */
  readonly fromUs: number;
  readonly toUs: number | null;
  /** The mix; empty where there is a flow. */
  readonly requests: readonly RequestTemplate[];
  /** Values for templates, by placeholder name. */
  readonly data: Readonly<Record<string, DataSource>>;
  /** Template of the visitor's tenant; drawn once a visitor. Null: no tenant. */
  readonly tenant: string | null;
  /** With a flow: how many steps it has, and 0, as each step has a think time of its own. */
  readonly visits: { readonly requests: number; readonly thinkUs: number };
  /** The requests of a visit in order; absent where they are a mix. */
  readonly flow?: Flow;
  /** What visitors who log in send before anything else; absent where nobody does. */
  readonly login?: Login;
}

/** Rates are requests a second; times are microseconds. */
export type RateSource =
  | { readonly kind: 'curve'; readonly digest: string; readonly column: 'requests' | 'rate' }
  | { readonly kind: 'stages'; readonly stages: readonly Stage[] }
  | {
      readonly kind: 'spike';
      readonly base: number;
      readonly peak: number;
      readonly atUs: number;
      readonly riseUs: number;
      readonly holdUs: number;
      readonly fallUs: number;
      readonly totalUs: number;
    };

/** A rate that goes linearly from `from` to `to` requests a second. */
export interface Stage {
  readonly from: number;
  readonly to: number;
  readonly forUs: number;
}

/** A request to make up. Texts may hold `{name}` placeholders and `${env:NAME}`. */
export interface RequestTemplate {
  /** Index into `Plan.routes`. */
  readonly route: number;
  readonly weight: number;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: BodyTemplate | null;
}

/** The body's text with placeholders; values are escaped for its kind. */
export interface BodyTemplate {
  readonly kind: 'json' | 'form' | 'text';
  readonly text: string;
}

/** Where a placeholder's values come from; `zipf` is the exponent of rank-popularity, null for uniform. */
export type DataSource =
  | { readonly kind: 'range'; readonly from: number; readonly to: number; readonly zipf: number | null }
  | { readonly kind: 'list'; readonly values: readonly string[]; readonly zipf: number | null }
  | { readonly kind: 'csv'; readonly digest: string; readonly column: string; readonly zipf: number | null };

/** Requests as they were recorded. */
export interface RecordingStream extends StreamBase {
  readonly kind: 'recording';
  /** Digests of the input files, in the order given. */
  readonly digests: readonly string[];
  /** How they were to be understood, as far as the user said it. */
  readonly read: ReadRules;
  /** UTC microseconds; rows that started before or at/after are not replayed; null means no cut. */
  readonly fromUs: number | null;
  readonly toUs: number | null;
  readonly where: Where | null;
  /** Recorded host pattern → host to send; null: the recording's hosts are not used. */
  readonly hosts: Readonly<Record<string, string>> | 'as-recorded' | null;
  /** Names of the routes whose writes and acting paths may be sent. */
  readonly writes: readonly string[];
  /** Whether suspected retries are left out, so that operations are replayed. */
  readonly fold: boolean;
  /** Recorded ids that are sent as others. */
  readonly ids: readonly IdMapping[];
  /** Where arrivals take their times from; null: from the recording. Then the cut is the pace's, not the rows'. */
  readonly pace: Pace | null;
}

/** A rate over time that the rows of a recording follow, in their recorded order, read again when they end. */
export interface Pace {
  readonly source: RateSource;
  readonly arrivals: 'poisson' | 'even';
  /** The source's cut, microseconds of its own time; `toUs` null means to its end. */
  readonly fromUs: number;
  readonly toUs: number | null;
}

/**
 * How the ids of one kind are sent: `popularity`: the k-th most requested recorded id as the k-th of the list, by rank
 * modulo its length; `hash`: as the one that its hash picks; `table`: as the table says, else the row is dropped.
 */
export interface IdMapping {
  /** What is mapped; the placeholder in `in`. */
  readonly name: string;
  /** Path patterns with `{name}` once, or a query parameter: `?product_id={name}`, with or without a path before. */
  readonly in: readonly string[];
  readonly by: 'popularity' | 'hash' | 'table';
  /** Of the CSV that holds the ids to send. */
  readonly digest: string;
  /** The CSV's column of ids to send. */
  readonly column: string;
}

/** A stretch of the plan, whole seconds of due time, from the planned rate alone; `endS` is not in it. */
export interface Phase {
  readonly name: PhaseName;
  readonly startS: number;
  readonly endS: number;
}

export type PhaseName = 'warmup' | 'before' | 'onset' | 'peak' | 'decay' | 'after' | 'steady';

/** The material a plan's digests stand for, read from the files; parallel to `Plan.streams`. */
export interface PlanInputs {
  readonly streams: readonly StreamInput[];
}

export type StreamInput = RateInput | RecordingInput;

export interface RateInput {
  readonly kind: 'rate';
  /** The rate over time after cut, speed and amplification. */
  readonly curve: Curve;
  /** Values of the CSV columns, by placeholder name. */
  readonly values: Readonly<Record<string, readonly string[]>>;
  /** Who logs in. Secret: it reaches requests and nothing else. Absent: nobody; or, for showing a plan, unknown. */
  readonly users?: Users;
}

/**
 * Rate over time as consecutive linear segments from time 0, in columns: segment i starts at `startUs[i]` with
 * `rate[i]` requests a second, changes by `slope[i]` a second per second, and ends where i + 1 starts;
 * the last ends at `endUs`.
 */
export interface Curve {
  readonly startUs: Float64Array;
  readonly rate: Float64Array;
  readonly slope: Float64Array;
  readonly endUs: number;
}

/** A recording that can be read, and what is known of it; never its rows. */
export interface RecordingInput {
  readonly kind: 'recording';
  /** The Parquet file, an absolute path. */
  readonly file: string;
  /** What the file must still be when it is opened again; the digests of the plan are of what was named. */
  readonly fingerprint: string;
  /** What of it has to be read: the stream's cut. */
  readonly span: { readonly fromUs: number | null; readonly toUs: number | null };
  /** The instant whose due time is 0: the stream's `fromUs`, else the start of the first row. UTC microseconds. */
  readonly originUs: number;
  /** Lines of the logs, the rows that they became, and why the others did not. */
  readonly lines: number;
  readonly rows: number;
  readonly unread: Readonly<Record<string, number>>;
  /** How start times were rebuilt, in words, and the coarsest step of stamps, microseconds. */
  readonly stampModel: string;
  readonly resolutionUs: number;
  /** Whether the rows have times; without, their starts mean nothing but their order. */
  readonly timed: boolean;
  /** The pace's rate over time after cut, speed and amplification; null where the recording has its own times. */
  readonly curve: Curve | null;
  /** Parallel to the stream's `ids`. */
  readonly ids: readonly IdLists[];
  /** How far a clone may be shifted to either side, microseconds of recorded time. */
  readonly cloneShiftUs: number;
}

/** The ids of one mapping. */
export interface IdLists {
  /** Ids to send, in the order of the CSV. */
  readonly staging: readonly string[];
  /**
   * Recorded ids, as they are without percent-encoding. `table`: parallel to `staging`; `popularity`: the most
   * requested first, counted when the scenario is prepared; `hash`: none.
   */
  readonly recorded: readonly string[];
}

/** The widest shift of a clone to either side, microseconds of recorded time: half of two seconds. */
export const CLONE_SHIFT_MAX_US = 1_000_000;

/** Arrivals are numbered within a plan: stream s has the numbers from s · 2^40. */
export const SEQ_PER_STREAM = 2 ** 40;
/** Most streams that a plan may have. */
export const STREAMS_MAX = 64;
/** Most routes that a plan may have; what is beyond goes to the route `other`. */
export const ROUTES_MAX = 64;
