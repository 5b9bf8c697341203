// JSON that is safe to print: what it lets through as it is, and a terminal would obey, is written as escapes.

/** Control characters and marks that hide or reorder text, which JSON does not escape by itself. */
const HIDDEN = /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** A value as JSON text, two blanks deep, ending in a line break. */
export function jsonText(value: unknown): string {
  const escaped = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return `${JSON.stringify(value, null, 2).replace(HIDDEN, escaped)}\n`;
}
