// The recorder: one worker's exchanges become cells and slices, given up in order as their windows close.
import type { Phase } from '../scenario/plan.js';
import { FINE } from './buckets.js';
import {
  type Cell,
  type Counts,
  emptyCounts,
  emptyInducedCounts,
  emptyRecordedCounts,
  SLICE_S,
  type Slice,
  type TenantSlice,
} from './cell.js';
import { DistributionBuilder } from './distribution-builder.js';
import type { Emission } from './emission.js';
import { EmissionRecorder } from './emission-recorder.js';
import { OpenTenants } from './open-tenants.js';
import type { Due, Settled } from './operation.js';
import { OUTCOME_INDEX } from './outcome.js';
import { type OpenSlice, SliceRecorder, sliceStart } from './slice-recorder.js';

/** What closed: every window before `closedS` has given up its cells, each once, windows ascending. */
export interface Closed {
  readonly closedS: number;
  readonly cells: Cell[];
  readonly slices: Slice[];
  readonly tenants: TenantSlice[];
  readonly emissions: Emission[];
}

export class Recorder {
  /** Open windows by second. */
  readonly #windows = new Map<number, OpenWindow>();
  readonly #slices: SliceRecorder;
  /** Open tenants by second of their slice. */
  readonly #tenants = new Map<number, OpenTenants>();
  readonly #emission = new EmissionRecorder();
  #closedS = 0;
  /** The window asked for last: nearly always the one asked for next. */
  #window: OpenWindow | null = null;
  #spareCells: OpenCell[] = [];

  /**
   * @param routes how many routes the plan has
   * @param timeoutUs the plan's timeout, where recorded durations are cut
   * @param tenantsMax tenants beyond this many in a slice are counted as `other`
   */
  constructor(
    private readonly routes: number,
    private readonly timeoutUs: number,
    phases: readonly Phase[],
    private readonly tenantsMax: number,
  ) {
    this.#slices = new SliceRecorder(phases);
  }

  /** An arrival has become due: from now on its window waits for it. */
  due(op: Due): void {
    const window = this.#windowOf(op.dueUs);
    window.pending++;
    const cell = this.#cellOf(window, op.stream, op.route);
    cell.counts.planned++;
    if (op.recordedOutcome !== null) this.#addRecorded(cell, op);
  }

  /** Something of an operation that has not settled is sent again, at this time. */
  again(atUs: number): void {
    this.#emission.again(atUs);
  }

  /** An arrival has settled; exactly once for each `due`. */
  settle(op: Settled): void {
    const window = this.#windowOf(op.dueUs);
    window.pending--;
    this.#emission.settle(op);
    const cell = this.#cellOf(window, op.stream, op.route);
    const counts = cell.counts;
    const outcome = OUTCOME_INDEX[op.outcome];
    counts.outcomes[outcome] = (counts.outcomes[outcome] as number) + 1;
    counts.attempts += op.attempts;
    counts.bytes += op.bytes;
    const wasSent = !Number.isNaN(op.sentUs);
    if (wasSent || op.tries?.wasSent === true) counts.sent++;
    if (op.tries !== null || op.leaves) addInduced(counts, op);
    if (op.status !== 0) counts.statuses.set(op.status, (counts.statuses.get(op.status) ?? 0) + 1);
    if (op.cache === 'hit') counts.cacheHits++;
    else if (op.cache === 'miss') counts.cacheMisses++;
    if (counts.recorded !== null && isUnknownId(op)) counts.recorded.unknownIds++;

    const ok = op.outcome === 'ok';
    const timedOut = op.outcome === 'timeout';
    const ranked = ok || timedOut;
    const responseUs = Math.round(op.endUs - op.readyUs);
    if (ranked) cell.response.record(responseUs, timedOut);
    if (op.tenant !== null)
      this.#tenantsAt(window.windowS).settle(op.tenant, ok, ranked ? responseUs : Number.NaN, timedOut);
    if (Number.isNaN(op.firedUs)) return;

    const slice = (window.slices[op.stream] ??= this.#slices.at(op.stream, window.windowS));
    const lagUs = Math.round(op.firedUs - op.readyUs);
    const waitUs = Math.round((wasSent ? op.sentUs : op.endUs) - (op.tries?.firedUs ?? op.firedUs));
    const serviceUs = wasSent ? Math.round(op.endUs - op.sentUs) : 0;
    slice.lag.record(lagUs, false);
    if (op.readyUs > op.dueUs) slice.slip.record(Math.round(op.readyUs - op.dueUs), false);
    if (wasSent || timedOut) slice.wait.record(waitUs, !wasSent);
    if (ranked && wasSent) slice.service.record(serviceUs, timedOut);
    if (ranked) slice.tail.record(responseUs, lagUs + Math.round(op.stallUs), waitUs, serviceUs);
    if (op.stallUs > 0) {
      slice.tainted++;
      if (!ok) slice.taintedFailures++;
    }
  }

  /**
   * Gives up what has closed: windows that lie before the next due arrival and have no operation under way.
   * @param nextDueUs due time of the first arrival not yet due; Infinity at the end
   */
  takeClosed(nextDueUs: number): Closed {
    const cells: Cell[] = [];
    const slices: Slice[] = [];
    const tenants: TenantSlice[] = [];
    const emissions: Emission[] = [];
    const lastOpen =
      nextDueUs === Number.POSITIVE_INFINITY ? this.#lastWindowS() + 1 : Math.floor(nextDueUs / 1e6);
    while (this.#closedS < lastOpen) {
      const window = this.#windows.get(this.#closedS);
      if (window !== undefined && window.pending > 0) break;
      if (window !== undefined) this.#takeCells(window, cells);
      this.#windows.delete(this.#closedS);
      if (this.#window === window) this.#window = null;
      this.#closedS++;
      if (this.#closedS % SLICE_S === 0) this.#takeSlices(this.#closedS, slices, tenants, emissions);
    }
    if (nextDueUs === Number.POSITIVE_INFINITY && this.#windows.size === 0) {
      this.#takeSlices(Number.POSITIVE_INFINITY, slices, tenants, emissions);
    }
    return { closedS: this.#closedS, cells, slices, tenants, emissions };
  }

  /** The recorded side counts when the arrival is due: what becomes of the replay changes nothing of it. */
  #addRecorded(cell: OpenCell, op: Due): void {
    const recorded = (cell.counts.recorded ??= emptyRecordedCounts());
    recorded.planned++;
    if (op.recordedOutcome !== 'ok') recorded.failed++;
    recorded.statuses.set(op.recordedStatus, (recorded.statuses.get(op.recordedStatus) ?? 0) + 1);
    const timedOut = op.recordedOutcome === 'timeout';
    if (timedOut || (op.recordedOutcome === 'ok' && !Number.isNaN(op.recordedDurationUs))) {
      const durationUs = timedOut ? this.timeoutUs : Math.round(op.recordedDurationUs);
      cell.recordedDuration.record(durationUs, timedOut);
    }
  }

  #takeCells(window: OpenWindow, into: Cell[]): void {
    window.cells.forEach((cell, key) => {
      if (cell === undefined) return;
      const stream = Math.floor(key / this.routes);
      into.push({
        stream,
        route: key - stream * this.routes,
        windowS: window.windowS,
        ...cell.counts,
        response: cell.response.take(),
        recordedDuration: cell.recordedDuration.take(),
      });
      cell.counts = emptyCounts();
      this.#spareCells.push(cell);
    });
  }

  /** All that is kept by ten seconds which end at or before a second. */
  #takeSlices(endS: number, slices: Slice[], tenants: TenantSlice[], emissions: Emission[]): void {
    this.#slices.take(endS, slices);
    this.#emission.take(endS, emissions);
    for (const [sliceS, open] of this.#tenants) {
      if (sliceS + SLICE_S > endS) continue;
      this.#tenants.delete(sliceS);
      for (const tenant of open.take()) tenants.push(tenant);
    }
  }

  #tenantsAt(windowS: number): OpenTenants {
    const sliceS = sliceStart(windowS);
    let open = this.#tenants.get(sliceS);
    if (open === undefined) this.#tenants.set(sliceS, (open = new OpenTenants(sliceS, this.tenantsMax)));
    return open;
  }

  #windowOf(dueUs: number): OpenWindow {
    const windowS = Math.floor(dueUs / 1e6);
    if (this.#window?.windowS === windowS) return this.#window;
    let window = this.#windows.get(windowS);
    if (window === undefined) {
      if (windowS < this.#closedS) throw new Error(`window ${windowS} is closed already`);
      window = { windowS, pending: 0, cells: [], slices: [] };
      this.#windows.set(windowS, window);
    }
    this.#window = window;
    return window;
  }

  #cellOf(window: OpenWindow, stream: number, route: number): OpenCell {
    const key = stream * this.routes + route;
    let cell = window.cells[key];
    if (cell === undefined) {
      cell = this.#spareCells.pop() ?? {
        counts: emptyCounts(),
        response: new DistributionBuilder(FINE),
        recordedDuration: new DistributionBuilder(FINE),
      };
      window.cells[key] = cell;
    }
    return cell;
  }

  #lastWindowS(): number {
    let last = this.#closedS - 1;
    for (const windowS of this.#windows.keys()) last = Math.max(last, windowS);
    return last;
  }
}

interface OpenWindow {
  readonly windowS: number;
  /** Operations that are due and have not settled. */
  pending: number;
  /** By stream · routes + route. */
  readonly cells: (OpenCell | undefined)[];
  /** By stream: the slice its operations count in. */
  readonly slices: (OpenSlice | undefined)[];
}

interface OpenCell {
  counts: Counts;
  readonly response: DistributionBuilder;
  readonly recordedDuration: DistributionBuilder;
}

function addInduced(counts: Counts, { tries, leaves }: Settled): void {
  const induced = (counts.induced ??= emptyInducedCounts());
  if (leaves) induced.leavers++;
  if (tries === null) return;
  induced.retries += tries.retries;
  induced.reloads += tries.reloads;
  induced.overBudget += tries.overBudget;
  induced.retryAfters += tries.retryAfters;
}

/** Not there now, and there when it was recorded. */
function isUnknownId({ status, recordedOutcome, recordedStatus }: Settled): boolean {
  if (recordedOutcome === null || (status !== 404 && status !== 410)) return false;
  return recordedStatus >= 200 && recordedStatus <= 399;
}
