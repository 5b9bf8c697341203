// Finds the routes of paths: a tree of their segments, in which ids, and what comes in too many kinds, become `{id}`.

/** Segments that are looked at; a deeper path keeps these and ends in `*`. */
const SEGMENTS_MAX = 12;
const SEGMENT_CHARS_MAX = 128;
/** Different segments in one place before they are taken for names of things; more where the first segment stands. */
const KINDS_MAX = 64;
const KINDS_MAX_FIRST = 512;
/** So many times as often as the others in its place is a segment asked for that stays a route of its own. */
const KEPT_TIMES = 4;
/** Nodes of a tree; when they are used up, every place takes what is new for `{id}`. */
const NODES_MAX = 4_000;

const ID = '{id}';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const UUID_CHARS = 36;
const HEX_CHARS_MIN = 8;
const TOKEN_CHARS_MIN = 16;
const EXTENSIONS: ReadonlySet<string> = new Set(
  'css js mjs map png jpg jpeg gif webp avif svg ico woff woff2 ttf htm html php asp aspx jsp json xml txt pdf mp4'.split(
    ' ',
  ),
);

/** What is counted of a route; two are added when their routes turn out to be one. */
export interface Merged<T> {
  make(): T;
  add(into: T, from: T): void;
}

interface Node<T> {
  readonly children: Map<string, Node<T>>;
  /** Requests through here. */
  count: number;
  /** Whether its children are names of things: what is new among them is `{id}`. */
  collapsed: boolean;
  value: T | undefined;
}

/**
 * Routes with their values, in bounded memory. A segment is `{id}` when it is all digits, a UUID, hex of 8 or more with
 * a digit, or a token of 16 or more characters that mixes digits with letters; and when its place has seen more than 64
 * different ones, as the names of products do. A file keeps its extension: `/img/123.jpg` is `/img/{id}.jpg`.
 */
export class RouteTree<T> {
  readonly #root: Node<T> = { children: new Map(), count: 0, collapsed: false, value: undefined };
  #nodes = 1;

  constructor(private readonly merged: Merged<T>) {}

  /**
   * The value of a path's route; a later path may make it one with another, so it is not to be kept.
   * @param path starts with `/`; `end` is where its query begins
   */
  of(path: string, end: number): T {
    let node = this.#root;
    node.count++;
    for (let from = 1, depth = 1; from <= end; depth++) {
      const slash = path.indexOf('/', from);
      const to = slash < 0 || slash > end ? end : slash;
      if (depth > SEGMENTS_MAX) {
        node = this.#child(node, '*', depth);
        break;
      }
      node = this.#child(node, to - from > SEGMENT_CHARS_MAX ? ID : path.slice(from, to), depth);
      from = to + 1;
    }
    return (node.value ??= this.merged.make());
  }

  /** Every route and its value: `/products/{id}` as path. */
  list(): [path: string, value: T][] {
    const out: [string, T][] = [];
    const walk = (node: Node<T>, path: string) => {
      if (node.value !== undefined) out.push([path === '' ? '/' : path, node.value]);
      for (const [segment, child] of node.children) walk(child, `${path}/${segment}`);
    };
    walk(this.#root, '');
    return out;
  }

  #child(node: Node<T>, segment: string, depth: number): Node<T> {
    let child = node.children.get(segment);
    if (child === undefined) {
      const template = templateSegment(segment);
      const key =
        template === segment && (node.collapsed || this.#nodes >= NODES_MAX) ? thing(segment) : template;
      child = node.children.get(key);
      if (child === undefined) {
        child = { children: new Map(), count: 0, collapsed: false, value: undefined };
        node.children.set(key, child);
        this.#nodes++;
        if (node.children.size > (depth === 1 ? KINDS_MAX_FIRST : KINDS_MAX) && !node.collapsed) {
          child.count++;
          this.#collapse(node);
          // It may have become one with others.
          return node.children.get(key) ?? (node.children.get(thing(key)) as Node<T>);
        }
      }
    }
    child.count++;
    return child;
  }

  /** From now on the children of this place are names of things; those that are seldom asked for become one. */
  #collapse(node: Node<T>): void {
    node.collapsed = true;
    const often = (KEPT_TIMES * node.count) / node.children.size;
    for (const [key, child] of [...node.children]) {
      if (key.startsWith(ID) || key === '' || key === '*' || child.count >= often) continue;
      node.children.delete(key);
      this.#nodes--;
      const into = node.children.get(thing(key));
      if (into === undefined) {
        node.children.set(thing(key), child);
        this.#nodes++;
      } else this.#join(into, child);
    }
  }

  #join(into: Node<T>, from: Node<T>): void {
    into.count += from.count;
    into.collapsed ||= from.collapsed;
    if (from.value !== undefined) {
      if (into.value === undefined) into.value = from.value;
      else this.merged.add(into.value, from.value);
    }
    for (const [key, child] of from.children) {
      const same = into.children.get(key);
      if (same === undefined) into.children.set(key, child);
      else {
        this.#join(same, child);
        this.#nodes--;
      }
    }
    if (into.children.size > KINDS_MAX) this.#collapse(into);
  }
}

/** A segment as a name among many; of a file the kind stays. */
function thing(segment: string): string {
  const dot = segment.lastIndexOf('.');
  if (dot < 0) return ID;
  const extension = segment.slice(dot + 1).toLowerCase();
  return EXTENSIONS.has(extension) ? `${ID}.${extension}` : ID;
}

function templateSegment(segment: string): string {
  if (isId(segment, segment.length)) return ID;
  const dot = segment.lastIndexOf('.');
  return dot > 0 && segment.length - dot <= 6 && isId(segment, dot) ? ID + segment.slice(dot) : segment;
}

/** Bits of the characters of ids, one table look each: words with a hyphen, which the most are, end early. */
const [DIGIT, HEX_LETTER, LETTER, UNDERSCORE] = [1, 2, 4, 8];
const KINDS = new Uint8Array(128);
for (const [kind, characters] of [
  [DIGIT, '0123456789'],
  [HEX_LETTER, 'abcdefABCDEF'],
  [LETTER, 'ghijklmnopqrstuvwxyzGHIJKLMNOPQRSTUVWXYZ'],
  [UNDERSCORE, '_'],
] as const) {
  for (const character of characters) KINDS[character.charCodeAt(0)] = kind;
}

/** Whether what is before `to` is all digits, a UUID, hex with a digit, or a token of digits and letters. */
function isId(text: string, to: number): boolean {
  let seen = 0;
  for (let i = 0; i < to; i++) {
    const kind = KINDS[text.charCodeAt(i)] ?? 0;
    if (kind === 0) return to === UUID_CHARS && UUID.test(text.slice(0, to));
    seen |= kind;
  }
  if ((seen & DIGIT) === 0) return false;
  if (seen === DIGIT) return true;
  if ((seen & (LETTER | UNDERSCORE)) === 0) return to >= HEX_CHARS_MIN;
  return to >= TOKEN_CHARS_MIN && (seen & (LETTER | HEX_LETTER)) !== 0;
}
