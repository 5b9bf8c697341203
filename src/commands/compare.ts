// `flashcrowd compare`: is a candidate worse than its base, and how much noise has this runner.
import { ExitCode } from '../exit-codes.js';
import { comparable, repeatable } from '../judge/comparison/comparable.js';
import { compareRuns } from '../judge/comparison/comparison.js';
import { type By, figuresOf, type RunFigures } from '../judge/comparison/figures.js';
import { noiseOf } from '../judge/comparison/noise.js';
import type { Validity } from '../judge/validity/finding.js';
import { judgeValidity } from '../judge/validity/validity.js';
import { UserError } from '../problem.js';
import { comparisonText } from '../report/comparison/comparison.js';
import {
  type ComparedRun,
  type ComparisonReport,
  comparisonJson,
  noiseJson,
} from '../report/comparison/comparison-json.js';
import { noiseText } from '../report/comparison/noise.js';
import { jsonText } from '../report/json-text.js';
import { paintFor } from '../report/paint.js';
import { formatCount } from '../units.js';
import { namedSides, readMargins, readNoise } from './compare-options.js';
import { readResults } from './results/results.js';
import { type Terminal, warn } from './terminal.js';

export interface CompareOptions {
  readonly base?: readonly string[];
  readonly candidate?: readonly string[];
  /** `METRIC=SIZE` each. */
  readonly margins: readonly string[];
  readonly by?: By;
  readonly paired: boolean;
  readonly allowDifferent: readonly string[];
  readonly because?: string;
  /** A file that `--aa --json` wrote. */
  readonly noise?: string;
  readonly aa: boolean;
  readonly json: boolean;
}

/** Fewest runs of the same thing that have a spread worth the name. */
const AA_MIN = 3;

/** A run as it is compared: its snapshot is not kept, as many of them are too much to hold. */
interface Read {
  readonly figures: RunFigures;
  readonly validity: Validity;
}

/**
 * Compares results, or with `aa` says how far results of the same thing are apart.
 * @returns 0 no worse, 1 worse, 4 undecided, 3 where a run is invalid; with `aa` 0 or 3
 * @throws UserError for runs that cannot be compared
 */
export async function compareCommand(
  files: readonly string[],
  options: CompareOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  return options.aa ? measureNoise(files, options, terminal) : compare(files, options, terminal);
}

async function compare(
  files: readonly string[],
  options: CompareOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const margins = readMargins(options.margins);
  const named = namedSides(files, options.base ?? [], options.candidate ?? []);
  const noise = options.noise === undefined ? null : await readNoise(options.noise);
  const by = options.by ?? null;
  const base = await readRuns(named.base, by, terminal);
  const candidate = await readRuns(named.candidate, by, terminal);
  const sides = {
    base: base.map(({ figures }) => figures),
    candidate: candidate.map(({ figures }) => figures),
  };
  const because = options.because ?? null;
  const allowed = { keys: options.allowDifferent, because, paired: options.paired };
  const { problems, paired, differences } = comparable(sides.base, sides.candidate, allowed);
  if (problems.length > 0) throw new UserError(problems);
  if (noise !== null && noise.planId !== sides.base[0]?.head.planId) {
    warn(terminal, 'the noise was measured with another plan: it may not be that of these runs');
  }
  const trusted = [...base, ...candidate].every(({ validity }) => validity.verdict !== 'invalid');
  const comparison = trusted ? compareRuns({ ...sides, paired }, { margins, noise }) : null;
  const exitCode = comparison?.exitCode ?? ExitCode.untrustworthy;
  const report: ComparisonReport = {
    base: base.map(told),
    candidate: candidate.map(told),
    comparison,
    differences,
    because,
    noise,
    exitCode,
  };
  terminal.out(
    options.json
      ? jsonText(comparisonJson(report))
      : comparisonText(report, terminal.columns(), paintFor(terminal.colour)),
  );
  return exitCode;
}

async function measureNoise(
  files: readonly string[],
  options: CompareOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  if (files.length < AA_MIN) {
    throw new UserError([
      {
        place: 'command line',
        path: '--aa',
        message: `${AA_MIN} runs of the same thing show how far they are apart, there are ${formatCount(files.length)}`,
        hint: 'flashcrowd compare --aa RUN RUN RUN..., in the order in which they ran',
      },
    ]);
  }
  const runs = await readRuns(files, null, terminal);
  const figures = runs.map((run) => run.figures);
  const problems = repeatable(figures);
  if (problems.length > 0) throw new UserError(problems);
  const invalid = runs.filter(({ validity }) => validity.verdict === 'invalid');
  for (const { figures: own, validity } of invalid) {
    warn(terminal, `${own.name} cannot be trusted: ${validity.findings[0]?.message ?? ''}`);
  }
  if (invalid.length > 0) return ExitCode.untrustworthy;
  const noise = noiseOf(figures);
  const { head } = figures[0] as RunFigures;
  terminal.out(
    options.json
      ? jsonText(noiseJson(noise, head))
      : noiseText(noise, head.scenario, terminal.columns(), paintFor(terminal.colour)),
  );
  return ExitCode.passed;
}

/** One file a run; of each only what is compared is kept. */
async function readRuns(files: readonly string[], by: By | null, terminal: Terminal): Promise<Read[]> {
  const runs: Read[] = [];
  for (const file of files) {
    const { snapshot, warnings } = await readResults([file]);
    for (const warning of warnings) warn(terminal, warning);
    const validity = judgeValidity(snapshot, snapshot.head.gates);
    runs.push({ figures: figuresOf(snapshot, file, by), validity });
  }
  return runs;
}

function told({ figures: { name, head }, validity }: Read): ComparedRun {
  return { file: name, head, validity };
}
