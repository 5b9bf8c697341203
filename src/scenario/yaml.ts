// The one file that knows the yaml library: text to plain values, each with its line and column.
//
// Its traps: it looks for repeated keys and for anchors in quadratic time, so both are looked for here; a parse never throws, errors wait in `doc.errors` and what is odd in `doc.warnings`; at logLevel `silent`
// a second document is dropped without a word; aliases are expanded
// by toJS, where a few lines can stand for gigabytes (hence maxAliasCount) or for a value that holds itself (hence
// the depth limit); unresolved aliases and very deep nesting do throw; keys that are collections become text;
// `__proto__` becomes a key of its own that later copies lose.
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml';
import type { Locate, Path } from './problems.js';

const ALIASES_MAX = 100;
/** Aliases that are looked at, each of which the library finds by a walk through the document. */
const ALIASES_SEEN_MAX = 1_000;
const TOO_FAR = `its aliases (*name) expand too far; at most ${ALIASES_MAX} are allowed`;
const DEPTH_MAX = 50;
const ERRORS_MAX = 20;
const TOO_DEEP = 'is nested too deeply';

/** A parsed text; where `errors` is not empty the value is undefined. */
export interface YamlText {
  readonly value: unknown;
  readonly locate: Locate;
  readonly errors: readonly YamlError[];
}

export interface YamlError {
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly hint?: string;
}

/** Reads YAML 1.2 (and so JSON), core schema: no merge keys, no custom tags, no duplicate keys. */
export function readYaml(text: string): YamlText {
  const lines = new LineCounter();
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const failed = (errors: readonly YamlError[]): YamlText => ({
    value: undefined,
    locate: () => ({ line: 1, column: 1 }),
    errors: errors.slice(0, ERRORS_MAX),
  });
  try {
    const doc = parseDocument(text, {
      version: '1.2',
      schema: 'core',
      merge: false,
      strict: true,
      uniqueKeys: false,
      stringKeys: true,
      prettyErrors: false,
      logLevel: 'error',
      lineCounter: lines,
    });
    const wrong: YamlError[] = [...doc.errors, ...doc.warnings].map((error) => ({
      ...at(error.pos[0]),
      ...wording(error.code, error.message),
    }));
    wrong.push(...misused(doc, at));
    if (wrong.some(({ message }) => message === TOO_DEEP))
      return failed([{ line: 1, column: 1, message: TOO_DEEP }]);
    if (wrong.length > 0) return failed(wrong);
    const value: unknown = doc.toJS({ maxAliasCount: ALIASES_MAX });
    const odd = oddValue(value, 0);
    if (odd !== undefined) return failed([{ line: 1, column: 1, message: odd }]);
    return { value, locate: (path, part) => at(offsetOf(doc, path, part)), errors: [] };
  } catch (error) {
    return failed([{ line: 1, column: 1, ...thrown(error) }]);
  }
}

/** Keys that are here twice, and aliases without an anchor: the library looks for both in quadratic time. */
function misused(doc: Document, at: (offset: number) => { line: number; column: number }): YamlError[] {
  const wrong: YamlError[] = [];
  const anchors = new Set<string>();
  let aliases = 0;
  visit(doc, {
    Node: (_key, node) => {
      if (!isAlias(node)) {
        if (node.anchor !== undefined) anchors.add(node.anchor);
      } else if (++aliases > ALIASES_SEEN_MAX) {
        wrong.push({ ...at(node.range?.[0] ?? 0), message: TOO_FAR });
        return visit.BREAK;
      } else if (!anchors.has(node.source)) {
        wrong.push({
          ...at(node.range?.[0] ?? 0),
          message: `no anchor &${node.source} stands before this alias`,
        });
      }
      if (isMap(node)) wrong.push(...repeated(node, at));
      return undefined;
    },
  });
  return wrong;
}

function repeated(map: YAMLMap, at: (offset: number) => { line: number; column: number }): YamlError[] {
  const keys = new Set<unknown>();
  return map.items.flatMap(({ key }) => {
    if (!isScalar(key) || !keys.has(key.value)) {
      keys.add(isScalar(key) ? key.value : key);
      return [];
    }
    return [{ ...at(key.range?.[0] ?? 0), ...wording('DUPLICATE_KEY', '') }];
  });
}

/** What the library throws is about the text; anything else is a bug and goes on. */
function thrown(error: unknown): { message: string; hint?: string } {
  if (error instanceof RangeError) return { message: TOO_DEEP };
  if (error instanceof ReferenceError && error.message.includes('alias count')) {
    return { message: TOO_FAR };
  }
  throw error;
}

function wording(code: string, message: string): { message: string; hint?: string } {
  if (code === 'DUPLICATE_KEY') return { message: 'this key is here twice', hint: 'keep one of them' };
  if (code === 'TAB_AS_INDENT')
    return { message: 'a tab indents this line', hint: 'YAML is indented with spaces' };
  if (code === 'MULTIPLE_DOCS')
    return { message: 'a second document starts here; a scenario is one document' };
  // The library catches its own stack overflow, once a level.
  if (/call stack/.test(message)) return { message: TOO_DEEP };
  if (code === 'NON_STRING_KEY') return { message: 'this key is not a text', hint: 'put it in quotes' };
  return { message: `is not YAML: ${message}` };
}

function oddValue(value: unknown, depth: number): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth > DEPTH_MAX) return `is nested more than ${DEPTH_MAX} levels deep, or an alias holds itself`;
  if (Object.hasOwn(value, '__proto__')) return 'the key __proto__ is not allowed';
  for (const part of Object.values(value)) {
    const odd = oddValue(part, depth + 1);
    if (odd !== undefined) return odd;
  }
  return undefined;
}

/** The offset of the deepest part of the path that is there. */
function offsetOf(doc: Document, path: Path, part: 'key' | 'value'): number {
  let node = doc.contents as Node | null | undefined;
  let offset = node?.range?.[0] ?? 0;
  for (const [depth, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(doc);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
      if (pair === undefined) return offset;
      const key = pair.key as Node;
      const value = pair.value as Node | null;
      const wanted = part === 'key' && depth === path.length - 1 ? key : (value ?? key);
      offset = wanted.range?.[0] ?? offset;
      node = value;
    } else if (isSeq(node) && typeof step === 'number') {
      const item = node.items[step] as Node | undefined;
      if (item === undefined) return offset;
      offset = item.range?.[0] ?? offset;
      node = item;
    } else {
      return offset;
    }
  }
  return offset;
}
