// The one file that knows re2js: regular expressions that take time linear in the text.
//
// Why not the language's own: they try again from every place, so that `x.*y` takes a minute on a megabyte of x, and
// the text is a server's. Its traps: it knows no lookaround and no backreferences; without a fixed text at the
// beginning to look for it reads some 10 MB a second, with one as much as memory allows; `find` must be called before
// `group`, and a group that took part in no match is null.
import { RE2JS, RE2JSException } from 're2js';

/** A regular expression that finds one value in a text. */
export class ValuePattern {
  readonly #pattern: RE2JS;
  readonly #group: number;

  /** @throws PatternError if it is no regular expression, or one that is not known here */
  constructor(pattern: string) {
    try {
      this.#pattern = RE2JS.compile(pattern);
    } catch (error) {
      if (error instanceof RE2JSException) throw new PatternError(error.message);
      throw error;
    }
    this.#group = Math.min(1, this.#pattern.groupCount());
  }

  /** The first group of the first match, or the whole match where there is no group; null if nothing matches. */
  find(text: string): string | null {
    const matcher = this.#pattern.matcher(text);
    return matcher.find() ? matcher.group(this.#group) : null;
  }
}

/** Why a text is no pattern, in words. */
export class PatternError extends Error {}

/**
 * Whether a pattern begins with a few characters that stand for themselves, so that they can be looked for first; an
 * alternative may begin otherwise.
 */
export function beginsWithFixedText(pattern: string): boolean {
  let rest = pattern.replace(/\\[\s\S]|\[[^\]]*\]/g, '.');
  for (let shorter = ''; shorter !== rest; ) {
    shorter = rest;
    rest = rest.replace(/\([^()]*\)/g, '.');
  }
  return /^[^\\^$.*+?()[\]{}|]{3}/.test(pattern) && !rest.includes('|');
}
