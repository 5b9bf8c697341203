// What the options of `flashcrowd compare` mean: which results are which, margins, and the noise of a runner.
import { readFile } from 'node:fs/promises';
import { DEFAULT_MARGINS, type Margins, METRICS } from '../judge/comparison/metrics.js';
import type { Noise } from '../judge/comparison/noise.js';
import { type Problem, UserError } from '../problem.js';
import { NOISE } from '../report/comparison/comparison-schema.js';
import { formatCount } from '../units.js';

/** Results that are compared at once, at most: each takes some MB. */
const RUNS_MAX = 100;
/** Bytes of a noise file that are read. */
const NOISE_MAX = 100_000;

export interface Named {
  readonly base: readonly string[];
  readonly candidate: readonly string[];
}

/**
 * Which results are the base and which the candidate: two by their order, else by name.
 * @throws UserError
 */
export function namedSides(
  files: readonly string[],
  base: readonly string[],
  candidate: readonly string[],
): Named {
  const count = files.length + base.length + candidate.length;
  if (count > RUNS_MAX) {
    throw wrong('', `${formatCount(count)} results are too many to compare`, `give ${RUNS_MAX} at most`);
  }
  const bare = base.length + candidate.length === 0;
  const [one, other, ...more] = files;
  if (bare && one !== undefined && other !== undefined && more.length === 0) {
    return { base: [one], candidate: [other] };
  }
  if (files.length === 0 && base.length > 0 && candidate.length > 0) return { base, candidate };
  throw wrong(
    '',
    bare
      ? `two results are compared, there are ${formatCount(files.length)}`
      : 'bases and candidates are named each',
    'flashcrowd compare BASE CANDIDATE, or --base BASE... --candidate CANDIDATE...',
  );
}

/**
 * Reads `p99=20%` or `goodput=0.05`; what is not given has its default.
 * @throws UserError
 */
export function readMargins(texts: readonly string[]): Margins {
  const margins = { ...DEFAULT_MARGINS };
  const problems: Problem[] = [];
  for (const text of texts) {
    const match = /^(\w+)=(\d{1,6}(?:\.\d{1,9})?)(%?)$/.exec(text.replaceAll(' ', ''));
    const metric = METRICS.find((name) => name === match?.[1]);
    const size = Number(match?.[2]) / (match?.[3] === '%' ? 100 : 1);
    if (metric === undefined || !(size > 0) || size > mostOf(metric)) {
      problems.push({
        place: 'command line',
        path: '--margin',
        message: `"${text}" is not a margin; expected METRIC=SIZE such as p99=20%`,
        hint: `metrics: ${METRICS.join(', ')}; of errors the size is a difference of shares: 0.5% is half a point`,
      });
    } else {
      margins[metric] = size;
    }
  }
  if (problems.length > 0) throw new UserError(problems);
  return margins;
}

/** Ten times as long, every request failed, and nearly no goodput left. */
function mostOf(metric: (typeof METRICS)[number]): number {
  if (metric === 'errors') return 1;
  return metric === 'goodput' ? 0.99 : 10;
}

/**
 * Reads what `compare --aa --json` wrote.
 * @throws UserError
 */
export async function readNoise(file: string): Promise<Noise & { readonly planId: string }> {
  const hint = 'write one with flashcrowd compare --aa RUN... --json > noise.json';
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw wrong('--noise', `${file} cannot be read (${(error as NodeJS.ErrnoException).code})`, hint);
  }
  const parsed = NOISE.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? '' : ` (${issue.path.join('.')})`;
  throw wrong('--noise', `${file} is not the noise of a runner${where}`, hint);
}

function jsonOf(text: string): unknown {
  if (text.length > NOISE_MAX) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function wrong(path: string, message: string, hint: string): UserError {
  return new UserError([{ place: 'command line', path, message, hint }]);
}
