// The text of a gate cut into its parts: metric, window, selector, comparison, bound; in time linear in its length.

export interface GateParts {
  /** Words in front of `over` and of the selector: `p99`, `slower than 800ms`. */
  readonly metric: string;
  /** What follows `over`; undefined where there is no window. */
  readonly window: string | undefined;
  /** What stands between brackets, after the metric or at the very end; undefined where nothing does. */
  readonly selector: string | undefined;
  readonly comparison: string;
  readonly bound: string;
}

/** @returns null where it is no gate at all; `twice` where two selectors are there */
export function cutGate(text: string): GateParts | 'twice' | null {
  const marks = new Cursor(text);
  const name = marks.until(/[[<>=!]/g);
  const first = marks.bracketed();
  const after = marks.until(/[[<>=!]/g);
  const comparison = marks.while(/[<>=!]*/y);
  const bound = marks.until(/\[/g);
  const second = marks.bracketed();
  if (first === null || second === null || comparison === '' || marks.rest().trim() !== '') return null;
  if (first !== undefined && second !== undefined) return 'twice';
  const words = `${name} ${after}`.split(/\s+/).filter((word) => word !== '');
  const over = words.indexOf('over');
  // Nothing but a window may stand between a selector and the comparison.
  if (first !== undefined && !/^\s*(?:over(?:\s|$)|$)/.test(after)) return null;
  const metric = (over === -1 ? words : words.slice(0, over)).join(' ');
  if (metric === '') return null;
  return {
    metric,
    window: over === -1 ? undefined : words.slice(over + 1).join(' '),
    selector: first ?? second,
    comparison,
    bound: bound.trim(),
  };
}

class Cursor {
  #at = 0;

  constructor(private readonly text: string) {}

  /** Up to the next match, or all that is left. */
  until(mark: RegExp): string {
    mark.lastIndex = this.#at;
    const end = mark.exec(this.text)?.index ?? this.text.length;
    return this.#take(end);
  }

  while(run: RegExp): string {
    run.lastIndex = this.#at;
    return this.#take(this.#at + (run.exec(this.text)?.[0].length ?? 0));
  }

  /** What stands between `[` and `]` here; undefined where no bracket opens, null where it never closes. */
  bracketed(): string | undefined | null {
    if (this.text[this.#at] !== '[') return undefined;
    const end = this.text.indexOf(']', this.#at);
    if (end === -1) return null;
    const inside = this.text.slice(this.#at + 1, end);
    this.#at = end + 1;
    return inside;
  }

  rest(): string {
    return this.text.slice(this.#at);
  }

  #take(end: number): string {
    const taken = this.text.slice(this.#at, end);
    this.#at = end;
    return taken;
  }
}
