// Takes secrets out of JSON text without parsing it whole, so that all else stays as it was, to the last digit.

/** Deepest nesting that is walked. */
const DEPTH_MAX = 1_000;

export interface JsonRules {
  /** Whether the values of a key have to go. */
  isSecret(key: string): boolean;
  /** Whether the values of a key stay as they are. */
  keeps(key: string): boolean;
  /** A secret's value was taken out. */
  found(): void;
  /** What stays of any other text or number. */
  clean(value: string): string;
}

/** What is done with values: of a secret's key, of any other, of a key that is kept. */
type Treatment = 'remove' | 'clean' | 'keep';

/**
 * Empties the values of secret keys, with all that is inside them, and cleans the others. Texts become empty, numbers
 * 0. Text that is not JSON comes out as it went in where it is none.
 * @returns undefined for JSON that is nested too deeply
 */
export function redactJson(text: string, rules: JsonRules): string | undefined {
  const stack: Treatment[] = [];
  let around: Treatment = 'clean';
  /** For the next value: in an object what its key says, in a list what holds around it. */
  let next: Treatment = 'clean';
  let out = '';
  let done = 0;
  const replace = (from: number, to: number, by: string) => {
    out += text.slice(done, from) + by;
    done = to;
  };
  const treat = (from: number, to: number, empty: string) => {
    const value = text.slice(from, to);
    if (next === 'keep' || value === empty) return;
    if (next === 'remove') rules.found();
    const left = next === 'remove' ? '' : rules.clean(value);
    if (left !== value) replace(from, to, left === '' ? empty : left);
  };
  for (let i = 0; i < text.length; ) {
    const c = text[i] as string;
    if (c === '"') {
      const end = stringEnd(text, i + 1);
      const colon = afterSpace(text, end + 1);
      if (text[colon] === ':') {
        const key = keyOf(text.slice(i + 1, end));
        if (around === 'clean') next = rules.keeps(key) ? 'keep' : rules.isSecret(key) ? 'remove' : 'clean';
        i = colon + 1;
      } else {
        treat(i + 1, end, '');
        i = end + 1;
      }
    } else if (c === '{' || c === '[') {
      if (stack.length >= DEPTH_MAX) return undefined;
      stack.push(around);
      around = next;
      i++;
    } else if (c === '}' || c === ']') {
      around = stack.pop() ?? 'clean';
      next = around;
      i++;
    } else if (c === '-' || (c >= '0' && c <= '9')) {
      const end = numberEnd(text, i);
      treat(i, end, '0');
      i = end;
    } else i++;
  }
  return done === 0 ? text : out + text.slice(done);
}

/** Where the text ends whose first character is at `from`: at its quote, or at the end of all. */
function stringEnd(text: string, from: number): number {
  for (let i = from; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '"') return i;
  }
  return text.length;
}

function afterSpace(text: string, from: number): number {
  let i = from;
  while (i < text.length && text.charCodeAt(i) <= 32) i++;
  return i;
}

function numberEnd(text: string, from: number): number {
  let i = from + 1;
  while (i < text.length && '0123456789.eE+-'.includes(text[i] as string)) i++;
  return i;
}

function keyOf(raw: string): string {
  if (!raw.includes('\\')) return raw;
  try {
    return String(JSON.parse(`"${raw}"`));
  } catch {
    return raw;
  }
}
