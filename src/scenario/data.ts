// Where the values of placeholders come from: a range, a list, or a column of a CSV.
import type { InputFiles } from './inputs.js';
import type { DataSource } from './plan.js';
import { type Path, type ProblemList, quote } from './problems.js';
import type { TypedData } from './schema.js';
import { BUILT_IN } from './templates.js';

/** A placeholder's values, with those of a CSV read. */
export interface ResolvedData {
  readonly source: DataSource;
  readonly values: readonly string[] | null;
}

/** Checks the names and sources of a `data` mapping; files are read for all, used or not. */
export async function readData(
  path: Path,
  typed: TypedData | undefined,
  files: InputFiles,
): Promise<Map<string, ResolvedData>> {
  const found = new Map<string, ResolvedData>();
  for (const [name, source] of Object.entries(typed ?? {})) {
    const at = [...path, name];
    if (checkName(at, name, files.problems)) {
      const resolved = await readSource(at, name, source, files);
      if (resolved !== undefined) found.set(name, resolved);
    }
  }
  return found;
}

/** Reports a name that no placeholder can have. */
export function checkName(at: Path, name: string, problems: ProblemList): boolean {
  if (!/^[A-Za-z_]\w*$/.test(name)) {
    problems.add(
      at,
      `${quote(name)} is not a placeholder's name`,
      'use letters, digits and _: {product_id}',
      'key',
    );
    return false;
  }
  if (BUILT_IN.some((known) => known === name)) {
    problems.add(at, `{${name}} is built in`, 'choose another name', 'key');
    return false;
  }
  return true;
}

async function readSource(
  at: Path,
  name: string,
  typed: TypedData[string],
  files: InputFiles,
): Promise<ResolvedData | undefined> {
  const { problems } = files;
  const given = (['range', 'list', 'csv'] as const).filter((kind) => typed[kind] !== undefined);
  if (given.length !== 1) {
    const found = given.length === 0 ? 'none of them is here' : `${given.join(' and ')} are both here`;
    problems.add(at, `expected one of range, list, csv; ${found}`, 'write { range: [1, 5000] }');
    return undefined;
  }
  const zipf = typed.zipf ?? null;
  if (zipf !== null && !(zipf > 0 && zipf <= 10)) {
    problems.add(
      [...at, 'zipf'],
      `zipf is ${zipf}; expected more than 0 and at most 10`,
      'shops have 0.8 to 1.2',
    );
  }
  if (typed.column !== undefined && typed.csv === undefined) {
    problems.add([...at, 'column'], 'a column needs a csv', 'add csv: FILE', 'key');
  }
  if (typed.range !== undefined) return readRange(at, typed.range, zipf, problems);
  if (typed.list !== undefined) {
    return { source: { kind: 'list', values: typed.list.map(String), zipf }, values: null };
  }
  const file = await files.column(typed.csv ?? '', typed.column, name, [...at, 'csv']);
  if (file === undefined) return undefined;
  return { source: { kind: 'csv', digest: file.digest, column: file.column, zipf }, values: file.values };
}

function readRange(
  at: Path,
  range: readonly number[],
  zipf: number | null,
  problems: ProblemList,
): ResolvedData | undefined {
  const [from, to] = range as [number, number];
  if (Number.isSafeInteger(from) && Number.isSafeInteger(to) && from <= to && to - from < 2 ** 32) {
    return { source: { kind: 'range', from, to, zipf }, values: null };
  }
  problems.add(
    [...at, 'range'],
    `[${from}, ${to}] is not a range`,
    'write the first and the last whole number: [1, 5000]',
  );
  return undefined;
}
