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

/** The view for a terminal: three lines and a picture of the last seconds. */
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
  const bar = history(state, Math.max(10, width - 2));
  const hint = state.stopping ? 'stopping: Ctrl-C again to quit at once' : nextPhase(state);
  return [
    paint.bold(clip(title, width)),
    ` ${rates.join('   ')}`,
    ` ${bar.map(({ text, bad }) => (bad ? paint.bad(text) : paint.good(text))).join('')}`,
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

/** One column a second, as high as its answers, in the colour of what most of them were. */
function history(state: LiveState, columns: number): { text: string; bad: boolean }[] {
  return state.history.slice(-columns).map(({ ok, failed }) => {
    const share = Math.min(1, (ok + failed) / Math.max(1, state.peakPerSec));
    const text = ok + failed === 0 ? ' ' : (EIGHTHS[Math.min(7, Math.floor(share * 8))] as string);
    return { text, bad: failed > 0.05 * (ok + failed) };
  });
}
