// What a probe brought: one request and all that came back of it, and what a server showed of itself in a handshake.
import type { CacheResult } from './operation.js';
import type { Outcome } from './outcome.js';

/** One operation of a probe. Texts are as the target sent them, cut to a bounded length; secrets are taken out. */
export interface Probed {
  readonly stream: string;
  readonly route: string;
  readonly tenant: string | null;
  readonly request: ProbedRequest;
  /** Status ranges that are ok on the route, both ends included. */
  readonly expect: readonly (readonly [number, number])[];
  /** Status that was answered when it was recorded; 0 where that is not known. */
  readonly recordedStatus: number;
  readonly outcome: Outcome;
  /** Of the last answer; 0 for none. */
  readonly status: number;
  /** How the last connection was opened; null where none was. */
  readonly connection: ProbedConnection | null;
  /** From firing to the first byte of the last answer, and to the end of all; null where that did not come. */
  readonly firstByteUs: number | null;
  readonly totalUs: number | null;
  /** Of all bodies, as received. */
  readonly bytes: number;
  /** Requests written. */
  readonly attempts: number;
  /** What a cache on the way said, and the header that said so; null where none did. */
  readonly cache: { readonly result: CacheResult; readonly header: string | null } | null;
  /** Redirects that were followed, in order. */
  readonly followed: readonly { readonly status: number; readonly location: string }[];
  /** Where the last answer points; null where it is no redirect. */
  readonly location: string | null;
  readonly failedChecks: readonly FailedCheck[];
  /** Of the last answer: names in lower case and values by turns. */
  readonly headers: readonly string[];
  /** The beginning of the last body, decoded; '' where it is not known. */
  readonly body: string;
}

export interface ProbedRequest {
  readonly method: string;
  /** With query, as it was sent first. */
  readonly path: string;
  /** The Host that was sent. */
  readonly host: string;
  /** The server name that TLS asked for; null without TLS, and for an address. */
  readonly serverName: string | null;
}

/** Durations are microseconds. */
export interface ProbedConnection {
  readonly protocol: string;
  /** The proxy's, where there is one. */
  readonly address: string;
  readonly tcpUs: number;
  /** Null without TLS. */
  readonly tlsUs: number | null;
}

/** A check of the route that an answer did not pass. */
export interface FailedCheck {
  readonly check: 'contains' | 'minBytes' | 'header';
  /** What was wanted, as the scenario says it. */
  readonly wanted: string;
}

/** A TLS handshake in which no request was sent, and any certificate was taken. */
export interface Handshake {
  readonly serverName: string;
  /** Null where it did not come to a connection; then `error` says why. */
  readonly connection: ProbedConnection | null;
  /** Such as `TLSv1.3`. */
  readonly version: string | null;
  readonly certificate: Certificate | null;
  readonly error: string | null;
}

export interface Certificate {
  readonly subject: string;
  readonly issuer: string;
  /** Names and addresses that it is for. */
  readonly names: readonly string[];
  /** UTC milliseconds; NaN where it does not say. */
  readonly validFromMs: number;
  readonly validToMs: number;
  /** Whether a run would take it; `distrust` says why not. */
  readonly trusted: boolean;
  readonly distrust: string | null;
}
