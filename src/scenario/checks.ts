// What a route's answers must be besides their status: texts, a least size, headers.
import { parseBytes } from '../units.js';
import { NAME } from './headers.js';
import type { RouteChecks } from './plan.js';
import { type Path, type ProblemList, quote } from './problems.js';
import type { TypedRoute } from './schema.js';

const TEXTS_MAX = 16;
const TEXT_MAX = 1_000;
/** More of a body is not kept for looking at. */
const BYTES_MAX = 1e9;

/**
 * Reads the checks of one route.
 * @returns undefined if it has none
 */
export function readChecks(path: Path, typed: TypedRoute, problems: ProblemList): RouteChecks | undefined {
  const { contains, minBytes, header } = typed;
  const checks: RouteChecks = {
    ...(contains !== undefined && { contains: readTexts([...path, 'contains'], contains, problems) }),
    ...(minBytes !== undefined && { minBytes: readMinBytes([...path, 'minBytes'], minBytes, problems) }),
    ...(header !== undefined && { header: readHeader([...path, 'header'], header, problems) }),
  };
  return Object.keys(checks).length === 0 ? undefined : checks;
}

function readTexts(path: Path, typed: string | readonly string[], problems: ProblemList): string[] {
  const texts = typeof typed === 'string' ? [typed] : [...typed];
  if (texts.length > TEXTS_MAX)
    problems.add(path, `more than ${TEXTS_MAX} texts`, 'keep those that tell most');
  for (const [i, text] of texts.entries()) {
    const at = typeof typed === 'string' ? path : [...path, i];
    if (text === '') problems.add(at, 'is an empty text, which every body holds', 'leave it out');
    else if (text.length > TEXT_MAX) problems.add(at, `is longer than ${TEXT_MAX} characters`);
  }
  return texts;
}

function readMinBytes(path: Path, typed: string | number, problems: ProblemList): number {
  const bytes = problems.read(path, () => parseBytes(typed)) ?? 0;
  if (bytes > BYTES_MAX) problems.add(path, `is ${typed}; expected at most 1GB`);
  return bytes;
}

function readHeader(
  path: Path,
  typed: Readonly<Record<string, string | number | true>>,
  problems: ProblemList,
): Record<string, string> {
  const header: Record<string, string> = {};
  const entries = Object.entries(typed);
  if (entries.length === 0)
    problems.add(path, 'is empty: no header is named', 'write { content-type: text/html }');
  if (entries.length > TEXTS_MAX)
    problems.add(path, `more than ${TEXTS_MAX} headers`, 'keep those that tell most');
  for (const [name, value] of entries) {
    const at = [...path, name];
    const lower = name.toLowerCase();
    const text = value === true ? '' : String(value);
    if (!NAME.test(name)) problems.add(at, `${quote(name)} is not a header name`, undefined, 'key');
    else if (Object.hasOwn(header, lower)) {
      problems.add(at, `the header ${lower} is here twice`, 'keep one', 'key');
    } else if (text.length > TEXT_MAX) problems.add(at, `is longer than ${TEXT_MAX} characters`);
    else header[lower] = text;
  }
  return header;
}
