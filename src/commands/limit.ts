// `flashcrowd limit`: the largest multiple of a scenario's load that passes its gates, by whole runs of it.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { monotonicNowUs } from '../drive/pacing/clock.js';
import type { TransportOption } from '../drive/transports/choose.js';
import type { ExitCode } from '../exit-codes.js';
import { judgeHeadroom, type SearchEnding, type TrialRecord } from '../judge/headroom/headroom.js';
import { nextTrial, type TrialOutcome } from '../judge/headroom/search.js';
import type { Verdict } from '../judge/verdict.js';
import { UserError } from '../problem.js';
import { jsonText } from '../report/json-text.js';
import { limitText, searchWords, trialWords } from '../report/limit.js';
import { limitJson, type SearchPlan } from '../report/limit-json.js';
import { paintFor } from '../report/paint.js';
import type { Overrides } from '../scenario/load.js';
import { WHOLE } from '../schedule/lanes.js';
import { formatDuration } from '../units.js';
import { planSearch, type SearchOptions } from './headroom/search-plan.js';
import { holdingTarget } from './preflight/hold-target.js';
import { UnreachableError } from './preflight/reach.js';
import { type Prepared, prepare } from './prepare.js';
import { cannotBeWritten, defaultOut } from './results/result-writer.js';
import { perform, type RunResult } from './run.js';
import { listenForSignals, type Signals } from './stop.js';
import type { Terminal } from './terminal.js';

export interface LimitOptions extends Overrides, SearchOptions {
  readonly workers?: number;
  readonly transport: TransportOption;
  readonly force: boolean;
  /** The folder of the trials' results; `out/SCENARIO-limit-TIME` unless given. */
  readonly out?: string;
  readonly json: boolean;
}

const OUTCOMES: Readonly<Record<Exclude<Verdict, 'no_gates'>, TrialOutcome>> = {
  held: 'held',
  did_not_hold: 'failed',
  untrustworthy: 'invalid',
  inconclusive: 'inconclusive',
};

/**
 * Searches, trial by trial, and reports.
 * @throws UserError for bad input, UnreachableError if the target is not there at the first trial; nothing was sent
 */
export async function limitCommand(
  file: string,
  options: LimitOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  terminal.outlivesReaders();
  const planned = await prepare(file, options, WHOLE, terminal.env);
  terminal.hide(planned.loaded.secrets);
  const search = planSearch(file, planned, options, terminal.env);
  const { name, target } = planned.loaded;
  terminal.err(searchWords(name, search));
  const folder = options.out ?? defaultOut(`${name}-limit`, new Date()).replace(/\.ndjson$/, '');
  makeFolder(folder);
  const signals = listenForSignals();
  try {
    const searching = new Searching(file, planned, options, search, folder, signals, terminal);
    const { ending, reason } = await holdingTarget(planned, options.force, terminal, () => searching.run());
    const { trials } = searching;
    const headroom = judgeHeadroom(trials, ending, reason);
    const exitCode = signals.code() ?? headroom.exitCode;
    const report = { scenario: name, target: target.url, search, trials, headroom, exitCode };
    terminal.out(
      options.json
        ? jsonText(limitJson(report))
        : limitText(report, terminal.columns(), paintFor(terminal.colour)),
    );
    terminal.err(`results: ${folder}\n`);
    return exitCode;
  } finally {
    signals.off();
  }
}

interface Ended {
  readonly ending: SearchEnding;
  readonly reason: string | null;
}

/** A search under way. */
class Searching {
  readonly trials: TrialRecord[] = [];
  private readonly terminal: Terminal;

  constructor(
    private readonly file: string,
    /** The scenario as it is; used for a first trial at 1. */
    private readonly planned: Prepared,
    private readonly options: LimitOptions,
    private readonly search: SearchPlan,
    private readonly folder: string,
    private readonly signals: Signals,
    terminal: Terminal,
  ) {
    this.terminal = warningOnce(terminal);
  }

  async run(): Promise<Ended> {
    const { search, trials, signals } = this;
    const startUs = monotonicNowUs();
    for (;;) {
      const next = nextTrial(trials, search);
      if (next.kind === 'end') return { ending: next.why, reason: null };
      const restUs = trials.length === 0 ? 0 : search.coolDownUs;
      const spentUs = monotonicNowUs() - startUs;
      if (
        search.budgetUs !== null &&
        trials.length > 0 &&
        spentUs + restUs + search.trialUs > search.budgetUs
      )
        return { ending: 'time_used', reason: null };
      if (restUs > 0) {
        this.terminal.err(`cool-down of ${formatDuration(restUs)}: the target settles\n`);
        await rest(restUs, signals);
      }
      if (signals.code() !== undefined) return { ending: 'interrupted', reason: null };
      const ended = await this.tryOut(next.k);
      if (ended !== null) return ended;
    }
  }

  /** Makes one trial; gives back why none can follow, or null. */
  private async tryOut(k: number): Promise<Ended | null> {
    try {
      return await this.carryOut(k);
    } catch (error) {
      // Of the first trial, these are what any run would end with.
      if (this.trials.length === 0) throw error;
      if (error instanceof UnreachableError) return { ending: 'unreachable', reason: error.message };
      if (!(error instanceof UserError)) throw error;
      return { ending: 'refused', reason: error.problems.map(({ message }) => message).join('; ') };
    }
  }

  private async carryOut(k: number): Promise<Ended | null> {
    const { trials, options, folder, signals, terminal } = this;
    const startUs = monotonicNowUs();
    const prepared = await this.prepareAt(k);
    const repeat = trials.filter((trial) => trial.k === k).length + 1;
    const out = join(folder, `k${k}-${repeat}.ndjson`);
    const reports = [{ format: 'text', file: out.replace(/ndjson$/, 'txt') }] as const;
    const run = await perform(prepared, { ...options, shard: WHOLE, out, reports, signals }, terminal);
    const stopped = stopOf(run);
    if (stopped !== null) return stopped;
    const record = recordOf(k, prepared, run, monotonicNowUs() - startUs);
    trials.push(record);
    terminal.err(trialWords(trials.length, record));
    return null;
  }

  /** The scenario at a multiple, with a seed that no trial has had. */
  private prepareAt(k: number): Promise<Prepared> | Prepared {
    const { planned, options, search, trials } = this;
    if (k === 1 && trials.length === 0) return planned;
    const seed = (planned.loaded.plan.seed + trials.length) % Number.MAX_SAFE_INTEGER;
    const amplify = [...(options.amplify ?? []), search.vary === null ? k : `${search.vary}=${k}`];
    return prepare(this.file, { ...options, amplify, seed }, WHOLE, this.terminal.env);
  }
}

/** Why a run that was cut short ends the search; null for one that counts, as one that a gate cut short does. */
function stopOf({ snapshot, judgement }: RunResult): Ended | null {
  const reasons = snapshot.ends.map(({ reason }) => reason);
  if (reasons.includes('stopped_by_target')) return { ending: 'stopped_by_target', reason: null };
  if (reasons.includes('interrupted')) return { ending: 'interrupted', reason: null };
  if (!reasons.includes('result_lost')) return null;
  return { ending: 'refused', reason: judgement.reasons[0]?.text ?? 'the result could not be written' };
}

function recordOf(k: number, { loaded, rate }: Prepared, run: RunResult, wallUs: number): TrialRecord {
  const { judgement, out } = run;
  const { verdict, reasons, gates } = judgement;
  if (verdict === 'no_gates') throw new Error('a trial has no gates');
  const outcome = OUTCOMES[verdict];
  return {
    k,
    outcome,
    seed: loaded.plan.seed,
    planId: loaded.planId,
    peakPerSec: rate.peakPerSec,
    resultFile: out,
    wallUs: Math.round(wallUs),
    failed: outcome === 'failed' ? gates.filter(({ result }) => result === 'fail') : [],
    reason: outcome === 'held' || outcome === 'failed' ? null : (reasons[0]?.text ?? null),
  };
}

/** Waits, unless a signal comes. */
function rest(us: number, signals: Signals): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      forget();
      resolve();
    };
    const timer = setTimeout(end, us / 1e3);
    const forget = signals.onStop(end);
  });
}

/** What was warned of once is not said again at every trial. */
function warningOnce(terminal: Terminal): Terminal {
  const said = new Set<string>();
  return {
    ...terminal,
    err: (text) => {
      if (text.startsWith('warning: ')) {
        if (said.has(text)) return;
        said.add(text);
      }
      terminal.err(text);
    },
  };
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw cannotBeWritten(folder, (error as NodeJS.ErrnoException).code ?? 'unknown');
  }
}
