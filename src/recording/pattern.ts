// Patterns that people write for hosts, paths and names: `*` is anything, `{id}` is one path segment's text.

const STAR = -1;
/** One character that is no `/`, then any number of them: together a `{name}`. */
const SEGMENT_CHAR = -2;
const SEGMENT_REST = -3;
const SLASH = 47;

/**
 * A compiled pattern; it must match a text as a whole. Patterns are matched against paths that strangers chose, so
 * the time is bounded by pattern length × text length whatever both hold: no backtracking.
 */
export class Pattern {
  private readonly head: string;
  /** What follows the literal head: character codes and the wildcards above. */
  private readonly codes: readonly number[];

  /** @param text `*` stands for any text, none included; `{name}` for one or more characters other than `/` */
  constructor(text: string) {
    const wild = text.search(/\*|\{\w+\}/);
    this.head = wild < 0 ? text : text.slice(0, wild);
    this.codes = codesOf(wild < 0 ? '' : text.slice(wild));
  }

  test(text: string): boolean {
    if (!text.startsWith(this.head)) return false;
    if (this.codes.length === 0) return text.length === this.head.length;
    if (this.codes.length === 1 && this.codes[0] === STAR) return true;
    // Most routes end in an id: no walk is needed for those.
    if (this.codes.length === 2 && this.codes[0] === SEGMENT_CHAR)
      return text.length > this.head.length && text.indexOf('/', this.head.length) < 0;
    let whole = false;
    walk(this.codes, text.slice(this.head.length), (length) => {
      whole = length === text.length - this.head.length;
    });
    return whole;
  }
}

/** A pattern in which one placeholder is to be read out: `/products/{product}`. */
export class CapturePattern {
  private readonly before: readonly number[];
  /** Reversed, as the text is walked from its end. */
  private readonly after: readonly number[];

  /** @param text holds `{name}` exactly once */
  constructor(text: string, name: string) {
    const [before = '', after = ''] = text.split(`{${name}}`);
    this.before = codesOf(before);
    this.after = codesOf(after).reverse();
  }

  /**
   * Where the placeholder's text is: one or more characters other than `/`, from the earliest place on and then as
   * long as can be. Time is bounded as for `Pattern`; null where the pattern does not take the whole text.
   */
  find(text: string): readonly [from: number, to: number] | null {
    const starts = new Uint8Array(text.length + 1);
    walk(this.before, text, (length) => {
      starts[length] = 1;
    });
    const ends = new Uint8Array(text.length + 1);
    walk(this.after, reversed(text), (length) => {
      ends[text.length - length] = 1;
    });
    let found: readonly [number, number] | null = null;
    let to = -1;
    for (let from = text.length; from >= 0; from--) {
      if (text.charCodeAt(from) === SLASH) to = -1;
      else if (starts[from] === 1 && to > from) found = [from, to];
      if (to < 0 && ends[from] === 1) to = from;
    }
    return found;
  }
}

function codesOf(text: string): number[] {
  const codes: number[] = [];
  for (const [part] of text.matchAll(/\*+|\{\w+\}|[\s\S]/g)) {
    if (part[0] === '*') codes.push(STAR);
    else if (part.length > 1) codes.push(SEGMENT_CHAR, SEGMENT_REST);
    else codes.push(part.charCodeAt(0));
  }
  return codes;
}

function reversed(text: string): string {
  let out = '';
  for (let i = text.length - 1; i >= 0; i--) out += text[i];
  return out;
}

/**
 * Walks the text once with the set of all places in the pattern that could have been reached; calls `matched` with
 * the length of each beginning of the text that the pattern takes, shortest first.
 */
function walk(codes: readonly number[], text: string, matched: (length: number) => void): void {
  const n = codes.length;
  let reached = new Uint8Array(n + 1);
  let next = new Uint8Array(n + 1);
  reached[0] = 1;
  skipOptional(codes, reached);
  if (reached[n] === 1) matched(0);
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    let any = false;
    next.fill(0);
    for (let p = 0; p < n; p++) {
      if (reached[p] === 0) continue;
      const code = codes[p]!;
      if (code === STAR || (code === SEGMENT_REST && char !== SLASH)) next[p] = 1;
      else if (code === char || (code === SEGMENT_CHAR && char !== SLASH)) next[p + 1] = 1;
      else continue;
      any = true;
    }
    if (!any) return;
    skipOptional(codes, next);
    [reached, next] = [next, reached];
    if (reached[n] === 1) matched(i + 1);
  }
}

function skipOptional(codes: readonly number[], reached: Uint8Array): void {
  for (let p = 0; p < codes.length; p++) {
    if (reached[p] === 1 && (codes[p] === STAR || codes[p] === SEGMENT_REST)) reached[p + 1] = 1;
  }
}

/** Whether any of the patterns takes the text. */
export function matchesAny(patterns: readonly Pattern[], text: string): boolean {
  for (const pattern of patterns) if (pattern.test(text)) return true;
  return false;
}
