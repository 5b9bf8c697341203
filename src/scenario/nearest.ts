// Nearest names: what somebody who mistyped one probably meant.
import { closest, distance } from 'fastest-levenshtein';

const LISTED_MAX = 12;

/** The known name within a few typing mistakes of `word`; undefined if none is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (known.length === 0 || word.length > 100) return undefined;
  const folded = word.toLowerCase();
  const found = closest(
    folded,
    known.map((name) => name.toLowerCase()),
  );
  const index = known.findIndex((name) => name.toLowerCase() === found);
  const mistakes = distance(folded, found);
  return mistakes <= Math.ceil(word.length / 3) ? known[index] : undefined;
}

/** A hint: the nearest known name, else all of them; undefined if there is none. */
export function didYouMean(word: string, known: readonly string[]): string | undefined {
  const name = nearest(word, known);
  if (name !== undefined) return `did you mean ${name}?`;
  return known.length === 0 ? undefined : `known: ${listed(known)}`;
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, LISTED_MAX).join(', ');
  return names.length > LISTED_MAX ? `${shown}, and ${names.length - LISTED_MAX} more` : shown;
}
