// A user's mistake, as data: what is wrong, where, and what to do about it.

import { oneLine } from './plain-text.js';

/** One thing that is wrong in an input. */
export interface Problem {
  /** The file, or file:line:column; `command line` for an option. */
  readonly place: string;
  /** The path inside the file, such as `streams[1].curve`; empty where there is none. */
  readonly path: string;
  /** What is wrong, and what was expected. */
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
}

/** Ends the command before anything is sent (exit code 2); carries every problem found, not the first alone. */
export class UserError extends Error {
  constructor(readonly problems: readonly Problem[]) {
    super(problems.map(formatProblem).join('\n'));
    this.name = 'UserError';
  }
}

/** `place: path: message` and the hint on a line of its own; whatever they quote, a terminal can show it. */
export function formatProblem(problem: Problem): string {
  const parts = [problem.place, problem.path, problem.message].filter((part) => part !== '');
  const head = parts.map(oneLine).join(': ');
  return problem.hint === undefined ? head : `${head}\n    ${oneLine(problem.hint)}`;
}
