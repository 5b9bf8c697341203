// The report of a plan: what would be sent, for people and for scripts.
import type { Headroom } from '../judge/incident/headroom.js';
import type { CeilingUse } from '../measure/calibration.js';
import type { Coverage } from '../measure/snapshot.js';
import type { ConnectionPolicy, Phase, PlanWindow } from '../scenario/plan.js';
import type { Amplified } from '../schedule/acceptance.js';
import type { Shard } from '../schedule/lanes.js';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatMultiple,
  formatOffset,
  formatRate,
  formatShare,
} from '../units.js';
import { headroomWords } from './capacity.js';
import { safe } from './escape.js';
import { jsonText } from './json-text.js';
import { type Line, labelled, lineOf, piece, render, table } from './line.js';
import type { Paint } from './paint.js';
import { formatWindow } from './words.js';

/** Rates are requests a second; of the whole plan unless they say otherwise. */
export interface PlanReport {
  readonly scenario: string;
  readonly planId: string;
  readonly target: string;
  readonly shard: Shard;
  readonly seed: number;
  readonly lanes: number;
  readonly speed: number;
  /** The part of the scenario that alone is sent; null: all of it. */
  readonly window: PlanWindow | null;
  readonly timeoutUs: number;
  /** The worst that requests sent again can come to: of one operation, and on average; absent where none is. */
  readonly retries?: { readonly attemptsMax: number; readonly amplificationMax: number };
  readonly connections: ConnectionPolicy;
  readonly durationS: number;
  /** Arrivals of the shard. */
  readonly planned: number;
  /** Visitors of the shard. */
  readonly visitors: number;
  /** Whether `visitors` is known: a shard of a recording does not count its own. */
  readonly visitorsKnown: boolean;
  readonly peakPerSec: number;
  readonly peakAtS: number;
  readonly normalPerSec: number;
  readonly perSec: Float64Array;
  /** What a lag of an autoscaler needs, from the planned rate alone. */
  readonly headroom: readonly Headroom[];
  readonly phases: readonly Phase[];
  readonly streams: readonly PlannedStream[];
  /** Share of the made-up requests by route. */
  readonly routes: readonly { readonly name: string; readonly share: number }[];
  /** Method and route of what changes something. */
  readonly writes: readonly string[];
  /** Mean size of a made-up request; null where there is none. */
  readonly requestBytes: number | null;
  readonly workers: number;
  readonly inFlightMax: number;
  readonly connectionsAtPeak: { readonly open: number; readonly newPerSec: number } | null;
  /** What those take of this machine, where its limits are known. */
  readonly needs: readonly { readonly what: string; readonly needed: number; readonly available: number }[];
  /** How the peak of the shard stands to what this machine can send; null where it was not calibrated for that. */
  readonly ceiling: CeilingUse | null;
  /** About what a run takes of this machine, bytes. */
  readonly space: PlannedSpace;
  readonly coverage: Coverage;
  /** The acceptance test of each amplified recording. */
  readonly amplified: readonly Amplified[];
  readonly gates: readonly string[];
  readonly warnings: readonly string[];
}

export interface PlannedSpace {
  /** Memory if the target keeps up. */
  readonly bytes: number;
  /** Memory if it answers nothing, with so many requests under way. */
  readonly stalledBytes: number;
  readonly stalledInFlight: number;
  /** The result file, at most. */
  readonly resultBytes: number;
}

export interface PlannedStream {
  readonly name: string;
  readonly kind: string;
  readonly arrivals: number;
  readonly visitors: number;
  readonly peakPerSec: number;
  /** The requests of a visit in order; absent where they are a mix. */
  readonly flow?: readonly PlannedStep[];
  /** Absent where nobody logs in. */
  readonly login?: PlannedLogin;
}

export interface PlannedStep {
  /** Method and path; placeholders are not filled. */
  readonly request: string;
  readonly thinkS: number;
  /** Placeholders that its answer fills. */
  readonly captures: readonly string[];
}

export interface PlannedLogin {
  /** Share of the visitors who log in. */
  readonly share: number;
  /** How many visitors of the shard that is. */
  readonly visitors: number;
  readonly users: number;
  /** How many of them are in the shop at once at the peak, if the target keeps up. */
  readonly atOnce: number;
  readonly steps: readonly PlannedStep[];
}

/** The totals as JSON. */
export function planJson(report: PlanReport): string {
  const { perSec, timeoutUs, window, ...rest } = report;
  const cut = window && { window: { fromS: window.fromUs / 1e6, toS: window.toUs / 1e6 } };
  return jsonText({ ...rest, ...cut, timeoutS: timeoutUs / 1e6 });
}

/** The plan for people: totals, curve, streams, what it takes, what it leaves out. */
export function planText(report: PlanReport, columns: number, paint: Paint): string {
  const width = Math.max(60, Math.min(200, columns)) - 1;
  const multiple =
    report.normalPerSec > 0 ? ` = ${formatMultiple(report.peakPerSec / report.normalPerSec)} of normal` : '';
  const shard = report.shard.n > 1 ? `, shard ${report.shard.i}/${report.shard.n}` : '';
  const say = (label: string, text: string): Line[] => labelled(piece(label, 'bold'), 13, text, width);
  const lines: Line[] = [
    lineOf(
      ' ',
      piece(safe(report.scenario), 'bold'),
      `   → ${safe(report.target)}   plan ${report.planId.slice(0, 8)}${shard}   nothing is sent`,
    ),
    [],
    ...say(
      'Requests',
      `${formatCount(report.planned)} over ${formatDuration(report.durationS * 1e6)}${visitors(report)}`,
    ),
    ...say('Peak', `${formatRate(report.peakPerSec)}${multiple} at ${formatOffset(report.peakAtS * 1e6)}`),
    ...headroom(report, say),
    ...(report.speed === 1
      ? []
      : say(
          'Speed',
          `${formatMultiple(report.speed)}: fast-forward; recordings keep their requests and run faster, curves keep their rates and end sooner`,
        )),
    ...(report.window === null
      ? []
      : say('Window', `${formatWindow(report.window)}: nothing else of the scenario is sent`)),
    ...say(
      'Phases',
      report.phases
        .map(({ name, startS, endS }) => `${name} ${formatOffset(startS * 1e6)}–${formatOffset(endS * 1e6)}`)
        .join('   '),
    ),
    [],
    ...curve(report, width),
    [],
    ...streams(report, width),
    [],
    ...report.streams.flatMap((stream) => visits(stream, say)),
    ...(report.retries === undefined
      ? []
      : say(
          'Retries',
          `at most ${formatCount(report.retries.attemptsMax)} attempts a request; if everything fails ${report.retries.amplificationMax.toFixed(2)} on average, so up to ${formatRate(report.retries.amplificationMax * report.peakPerSec)} at the peak`,
        )),
    ...say('Connections', connections(report)),
    ...needs(report, say),
    ...say(
      'Under way',
      `at most ${formatCount(report.inFlightMax)} requests at once (timeout ${formatDuration(report.timeoutUs)}), ${report.workers} worker${report.workers > 1 ? 's' : ''}`,
    ),
    ...say('Space', space(report.space)),
    ...(report.ceiling === null
      ? []
      : say(
          'Ceiling',
          `the peak is ${formatShare(report.ceiling.share)} of ${formatRate(report.ceiling.ceilingPerSec)}, which this machine was calibrated to on ${report.ceiling.measuredAt.slice(0, 10)}`,
        )),
    ...(report.requestBytes === null
      ? []
      : say(
          'Bandwidth',
          `about ${formatBytes(report.requestBytes)} a request sent: ${formatBytes(report.requestBytes * report.peakPerSec)}/s at the peak, ${formatBytes(report.requestBytes * report.planned)} in all; answers come on top`,
        )),
    ...(report.routes.length === 0
      ? []
      : say(
          'Routes',
          report.routes.map(({ name, share }) => `${safe(name)} ${formatShare(share)}`).join('   '),
        )),
    ...say(
      'Writes',
      report.writes.length === 0 ? 'none: GET and HEAD only' : report.writes.map(safe).join(', '),
    ),
    ...say('Gates', report.gates.length === 0 ? 'none' : report.gates.map(safe).join('   ')),
    ...dropped(report, say),
    ...report.warnings.flatMap((warning) => say('Warning', warning)),
    ...say('Made from', `seed ${report.seed}, ${report.lanes} lanes`),
  ];
  return `${lines.map((line) => render(line, width, paint)).join('\n')}\n`;
}

function headroom(report: PlanReport, say: (label: string, text: string) => Line[]): Line[] {
  const steady = report.phases.every(({ name }) => name === 'steady' || name === 'warmup');
  const text = steady ? null : headroomWords(report.headroom);
  return text === null ? [] : say('Headroom', text);
}

function visitors(report: PlanReport): string {
  return report.visitorsKnown ? ` by ${formatCount(report.visitors)} visitors` : '';
}

function connections({ connections: policy, connectionsAtPeak }: PlanReport): string {
  const kind = {
    visitor: "each visitor's own",
    fresh: 'a fresh one for every request',
    pool: 'a shared pool',
  }[policy.kind];
  if (connectionsAtPeak === null) return kind;
  const { open, newPerSec } = connectionsAtPeak;
  const fresh = newPerSec > 0 ? `, ${formatRate(newPerSec)} new` : '';
  return `${kind}: about ${formatCount(open)} open at the peak${fresh}, if the target keeps up`;
}

function space({ bytes, stalledBytes, stalledInFlight, resultBytes }: PlannedSpace): string {
  const stalled = `${formatBytes(stalledBytes)} if the target stalls with ${formatCount(stalledInFlight)} requests under way`;
  return `about ${formatBytes(bytes)} of memory, ${stalled}; a result file of up to ${formatBytes(resultBytes)}`;
}

function needs(report: PlanReport, say: (label: string, text: string) => Line[]): Line[] {
  if (report.needs.length === 0) return [];
  const each = report.needs.map(
    ({ what, needed, available }) => `${formatCount(needed)} of ${formatCount(available)} ${what}`,
  );
  return say('Takes', `about ${each.join(', ')} of this machine`);
}

/** Routes that the replay lacks though nobody chose so. */
function missing(report: PlanReport, say: (label: string, text: string) => Line[]): Line[] {
  const routes = report.coverage.routes ?? [];
  if (routes.length === 0) return [];
  const shown = routes.slice(0, 6).map(({ route, share }) => `${safe(route)} ${formatShare(share)}`);
  return say('Missing', `${shown.join(', ')}${routes.length > 6 ? ' …' : ''} of all recorded requests`);
}

function dropped(report: PlanReport, say: (label: string, text: string) => Line[]): Line[] {
  const reasons = Object.entries(report.coverage.dropped).filter(([, n]) => n > 0);
  return [
    ...(reasons.length === 0
      ? []
      : say('Dropped', reasons.map(([reason, n]) => `${formatCount(n)} ${safe(reason)}`).join(', '))),
    ...missing(report, say),
    ...report.coverage.notes.flatMap((note) => say('Note', safe(note))),
  ];
}

function streams(report: PlanReport, width: number): Line[] {
  const head = [
    { head: 'STREAM', align: 'left' as const },
    { head: 'from', align: 'left' as const },
    { head: 'requests', align: 'right' as const },
    { head: 'visitors', align: 'right' as const },
    { head: 'peak', align: 'right' as const },
  ];
  const rows = report.streams.map((stream) => [
    piece(safe(stream.name)),
    piece(stream.kind),
    piece(formatCount(stream.arrivals)),
    piece(report.visitorsKnown ? formatCount(stream.visitors) : '–'),
    piece(formatRate(stream.peakPerSec)),
  ]);
  return table(head, rows, width - 1).map((line) => [piece(' '), ...line]);
}

/** What a stream's visits are, where they are more than a mix. */
function visits({ name, flow, login }: PlannedStream, say: (label: string, text: string) => Line[]): Line[] {
  const lines: Line[] = [];
  if (login !== undefined) {
    const { share, visitors, users, atOnce } = login;
    const who = `${formatShare(share)} of its visitors (${formatCount(visitors)}), about ${formatCount(atOnce)} at once, as ${formatCount(users)} users`;
    lines.push(...say('Login', `${safe(name)}: ${who}: ${steps(login.steps, true)}`));
  }
  if (flow !== undefined) lines.push(...say('Flow', `${safe(name)}: ${steps(flow, false)}`));
  return lines;
}

/** @param goesOn whether something comes after them */
function steps(planned: readonly PlannedStep[], goesOn: boolean): string {
  const shown = planned.map(({ request, thinkS, captures }, i) => {
    const took = captures.length === 0 ? '' : ` (takes ${captures.map((name) => `{${name}}`).join(', ')})`;
    const think = goesOn || i < planned.length - 1 ? `, ${formatDuration(thinkS * 1e6)}` : '';
    return `${safe(request)}${took}${think}`;
  });
  return shown.join(' → ');
}

const EIGHTHS = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ROWS = 5;

/** The planned rate over time in block characters; each column shows the mean of its seconds. */
function curve({ perSec, peakPerSec, durationS }: PlanReport, width: number): Line[] {
  const label = formatRate(peakPerSec);
  const columns = Math.max(10, width - label.length - 4);
  const rates = Array.from({ length: columns }, (_, column) => {
    const from = Math.floor((column * perSec.length) / columns);
    const to = Math.max(from + 1, Math.floor(((column + 1) * perSec.length) / columns));
    const part = perSec.subarray(from, to);
    return part.reduce((sum, r) => sum + r, 0) / part.length;
  });
  const lines: Line[] = [];
  for (let row = ROWS - 1; row >= 0; row--) {
    const cells = rates.map((rate) => {
      const eighths = Math.round((rate / Math.max(peakPerSec, 1e-9)) * ROWS * 8) - row * 8;
      return EIGHTHS[Math.max(0, Math.min(8, eighths))];
    });
    const left = (row === ROWS - 1 ? label : '').padStart(label.length);
    lines.push([piece(` ${left} `, 'dim'), piece('│', 'dim'), piece(cells.join(''), 'good')]);
  }
  const end = formatOffset(durationS * 1e6);
  const axis = `└0:00${'─'.repeat(Math.max(0, columns - 4 - end.length))}${end}`;
  lines.push([piece(` ${' '.repeat(label.length)} ${axis}`, 'dim')]);
  return lines;
}
