// What a step takes out of its answer: where each value is, checked before anything is sent.
import { checkName } from './data.js';
import { parseJsonPath } from './json-path.js';
import type { Capture } from './plan.js';
import { type Path, type ProblemList, quote } from './problems.js';
import { beginsWithFixedText, PatternError, ValuePattern } from './regex.js';
import type { TypedCapture } from './schema-requests.js';

const SOURCES = ['header', 'cookie', 'json'] as const;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * Resolves the captures of one step.
 * @param taken names of placeholders that have values already
 */
export function readCaptures(
  path: Path,
  typed: Readonly<Record<string, TypedCapture>> | undefined,
  taken: readonly string[],
  problems: ProblemList,
): Capture[] {
  return Object.entries(typed ?? {}).flatMap(([name, source]) => {
    const at = [...path, name];
    if (!checkName(at, name, problems)) return [];
    if (taken.includes(name))
      problems.add(at, `{${name}} has its values from data`, 'choose another name', 'key');
    return readCapture(at, name, source, problems) ?? [];
  });
}

function readCapture(
  at: Path,
  name: string,
  typed: TypedCapture,
  problems: ProblemList,
): Capture | undefined {
  const given = SOURCES.filter((source) => typed[source] !== undefined);
  if (given.length > 1 || (given.length === 0 && typed.regex === undefined)) {
    const found = given.length === 0 ? 'none of them is here' : `${given.join(' and ')} are both here`;
    problems.add(at, `expected one of header, cookie, json, regex; ${found}`, 'write { json: "$.id" }');
    return undefined;
  }
  const from = given[0] ?? 'body';
  const key = given[0] === undefined ? '' : (typed[given[0]] ?? '');
  if (from === 'json' && parseJsonPath(key) === undefined) {
    problems.add(
      [...at, 'json'],
      `${quote(key)} is not a path of names and indexes`,
      "write it as $.cart.items[0].id, or $['my id']",
    );
  } else if ((from === 'header' || from === 'cookie') && !TOKEN.test(key)) {
    problems.add([...at, from], `${quote(key)} is not the name of a ${from}`);
  }
  checkPattern([...at, 'regex'], typed.regex, problems);
  if (from === 'body' && typed.regex !== undefined && !beginsWithFixedText(typed.regex)) {
    problems.warnings.push(
      `capture {${name}}: its regex does not begin with fixed text, so that looking through a page takes about 0.1 ms a KB from the sender`,
    );
  }
  return { name, from, key: from === 'header' ? key.toLowerCase() : key, pattern: typed.regex ?? null };
}

function checkPattern(at: Path, pattern: string | undefined, problems: ProblemList): void {
  try {
    if (pattern !== undefined) new ValuePattern(pattern);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    problems.add(
      at,
      `${quote(pattern ?? '')} is not a regular expression that takes linear time: ${error.message}`,
      'write it without lookaround and backreferences: csrf" value="([^"]+)"',
    );
  }
}
