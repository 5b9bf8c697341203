// The live view's contents: where a run stands, as lines of text; pure, so that it can be tested.

import { clip, safe } from '../report/escape.js';
import type { Paint } from '../report/paint.js';
import type { Phase } from '../scenario/plan.js';
import { formatCount, formatDuration, formatMultiple, formatOffset, formatRate } from '../units.js';

/** One second of the run as it was seen live: by when answers came, not by when requests were due. */
export interface LiveSecond {
  readonly planned: number;
  readonly ok: number;
  readonly failed: number;
}

export interface LiveState {
  readonly scenario: string;
  readonly target: string;
  readonly atUs: number;
  readonly durationS: number;
  readonly phases: readonly Phase[];
  /** Planned rate now, and at normal times. */
  readonly plannedPerSec: number;
  readonly normalPerSec: number;
  readonly peakPerSec: number;
  /** The last full second. */
  readonly last: LiveSecond;
  readonly inFlight: number;
  /** Since the start. */
  readonly ok: number;
  readonly failed: number;
  /** Response p99 of the windows closed so far, in words; empty before any. */
  readonly p99: string;
  readonly history: readonly LiveSecond[];
  readonly stopping: boolean;
}

const EIGHTHS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** Rows of the picture. */
const ROWS = 5;

/** The view for a terminal: where it stands, a picture of the seconds so far, and what comes next. */
export function liveLines(state: LiveState, width: number, paint: Paint): string[] {
  const phase = phaseAt(state);
  const multiple =
    state.normalPerSec > 0 ? ` ${formatMultiple(state.plannedPerSec / state.normalPerSec)}` : '';
  const clock = `${formatOffset(state.atUs)} of ${formatOffset(state.durationS * 1e6)}`;
  const title = ` ${safe(state.scenario)} → ${safe(state.target)}   ${clock}   ${phase}${multiple}`;
  const rates = [
    `planned ${formatRate(state.plannedPerSec)}`,
    paint.good(`ok ${formatRate(state.last.ok)}`),
    paint.bad(`failed ${formatRate(state.last.failed)}`),
    `in flight ${formatCount(state.inFlight)}`,
    ...(state.p99 === '' ? [] : [`p99 ${state.p99}`]),
  ];
  const hint = state.stopping ? 'stopping: Ctrl-C again to quit at once' : nextPhase(state);
  return [
    paint.bold(clip(title, width)),
    ` ${rates.join('   ')}`,
    ...picture(state, Math.max(10, width - 2), paint),
    paint.dim(clip(` ${hint}`, width)),
  ];
}

/** The view for a log: one line. */
export function liveLine(state: LiveState): string {
  const { atUs, last, inFlight, p99 } = state;
  return [
    formatOffset(atUs).padStart(6),
    phaseAt(state).padEnd(6),
    `planned ${formatRate(state.plannedPerSec)}`,
    `ok ${formatRate(last.ok)}`,
    `failed ${formatRate(last.failed)}`,
    `in flight ${formatCount(inFlight)}`,
    ...(p99 === '' ? [] : [`p99 ${p99}`]),
  ].join('  ');
}

function phaseAt({ phases, atUs }: LiveState): string {
  return phases.find(({ endS }) => atUs < endS * 1e6)?.name ?? 'draining';
}

function nextPhase({ phases, atUs }: LiveState): string {
  const next = phases.find(({ startS }) => atUs < startS * 1e6);
  return next === undefined
    ? 'Ctrl-C stops'
    : `${next.name} in ${formatDuration(next.startS * 1e6 - atUs)}   Ctrl-C stops`;
}

/** A column or two a second, scaled to the planned peak: ok below, failed on top of it. */
function picture({ history, peakPerSec, durationS }: LiveState, columns: number, paint: Paint): string[] {
  const wide = durationS * 2 <= columns ? 2 : 1;
  const seconds = history.slice(-Math.floor(columns / wide));
  const unit = Math.max(1, peakPerSec) / ROWS;
  return Array.from({ length: ROWS }, (_, i) => {
    const row = ROWS - 1 - i;
    const cells = seconds.map(({ ok, failed }) => {
      const okRows = ok / unit - row;
      const allRows = (ok + failed) / unit - row;
      const isOk = okRows >= 0.5 || (okRows > 0 && allRows - okRows < 0.25);
      const text = block(isOk && failed === 0 ? okRows : allRows).repeat(wide);
      return isOk ? paint.good(text) : paint.bad(text);
    });
    return ` ${cells.join('')}`;
  });
}

function block(height: number): string {
  if (height <= 0) return ' ';
  return EIGHTHS[Math.min(7, Math.floor(height * 8))] as string;
}
