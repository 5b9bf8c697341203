// `flashcrowd calibrate`: what this machine can generate, measured against a null server of its own, and kept.
import { maySpin } from '../drive/pacing/calibrate.js';
import type { TransportKind } from '../drive/transports/choose.js';
import { ExitCode } from '../exit-codes.js';
import { ceilingOf, halfOf, held, KEPT_LAG_P99_US } from '../judge/ceiling.js';
import type { Calibration, CalibrationKey, Step } from '../measure/calibration.js';
import { UserError } from '../problem.js';
import { type CalibrationReport, calibrationJson, calibrationText } from '../report/calibration.js';
import { paintFor } from '../report/paint.js';
import { formatDuration, formatRate, parseDurationUs, UnitError } from '../units.js';
import { calibrationFile, keyOfProcess, writeCalibration } from './calibration/cache.js';
import { type Measured, measureMachine } from './calibration/measure.js';
import { coresOfProcess } from './preflight/cores.js';
import { readMachine } from './preflight/machine.js';
import { connectionsOf } from './preflight/plan-resources.js';
import { type Terminal, warn } from './terminal.js';

export interface CalibrateOptions {
  /** How long it may take, such as `30s`. */
  readonly for: string;
  /** Sender threads; as many as leave a core each to the null server unless given. */
  readonly workers?: number;
  readonly transport: TransportKind;
  readonly tls: boolean;
  readonly json: boolean;
}

/** Below, there is not a second for each part; above, nothing is learned. */
const SHORTEST_S = 5;
const LONGEST_S = 600;
/** What a run has by default at most: more null servers than these are seldom worth their start. */
const WORKERS_MAX = 16;

/**
 * Calibrates, keeps the result in the user's cache, and prints it.
 * @returns `untrustworthy` where no step kept its times; nothing is kept then
 * @throws UserError for bad options
 */
export async function calibrateCommand(options: CalibrateOptions, terminal: Terminal): Promise<ExitCode> {
  const totalS = readLength(options.for);
  const { usable, machine } = coresOfProcess();
  const workers = options.workers ?? Math.max(1, Math.min(WORKERS_MAX, Math.floor(Math.floor(usable) / 2)));
  const key = keyOfProcess(usable, options.transport, options.tls);
  const measured = await measureMachine({
    totalS,
    workers,
    transport: options.transport,
    secure: options.tls,
    maySpin: maySpin(usable, machine, workers, true),
    connectionsMax: connectionsOf(readMachine()),
    progress: (text) => terminal.err(`calibrating: ${text}\n`),
  });
  const calibration = judgeMeasured(measured, key, workers, new Date());
  if (calibration === null) {
    terminal.err(`${tooNoisy(measured.steps)}\n`);
    return ExitCode.untrustworthy;
  }
  const report: CalibrationReport = {
    calibration,
    steps: measured.steps,
    file: keep(calibration, terminal),
  };
  terminal.out(
    options.json
      ? calibrationJson(report)
      : calibrationText(report, terminal.columns(), paintFor(terminal.colour)),
  );
  return ExitCode.passed;
}

/** What was measured as a calibration; null if no step kept its times. */
export function judgeMeasured(
  { steps, connectionsPerSec }: Measured,
  key: CalibrationKey,
  workers: number,
  now: Date,
): Calibration | null {
  const index = ceilingOf(steps);
  const atCeiling = steps[index];
  if (atCeiling === undefined) return null;
  const cpuSec = atCeiling.cpuCores / atCeiling.ratePerSec;
  return {
    ...key,
    measuredAt: now.toISOString(),
    workers,
    ceilingPerSec: atCeiling.ratePerSec,
    topHeld: index === steps.length - 1,
    atCeiling,
    atHalf: halfOf(steps, atCeiling),
    perCpuSec: cpuSec > 0 ? Math.round(1 / cpuSec) : 0,
    connectionsPerSec,
  };
}

/** Writes it to the cache; where that cannot be done it is said, and the figures are told all the same. */
function keep(calibration: Calibration, terminal: Terminal): string {
  const file = calibrationFile(terminal.env);
  try {
    writeCalibration(file, calibration);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    warn(terminal, `${file} cannot be written (${reason}): runs will not know of this`);
  }
  return file;
}

function tooNoisy(steps: readonly Step[]): string {
  const [lowest] = steps;
  const at =
    lowest === undefined
      ? 'nothing was measured'
      : `at ${formatRate(lowest.ratePerSec)} lag p99 was ${formatDuration(lowest.lagP99Us)}`;
  const kept = steps.filter(held).length;
  return `no ceiling was found: ${at}, and ${formatDuration(KEPT_LAG_P99_US)} is the most that counts as on time (${kept} of ${steps.length} steps kept that)\n    end what else runs on this machine, or measure longer with --for 60s`;
}

function readLength(text: string): number {
  const wrong = (message: string) =>
    new UserError([{ place: 'command line', path: '--for', message, hint: 'write such as 30s' }]);
  let us: number;
  try {
    us = parseDurationUs(text);
  } catch (error) {
    if (!(error instanceof UnitError)) throw error;
    throw wrong(error.message);
  }
  if (us < SHORTEST_S * 1e6 || us > LONGEST_S * 1e6)
    throw wrong(`must be from ${SHORTEST_S} s to ${LONGEST_S / 60} minutes, not ${formatDuration(us)}`);
  return us / 1e6;
}
