// CSV that is safe to open: quoted as RFC 4180 says, plain to terminals, and without a formula in it.
import { stripped } from '../plain-text.js';

/**
 * A text as a field. Spreadsheets take one that begins with = + - @ for a formula, quoted or not, so it gets an
 * apostrophe in front (OWASP, CSV Injection); full-width forms and blanks before the sign count too.
 */
export function csvField(text: string): string {
  const plain = stripped(text);
  const shown = /^\s*[=+\-@＝＋－＠]/.test(plain) ? `'${plain}` : plain;
  return /[",]|^\s|\s$/.test(shown) ? `"${shown.replaceAll('"', '""')}"` : shown;
}
