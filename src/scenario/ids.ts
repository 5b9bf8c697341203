// Recorded ids that are sent as others: where they are in requests, and which are sent instead.
import type { ColumnFile, InputFiles } from './inputs.js';
import type { IdLists, IdMapping } from './plan.js';
import { type Path, type ProblemList, quote } from './problems.js';
import type { RouteTable } from './routes.js';
import type { TypedIds } from './schema.js';

/** Ids of one kind to send; they are held in memory by every reader. */
const IDS_MAX = 1_000_000;

/** A mapping with the lists of its CSV. */
export interface ResolvedIds {
  readonly mapping: IdMapping;
  readonly lists: IdLists;
}

type TypedMapping = TypedIds[string];

/** Resolves an `ids` mapping, by name. Routes are to be complete: their patterns say where ids are. */
export async function readIds(
  path: Path,
  typed: TypedIds | undefined,
  routes: RouteTable,
  files: InputFiles,
): Promise<Map<string, ResolvedIds>> {
  const found = new Map<string, ResolvedIds>();
  for (const [name, mapping] of Object.entries(typed ?? {})) {
    const at = [...path, name];
    if (!/^[A-Za-z_]\w*$/.test(name)) {
      const message = `${quote(name)} is not a name of ids`;
      files.problems.add(at, message, 'use letters, digits and _: product', 'key');
      continue;
    }
    const places = readPlaces(at, name, mapping.in, routes, files.problems);
    const ids = await readLists(at, name, mapping, files);
    if (places === undefined || ids === undefined) continue;
    const { staging, lists } = ids;
    const by = mapping.by ?? 'popularity';
    const { digest, column } = staging;
    found.set(name, { mapping: { name, in: places, by, digest, column }, lists });
  }
  return found;
}

function readPlaces(
  path: Path,
  name: string,
  typed: TypedMapping['in'],
  routes: RouteTable,
  problems: ProblemList,
): readonly string[] | undefined {
  const mark = `{${name}}`;
  if (typed === undefined) {
    const patterns = routes.list.flatMap(({ match }) => (match === null ? [] : [match.path]));
    const named = patterns.filter((pattern) => pattern.split(mark).length === 2);
    if (named.length > 0) return [...new Set(named)];
    const own = routes.list.find((route) => route.name === name)?.match?.path ?? '';
    if (own.split('{id}').length === 2) return [own.replace('{id}', mark)];
    if (problems.isSpoiled(['routes'])) return undefined;
    const hint = `say it: in: /products/${mark}, or in: "?product_id=${mark}"`;
    problems.add(path, `no route's path says where ${mark} is`, hint);
    return undefined;
  }
  const list = Array.isArray(typed) ? typed : [typed];
  const wrong = list.findIndex((text) => !isPlace(text, mark));
  if (wrong < 0) return [...new Set(list)];
  problems.add(
    Array.isArray(typed) ? [...path, 'in', wrong] : [...path, 'in'],
    `${quote(list[wrong] ?? '')} does not say where ${mark} is`,
    `write /products/${mark}, or "?product_id=${mark}"; it has ${mark} once`,
  );
  return undefined;
}

/** A path pattern with the mark once, or a query parameter that is the mark, with or without a pattern before. */
function isPlace(text: string, mark: string): boolean {
  if (text.split(mark).length !== 2 || !/^[/*?][\x21-\x7e]*$/.test(text)) return false;
  const question = text.indexOf('?');
  if (question < 0) return true;
  const query = text.slice(question + 1);
  return query.endsWith(`=${mark}`) && /^[^&=?#{}]+$/.test(query.slice(0, -mark.length - 1));
}

async function readLists(
  path: Path,
  name: string,
  typed: TypedMapping,
  files: InputFiles,
): Promise<{ staging: ColumnFile; lists: IdLists } | undefined> {
  const { problems } = files;
  if (typed.map === undefined) {
    problems.add(path, 'map is missing; expected the name of a CSV', `write map: staging-${name}.csv`);
    return undefined;
  }
  const at = [...path, 'map'];
  const isTable = typed.by === 'table';
  const column = typed.column ?? (isTable ? 'staging' : undefined);
  const staging = await files.column(typed.map, column, name, at);
  const recorded = isTable && staging ? await files.column(typed.map, 'recorded', name, at) : undefined;
  if (staging === undefined || (isTable && recorded === undefined)) return undefined;
  if (staging.values.length > IDS_MAX) {
    problems.add(at, `more than ${IDS_MAX} ids`, 'give those that are asked for most');
    return undefined;
  }
  return { staging, lists: { staging: staging.values, recorded: recorded?.values ?? [] } };
}
