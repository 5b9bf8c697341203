// The audit of a recording: what was read, what was not, what it says of the traffic, and what it cannot say.

import type { StampKind, Vantage } from '../formats/format.js';
import type { RecordingKind } from './cannot-hold.js';
import type { RateCurve } from './rate-curve.js';
import type { AuditedRoute } from './route-audit.js';
import type { VisitFacts } from './visits.js';

/** What the reader of a recording knows when it has read it; the rest of an audit comes from the rows. */
export interface ReadFacts {
  /** Records met; lines = parsed + Σ dropped. */
  readonly lines: number;
  /** Records understood as requests; parsed = rows + Σ setApart. */
  readonly parsed: number;
  /** Records that are no request, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Requests that were understood and are no row, by reason. */
  readonly setApart: Readonly<Record<string, number>>;
  /** Names of the formats, each once. */
  readonly formats: readonly string[];
  readonly vantages: readonly Vantage[];
  /** How starts were rebuilt, in words, each once. */
  readonly stampModels: readonly string[];
  readonly stamps: readonly StampKind[];
  /** The coarsest step of the stamps, microseconds. */
  readonly resolutionUs: number;
  readonly clockJumps: readonly ClockJump[];
  /** The first records of each reason in `dropped`. */
  readonly examples: readonly AuditExample[];
  readonly files: readonly AuditedFile[];
  /** What was taken out of the requests when they were read, by kind. */
  readonly redacted: Readonly<Record<string, number>>;
}

/** A place where the stamps of a file leap, so that its clock may have been set. */
export interface ClockJump {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** Below 0: back. */
  readonly seconds: number;
}

export interface AuditExample {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly reason: string;
}

export interface AuditedFile {
  readonly file: string;
  /** SHA-256 of its bytes, hex; null where it was not read to its end. */
  readonly digest: string | null;
  readonly lines: number;
  readonly rows: number;
  /** Null for an empty file. */
  readonly format: string | null;
  /** Why it could not be read to its end; null if it was. */
  readonly cut: string | null;
}

/** The most requests that began in one stretch. */
export interface AuditedPeak {
  /** Where the stretch begins, ISO. */
  readonly at: string;
  readonly requests: number;
}

/** Plain JSON. Every list and map is bounded; shares are 0 to 1; what is not known is null. */
export interface Audit extends VisitFacts {
  readonly lines: number;
  readonly parsed: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly setApart: Readonly<Record<string, number>>;
  readonly rows: number;
  /** Start of the first and the last row, ISO with microseconds; null without rows. */
  readonly from: string | null;
  readonly to: string | null;
  /** The same two as numbers, UTC microseconds. */
  readonly fromUs: number | null;
  readonly toUs: number | null;
  readonly spanS: number;
  readonly format: string;
  /** How starts were rebuilt, how coarse the stamps are, and how wrong a start may be. */
  /** Whether its requests have times of their own. */
  readonly timed: boolean;
  readonly stamp: { readonly model: string; readonly resolutionUs: number; readonly uncertainty: string };
  readonly peakSecond: AuditedPeak | null;
  readonly peakMinute: AuditedPeak | null;
  /** Peak over mean rate; null where the recording is shorter than the stretch. */
  readonly peakToMean: { readonly second: number | null; readonly minute: number | null };
  /** Silences that are long against the recording's own rhythm: the longest 50, in the order of time. */
  readonly gaps: readonly { readonly from: string; readonly to: string; readonly seconds: number }[];
  readonly gapsTotal: number;
  /** At most 50. */
  readonly clockJumps: readonly ClockJump[];
  /**
   * Index of dispersion for counts, by window in seconds: 0.1, 1, 10, 60; 1 for a Poisson process. Null below the
   * stamps' resolution and for fewer than ten windows.
   */
  readonly dispersion: Readonly<Record<string, number | null>>;
  /** Of all that was parsed, set apart or not. */
  readonly methods: Readonly<Record<string, number>>;
  readonly statuses: Readonly<Record<string, number>>;
  /** Rows by recorded host: the most frequent 1,000, most frequent first; empty for a log without hosts. */
  readonly hosts: Readonly<Record<string, number>>;
  readonly hostsOther: number;
  /** Rows by route: the most frequent 200. */
  readonly routes: readonly AuditedRoute[];
  readonly routesOther: number;
  /** Of rows that did not fail, as gates read them; within 3 %; null for a log without durations. */
  readonly durations: { readonly p50Ms: number; readonly p95Ms: number; readonly p99Ms: number } | null;
  /** Rows whose client says that it is one. */
  readonly bots: number;
  /** Rows that repeat one that failed shortly before. */
  readonly retries: number;
  /** Requests for each operation: rows / (rows − retries). */
  readonly foldRatio: number;
  /** What a schedule would send by default, and why not the rest; of the rows. */
  readonly replayable: {
    readonly requests: number;
    readonly share: number;
    readonly why: Readonly<Record<string, number>>;
  };
  readonly cannotHold: readonly string[];
  /** Rows that failed: status 500 and above, 499 (the client left), or none at all; null for a log without statuses. */
  readonly errorsShare: number | null;
  readonly curve: RateCurve;
  readonly examples: readonly AuditExample[];
  readonly files: readonly AuditedFile[];
  readonly redacted: Readonly<Record<string, number>>;
  readonly has: RecordingKind['has'];
}
