// JSON paths to one value: `$.cart.items[0]['unit price']`; no wildcards, filters or scripts.

/** Member names and indexes, from the top. */
export type JsonPath = readonly (string | number)[];

const STEPS_MAX = 32;
const STEP = /\.([A-Za-z_$][\w$-]*)|\[(\d{1,9})\]|\['([^'\\]*)'\]|\["([^"\\]*)"\]/y;

/** The path that a text writes; undefined if it is none. */
export function parseJsonPath(text: string): JsonPath | undefined {
  if (!text.startsWith('$')) return undefined;
  const path: (string | number)[] = [];
  STEP.lastIndex = 1;
  while (STEP.lastIndex < text.length) {
    const match = STEP.exec(text);
    if (match === null || path.length === STEPS_MAX) return undefined;
    const [, name, index, single, double] = match;
    path.push(index === undefined ? (name ?? single ?? double ?? '') : Number(index));
  }
  return path;
}

/** What stands at a path of a parsed value; undefined where nothing does. */
export function valueAtPath(value: unknown, path: JsonPath): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== 'object' || found === null) return undefined;
    if (Array.isArray(found) !== (typeof key === 'number') || !Object.hasOwn(found, key)) return undefined;
    found = Reflect.get(found, key);
  }
  return found;
}
