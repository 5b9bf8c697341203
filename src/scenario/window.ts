// `--window FROM..TO`: which stretch of a plan is sent, by offsets or by the names of its phases.
import type { Phase, PlanWindow } from './plan.js';
import { ProblemList, quote } from './problems.js';
import { readDuration } from './settings.js';

const OPTION = { option: '--window' } as const;
const FORM =
  'write FROM..TO: offsets such as 10m..20m, or phases such as onset..decay; either side may be left out';

/**
 * Resolves a window. A phase's name before the dots is its start, behind them its end.
 * @param phases of the whole plan, which lasts `durationS`
 * @throws UserError for a window that is none
 */
export function readWindow(
  typed: string,
  { phases, durationS }: { readonly phases: readonly Phase[]; readonly durationS: number },
): PlanWindow {
  const problems = new ProblemList('command line', () => ({ line: 1, column: 1 }));
  const sides = typed.split('..');
  const [from = '', to = sides[0] ?? ''] = sides;
  if (sides.length > 2 || typed.trim() === '') problems.add(OPTION, `${quote(typed)} is no window`, FORM);
  problems.throwIfAny();
  const bound = (text: string, side: 'startS' | 'endS', open: number): number => {
    const name = text.trim();
    if (name === '') return open;
    const phase = phases.find((known) => known.name === name);
    if (phase !== undefined) return phase[side];
    if (/^[a-z]+$/.test(name)) {
      const hint = `phases of this plan: ${phases.map((known) => known.name).join(', ')}`;
      problems.add(OPTION, `the plan has no phase ${quote(name)}`, hint);
      return open;
    }
    return (readDuration(OPTION, name, problems) ?? 0) / 1e6;
  };
  const startS = bound(from, 'startS', 0);
  const endS = Math.min(durationS, bound(to, 'endS', durationS));
  problems.throwIfAny();
  if (!Number.isInteger(startS) || !Number.isInteger(endS))
    problems.add(OPTION, `${quote(typed)} does not begin and end on whole seconds`, FORM);
  else if (startS >= endS)
    problems.add(OPTION, `nothing of the plan is in ${quote(typed)}: it lasts ${durationS} s`, FORM);
  problems.throwIfAny();
  return { fromUs: startS * 1e6, toUs: endS * 1e6 };
}
