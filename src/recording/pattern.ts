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
    const codes: number[] = [];
    for (const [part] of (wild < 0 ? '' : text.slice(wild)).matchAll(/\*+|\{\w+\}|[\s\S]/g)) {
      if (part[0] === '*') codes.push(STAR);
      else if (part.length > 1) codes.push(SEGMENT_CHAR, SEGMENT_REST);
      else codes.push(part.charCodeAt(0));
    }
    this.codes = codes;
  }

  test(text: string): boolean {
    if (!text.startsWith(this.head)) return false;
    if (this.codes.length === 0) return text.length === this.head.length;
    if (this.codes.length === 1 && this.codes[0] === STAR) return true;
    return this.run(text, this.head.length);
  }

  /** Walks the text once with the set of all places in the pattern that could have been reached. */
  private run(text: string, from: number): boolean {
    const codes = this.codes;
    const n = codes.length;
    let reached = new Uint8Array(n + 1);
    let next = new Uint8Array(n + 1);
    reached[0] = 1;
    skipOptional(codes, reached);
    for (let i = from; i < text.length; i++) {
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
      if (!any) return false;
      skipOptional(codes, next);
      [reached, next] = [next, reached];
    }
    return reached[n] === 1;
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
