// From a parsed value to a typed scenario: zod's issues in plain words, and what is left without the bad parts.
import { didYouMean } from './nearest.js';
import { type Path, type ProblemList, quote } from './problems.js';
import { checkScenario, type TypedScenario } from './schema.js';
import { checkGates, checkGatesKey, type TypedGate } from './schema-gates.js';
import type { Checked, ShapeIssue } from './schema-parts.js';

/**
 * Reports every value of a wrong shape. What is wrong is taken out and marked as spoiled, so that the rest is
 * checked for its meaning in the same go.
 * @returns undefined if too little is left to go on
 */
export function readShape(value: unknown, problems: ProblemList): TypedScenario | undefined {
  return shaped(value, problems, checkScenario);
}

/** The same of a list of gates, or of a mapping that has one; what else it has is not looked at. */
export function readGateShapes(value: unknown, problems: ProblemList): readonly TypedGate[] | undefined {
  if (Array.isArray(value)) return shaped(value, problems, checkGates);
  return shaped(value, problems, checkGatesKey)?.gates;
}

/** Of a list, which nothing can be taken out of, all or nothing. */
function shaped<T extends object>(
  value: unknown,
  problems: ProblemList,
  check: (value: unknown) => Checked<T>,
): T | undefined {
  const first = check(value);
  if ('value' in first) return first.value;
  const rest = structuredClone(value);
  for (const issue of first.issues) {
    for (const path of report(issue, [], value, problems)) {
      const removed = remove(rest, path);
      if (removed !== undefined) problems.spoil(removed);
    }
  }
  const second = check(rest);
  return 'value' in second ? second.value : undefined;
}

/** Adds the issue's problems; returns the paths of what is wrong. */
function report(issue: ShapeIssue, base: Path, whole: unknown, problems: ProblemList): Path[] {
  const path = [...base, ...issue.path.map((key) => (typeof key === 'number' ? key : String(key)))];
  const value = valueAt(whole, path);
  if (issue.code === 'unrecognized_keys') {
    const known = issue.message.split(' ');
    return issue.keys.map((key) => {
      const keyPath = [...path, key];
      problems.add(keyPath, `unknown key ${quote(key)}`, didYouMean(key, known), 'key');
      return keyPath;
    });
  }
  if (issue.code === 'invalid_union') {
    const branch = fitting(issue.errors);
    if (branch !== undefined) return branch.flatMap((inner) => report(inner, path, whole, problems));
  }
  const wanted = expectation(issue);
  if (value === undefined) problems.add(path, `is missing; ${wanted}`);
  else if (wanted.startsWith('expected'))
    problems.add(path, `${wanted}, not ${shown(value)}`, hintFor(issue, value));
  else problems.add(path, wanted);
  return [path];
}

/** The branch of a union that the value was meant for: the one whose type it has, with the fewest complaints. */
function fitting(branches: readonly (readonly ShapeIssue[])[]): readonly ShapeIssue[] | undefined {
  return branches
    .filter((issues) => !issues.some(({ path, code }) => path.length === 0 && code.startsWith('invalid_')))
    .sort((a, b) => a.length - b.length)[0];
}

function expectation(issue: ShapeIssue): string {
  // Words of our own schema win over the library's.
  if (!/^(Invalid|Too|Unrecognized)/.test(issue.message)) return issue.message;
  if (issue.code === 'invalid_value') return `expected ${issue.values.map(String).join(' or ')}`;
  if (issue.code !== 'invalid_type') return issue.message;
  const words: Record<string, string> = {
    string: 'a text',
    number: 'a number',
    array: 'a list',
    object: 'a mapping',
    record: 'a mapping',
  };
  return `expected ${words[issue.expected] ?? issue.expected}`;
}

function hintFor(issue: ShapeIssue, value: unknown): string | undefined {
  const wantsText = issue.code === 'invalid_type' && issue.expected === 'string';
  return wantsText && ['number', 'boolean'].includes(typeof value)
    ? `put it in quotes: "${value}"`
    : undefined;
}

function shown(value: unknown): string {
  if (value === null) return 'nothing';
  if (typeof value === 'string') return quote(value);
  if (typeof value !== 'object') return String(value);
  return Array.isArray(value) ? 'a list' : 'a mapping';
}

function valueAt(whole: unknown, path: Path): unknown {
  let value = whole;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string | number, unknown>)[key];
  }
  return value;
}

/** Deletes the key at the path; of a list's item, the whole list, as the others would change places. */
function remove(whole: unknown, path: Path): Path | undefined {
  let at = path.length - 1;
  while (at >= 0 && typeof path[at] === 'number') at--;
  if (at < 0) return undefined;
  const parent = valueAt(whole, path.slice(0, at));
  if (typeof parent === 'object' && parent !== null)
    delete (parent as Record<string, unknown>)[String(path[at])];
  return path.slice(0, at + 1);
}
