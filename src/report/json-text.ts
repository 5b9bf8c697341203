// JSON that is safe to print: what it lets through as it is, and a terminal would obey, is written as escapes.
import { escapeJson } from '../plain-text.js';

/** A value as JSON text, two blanks deep, ending in a line break. */
export function jsonText(value: unknown): string {
  return `${escapeJson(JSON.stringify(value, null, 2))}\n`;
}
