// Makes the audit of a recording from its rows, in one pass and in bounded memory (under 30 MB, whatever comes).

import type { StampKind } from '../formats/format.js';
import { RetryFinder } from '../retries.js';
import type { Row } from '../row.js';
import type { Audit, AuditedPeak, ReadFacts } from './audit.js';
import { whatItCannotHold } from './cannot-hold.js';
import { Dispersion } from './dispersion.js';
import { LogBuckets } from './log-buckets.js';
import { Peak } from './peak.js';
import { RateCurveBuilder } from './rate-curve.js';
import { isRecordedError, RouteAudit } from './route-audit.js';
import { Silences } from './silences.js';
import { type Counted, TopCounts } from './top-counts.js';
import { VisitTable } from './visits.js';

const WINDOWS_S = [0.1, 1, 10, 60];
const HOSTS_COUNTED = 4_000;
const HOSTS_LISTED = 1_000;
const HOST_CHARS_MAX = 255;
const METHODS_MAX = 64;
/** Of examples and clock jumps. */
const LISTED_MAX = 50;
/** Steps of the durations' histogram, so that its 2^31 of them are 1.5 days. */
const STEP_US = 64;

/** Takes rows in the order of their starts; ties may come in any order. */
export class AuditBuilder {
  #rows = 0;
  #firstUs = 0;
  #lastUs = 0;
  #bots = 0;
  #retries = 0;
  #failed = 0;
  readonly #has = { statuses: false, durations: false, hosts: false, headers: false, bodies: false };
  readonly #methods = new TopCounts<Counted>(METHODS_MAX, () => ({ count: 0, dropped: false }));
  readonly #statuses = new Float64Array(1_000);
  readonly #hosts = new TopCounts<Counted>(HOSTS_COUNTED, () => ({ count: 0, dropped: false }));
  readonly #routes = new RouteAudit();
  readonly #visits = new VisitTable();
  readonly #retryFinder = new RetryFinder();
  readonly #dispersions = WINDOWS_S.map((seconds) => new Dispersion(seconds * 1e6));
  readonly #peakSecond = new Peak(1e6);
  readonly #peakMinute = new Peak(60e6);
  readonly #silences = new Silences();
  readonly #curve = new RateCurveBuilder();
  readonly #durations = new LogBuckets();

  /** Counts a row. */
  add(row: Row): void {
    const { startUs, status, durationUs, host } = row;
    if (this.#rows++ === 0) this.#firstUs = startUs;
    this.#lastUs = startUs;
    this.#countAnswer(row);
    const failed = isRecordedError(status);
    if (failed) this.#failed++;
    this.#curve.add(startUs, failed);
    this.#peakSecond.add(startUs);
    this.#peakMinute.add(startUs);
    this.#silences.add(startUs);
    for (const dispersion of this.#dispersions) dispersion.add(startUs);
    if (durationUs !== undefined) {
      this.#has.durations = true;
      if (!failed) this.#durations.add(Math.round(durationUs / STEP_US));
    }
    if (host !== undefined) {
      this.#has.hosts = true;
      this.#hosts.of(host.length <= HOST_CHARS_MAX ? host : host.slice(0, HOST_CHARS_MAX)).count++;
    }
    if (row.headers !== undefined) this.#has.headers = true;
    if (row.body !== undefined) this.#has.bodies = true;
    if (row.clientClass === 'bot') this.#bots++;
    if (this.#retryFinder.isRetry(row)) this.#retries++;
    this.#routes.add(row);
    this.#visits.add(row.client, startUs);
  }

  /** Counts a request that was understood and set apart: it is in `methods` and `statuses` and nowhere else. */
  setApart(row: Row): void {
    this.#countAnswer(row);
  }

  /** The audit; to be called once, after the last row. */
  finish(facts: ReadFacts): Audit {
    const has = { ...this.#has };
    const rows = this.#rows;
    const spanS = (this.#lastUs - this.#firstUs) / 1e6;
    const hosts = this.#hosts.top(HOSTS_LISTED);
    const { routes, other: routesOther } = this.#routes.list();
    const { lines, parsed, dropped, setApart, resolutionUs, stamps, vantages } = facts;
    return {
      lines,
      parsed,
      dropped: { ...dropped },
      setApart: { ...setApart },
      rows,
      from: rows === 0 ? null : instant(this.#firstUs),
      to: rows === 0 ? null : instant(this.#lastUs),
      fromUs: rows === 0 ? null : this.#firstUs,
      toUs: rows === 0 ? null : this.#lastUs,
      spanS,
      format: facts.formats.join(', '),
      timed: !stamps.includes('none'),
      stamp: {
        model: facts.stampModels.join('; '),
        resolutionUs,
        uncertainty: uncertaintyOf(stamps, resolutionUs, has.durations),
      },
      peakSecond: peakOf(this.#peakSecond),
      peakMinute: peakOf(this.#peakMinute),
      peakToMean: {
        second: peakToMean(this.#peakSecond.requests, 1, rows, spanS),
        minute: peakToMean(this.#peakMinute.requests, 60, rows, spanS),
      },
      gaps: this.#silences.list().map(({ fromUs, toUs }) => ({
        from: instant(fromUs),
        to: instant(toUs),
        seconds: (toUs - fromUs) / 1e6,
      })),
      gapsTotal: this.#silences.total,
      clockJumps: facts.clockJumps.slice(0, LISTED_MAX),
      dispersion: this.#dispersion(resolutionUs),
      methods: countsOf(this.#methods, METHODS_MAX),
      statuses: statusesOf(this.#statuses),
      hosts: countsOf(this.#hosts, HOSTS_LISTED),
      hostsOther: hosts.other,
      routes,
      routesOther,
      durations: this.#durationFacts(),
      ...this.#visits.finish(),
      bots: this.#bots,
      retries: this.#retries,
      foldRatio: rows === 0 ? 1 : rows / (rows - this.#retries),
      replayable: {
        requests: this.#routes.sendable,
        share: rows === 0 ? 0 : this.#routes.sendable / rows,
        why: this.#routes.why(),
      },
      cannotHold: whatItCannotHold({ vantages, stamps, resolutionUs, has }),
      errorsShare: has.statuses && rows > 0 ? this.#failed / rows : null,
      curve: this.#curve.curve(),
      examples: facts.examples.slice(0, LISTED_MAX),
      files: facts.files.map((file) => ({ ...file })),
      redacted: { ...facts.redacted },
      has,
    };
  }

  #countAnswer({ method, status }: Row): void {
    this.#methods.of(method).count++;
    if (status === undefined) return;
    this.#has.statuses = true;
    if (status >= 0 && status < this.#statuses.length) this.#statuses[status]!++;
  }

  #dispersion(resolutionUs: number): Record<string, number | null> {
    return Object.fromEntries(
      this.#dispersions.map((dispersion, i) => {
        const known = dispersion.windowUs >= resolutionUs;
        return [String(WINDOWS_S[i]), known ? dispersion.index() : null];
      }),
    );
  }

  #durationFacts(): Audit['durations'] {
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map((q) => this.#durations.quantile(q));
    if (typeof p50 !== 'number' || typeof p95 !== 'number' || typeof p99 !== 'number') return null;
    const ms = (steps: number) => Math.round((steps * STEP_US) / 100) / 10;
    return { p50Ms: ms(p50), p95Ms: ms(p95), p99Ms: ms(p99) };
  }
}

/** The farthest that a date reaches, ms. */
const DATE_MAX_MS = 8.64e15;

/** ISO with microseconds. */
function instant(us: number): string {
  const ms = Math.floor(us / 1e3);
  const micros = String(Math.floor(us - ms * 1e3)).padStart(3, '0');
  return dateOf(ms).toISOString().replace('Z', `${micros}Z`);
}

function dateOf(ms: number): Date {
  return new Date(Math.max(-DATE_MAX_MS, Math.min(DATE_MAX_MS, ms)));
}

function peakOf(peak: Peak): AuditedPeak | null {
  return peak.requests === 0 ? null : { at: dateOf(peak.atUs / 1e3).toISOString(), requests: peak.requests };
}

function peakToMean(requests: number, stretchS: number, rows: number, spanS: number): number | null {
  return spanS < stretchS ? null : requests / stretchS / (rows / spanS);
}

function countsOf(counts: TopCounts<Counted>, max: number): Record<string, number> {
  return Object.fromEntries(counts.top(max).list.map(([key, { count }]) => [key, count]));
}

function statusesOf(counts: Float64Array): Record<string, number> {
  return Object.fromEntries([...counts.entries()].filter(([, count]) => count > 0));
}

/** How wrong a start may be, as a sentence without its full stop. */
function uncertaintyOf(stamps: readonly StampKind[], resolutionUs: number, durations: boolean): string {
  if (stamps.includes('none')) return 'there are no times';
  const parts = [
    resolutionUs > 1_000
      ? `starts are drawn inside stamps of ${resolutionUs / 1e6} s`
      : 'starts are right to within 1 ms',
  ];
  if (stamps.includes('end') && !durations) parts.push('and late by as long as each request took');
  if (stamps.includes('unknown')) parts.push('if the stamps mark the start');
  return parts.join(', ');
}
