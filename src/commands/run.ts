// `flashcrowd run`: replays a scenario at its target, writes the result as it goes, judges and reports.
import { choosePacing, type PacingChoice, type PacingWanted } from '../drive/pacing/calibrate.js';
import { monotonicNowUs } from '../drive/pacing/clock.js';
import { describeTransport, type TransportOption } from '../drive/transports/choose.js';
import type { ExitCode } from '../exit-codes.js';
import { AbortWatch, type GateStop } from '../judge/gates/abort.js';
import { type Judgement, judge } from '../judge/verdict.js';
import { absorbLine, type ResultLine } from '../measure/result-file.js';
import { type End, emptySnapshot, type Snapshot } from '../measure/snapshot.js';
import { formatWindow } from '../report/words.js';
import type { Overrides } from '../scenario/load.js';
import { countArrivals } from '../schedule/forecast.js';
import type { Shard } from '../schedule/lanes.js';
import { formatCount, formatDuration, formatMultiple, formatOffset, formatRate } from '../units.js';
import { Pool } from '../workers/pool.js';
import { watchProcess } from '../workers/watch-process.js';
import { headOf } from './head.js';
import { holdingTarget } from './preflight/hold-target.js';
import { preflight, type Ready } from './preflight/preflight.js';
import { followName, mannerOf } from './preflight/reach.js';
import { type Prepared, prepare } from './prepare.js';
import { hideUsers } from './redactor.js';
import { type ReportRequest, writeReports } from './reports.js';
import { cannotBeWritten, endResult, ResultWriter } from './results/result-writer.js';
import { showProgress } from './show-progress.js';
import { type Signals, stopOnSignal } from './stop.js';
import { type Terminal, warn } from './terminal.js';

export interface RunOptions extends Overrides {
  readonly shard: Shard;
  readonly workers?: number;
  /** How senders wait for due times; by what this machine shows unless given. */
  readonly pacing?: PacingWanted;
  readonly transport?: TransportOption;
  /** When due time 0 is; as soon as the threads are ready unless given. */
  readonly startAt?: Date;
  /** The result file; `out/SCENARIO-TIME.ndjson` unless given. */
  readonly out?: string;
  /** Goes on where another run has the target, and above what this machine can send; absent: no. */
  readonly force?: boolean;
  /** Reports to make; the text on standard output if none. */
  readonly reports: readonly ReportRequest[];
  /** Signals of a command that goes on after this run; its own unless given. */
  readonly signals?: Signals;
}

/** What a run that was carried out left behind. */
export interface RunResult {
  readonly snapshot: Snapshot;
  readonly judgement: Judgement;
  readonly exitCode: ExitCode;
  /** Where the result is. */
  readonly out: string;
}

/** Characters of what a worker says that are looked at: it may hold what a target sent. */
const WORDS_MAX = 16_384;
const WORDS_SHOWN = 2_000;
/** Time between the threads being ready and due time 0: for the start to reach all of them. */
const START_DELAY_US = 200_000;

/**
 * Runs a scenario and writes its reports.
 * @throws UserError for bad input, UnreachableError if the target is not there; nothing was sent then
 */
export async function runCommand(file: string, options: RunOptions, terminal: Terminal): Promise<ExitCode> {
  const { exitCode } = await carryOut(file, options, terminal);
  return exitCode;
}

/** Does what `runCommand` does, and gives back what came of it. */
export async function carryOut(file: string, options: RunOptions, terminal: Terminal): Promise<RunResult> {
  terminal.outlivesReaders();
  const prepared = await prepare(file, options, options.shard, terminal.env);
  const work = () => perform(prepared, options, terminal);
  return holdingTarget(prepared, options.force === true, terminal, work);
}

/** Does what `carryOut` does with a scenario that was prepared, at a target that the caller holds. */
export async function perform(
  prepared: Prepared,
  options: RunOptions,
  terminal: Terminal,
): Promise<RunResult> {
  const { loaded, rate } = prepared;
  terminal.hide(loaded.secrets);
  const ready = await preflight(prepared, options, terminal);
  const { machine, resources, reached, transport, run, out } = ready;
  const writer = new ResultWriter(out);

  const plannedTotal = countArrivals(loaded.plan, loaded.inputs, prepared.recorded, options.shard);
  const users = loaded.inputs.streams.flatMap((input) =>
    input.kind === 'rate' ? Object.values(input.users?.columns ?? {}) : [],
  );
  let snapshot: Snapshot | undefined;
  let watched: AbortWatch | undefined;
  let stopped: GateStop | null = null;
  const emit = (line: ResultLine) => {
    const wasLost = writer.lost !== null;
    writer.write(line);
    if (writer.lost !== null && !wasLost) pool.stop('result_lost', loaded.plan.timeoutUs);
    if (snapshot !== undefined) absorbLine(snapshot, line);
    if (line.kind !== 'closed' || stopped !== null) return;
    stopped = watched?.look() ?? null;
    if (stopped !== null) pool.stop('stopped_by_gate', 0);
  };
  const pool = new Pool({
    plan: loaded.plan,
    inputs: loaded.inputs,
    phases: rate.phases,
    shard: options.shard,
    workers: resources.workers,
    target: reached.target,
    transport,
    secrets: loaded.secrets,
    inFlightMax: resources.inFlightMax,
    connectionsMax: resources.connectionsMax,
    run,
    hooksFile: loaded.hooksFile,
    warn: (text) => warn(terminal, hideUsers(text.slice(0, WORDS_MAX), users)),
    emit,
  });
  await pool.ready();
  const wanted = options.pacing ?? 'auto';
  const choice = choosePacing(wanted, wanted === 'auto' && resources.maySpin ? await pool.calibrate() : []);
  terminal.err(`${announcement(prepared, ready, plannedTotal, choice)}\n`);
  const startUs =
    options.startAt === undefined ? monotonicNowUs() + START_DELAY_US : options.startAt.getTime() * 1e3;
  const head = headOf(prepared, ready, plannedTotal, startUs, choice);
  snapshot = emptySnapshot(head);
  watched = new AbortWatch(snapshot);
  writer.write({ kind: 'head', head });
  if (writer.lost !== null) {
    await pool.abandon();
    throw cannotBeWritten(out, writer.lost.code);
  }

  const view = showProgress(prepared, pool, snapshot, startUs, terminal);
  const watch = watchProcess(options.shard, startUs, machine, emit);
  const signals = stopOnSignal(pool, loaded.plan.timeoutUs, () => view.stopping(), options.signals);
  const name = followName(reached, pool, terminal);
  pool.start(startUs, choice.pacing);
  const end = await pool.ended();
  name.stop();
  signals.off();
  view.stop();
  watch.end();
  const lost = endResult(writer, snapshot, {
    shard: options.shard,
    reason: end.reason,
    closedS: end.reason === 'completed' ? Math.max(end.closedS, rate.durationS) : end.closedS,
    wallUs: Math.round(monotonicNowUs() - startUs),
    ...(end.reason === 'stopped_by_gate' && stoppedBy(stopped)),
  });
  if (lost !== null)
    terminal.err(
      `the result could not be written on (${lost.code}): ${out} ends at ${formatOffset(lost.closedS * 1e6)}; what follows is from memory\n`,
    );
  if (end.reason === 'worker_failed') {
    const words = end.error.stack ?? end.error.message;
    terminal.err(`a worker failed: ${hideUsers(words.slice(0, WORDS_MAX), users).slice(0, WORDS_SHOWN)}\n`);
  }

  const judgement = judge(snapshot, head.gates);
  const exitCode = signals.exitCode() ?? judgement.exitCode;
  await writeReports(options.reports, { snapshot, judgement, exitCode, resultFiles: [out] }, terminal);
  terminal.err(`result: ${out}\n`);
  return { snapshot, judgement, exitCode, out };
}

/** Which gate stopped a run, as its end says it. */
function stoppedBy(stop: GateStop | null): Pick<End, 'stoppedBy'> {
  return stop === null ? {} : { stoppedBy: { gate: stop.gate.text, ...stop.window } };
}

/** What is about to be sent where, and how: the first line of a run. */
function announcement(
  { loaded, rate }: Prepared,
  { resources: { workers }, transport }: Ready,
  plannedTotal: number,
  choice: PacingChoice,
): string {
  const multiple = rate.normalPerSec > 0 ? ` (${formatMultiple(rate.peakPerSec / rate.normalPerSec)})` : '';
  const { window } = loaded.plan;
  const cut = window === undefined ? '' : ` (${formatWindow(window)} of the scenario)`;
  return [
    `${loaded.name}: ${formatCount(plannedTotal)} requests over ${rate.durationS} s${cut}`,
    `peak ${formatRate(rate.peakPerSec)}${multiple} → ${loaded.target.url}${mannerOf(loaded.target)}`,
    `${workers} worker${workers > 1 ? 's' : ''}`,
    `pacing: ${wordsOf(choice)}`,
    describeTransport(transport, loaded.target.secure),
    `seed ${loaded.plan.seed}`,
    `plan ${loaded.planId.slice(0, 8)}`,
  ].join(', ');
}

/** How senders wait, and why, in a few words: `spin (p99 6 µs; sleep 1.1 ms)`. */
function wordsOf({ pacing, lateness }: PacingChoice): string {
  if (lateness === null) return pacing;
  const { spinP99Us, sleepP99Us } = lateness;
  return pacing === 'spin'
    ? `spin (p99 ${formatDuration(spinP99Us)}; sleep ${formatDuration(sleepP99Us)})`
    : `sleep (p99 ${formatDuration(sleepP99Us)}; spin ${formatDuration(spinP99Us)})`;
}
