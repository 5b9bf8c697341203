// Templates: texts with {placeholders}, compiled once and filled for every arrival.

import { stretches } from '../scenario/templates.js';
import { Unfilled } from './pending.js';

/** Values of `${env:NAME}` by name; they reach requests and nothing else. */
export type Secrets = Readonly<Record<string, string>>;

/** How a value is written into a text so that it stays one value. */
export type Escape = (value: string) => string;

export const ESCAPES: Readonly<Record<'path' | 'json' | 'form' | 'header' | 'plain', Escape>> = {
  path: percentEncoded,
  form: (value) => percentEncoded(value).replaceAll('%20', '+'),
  json: (value) => JSON.stringify(value).slice(1, -1),
  // A control character in a header would end it.
  header: (value) => value.replace(/[^\t\x20-\x7e\x80-\xff]/g, ''),
  plain: (value) => value,
};

/** A server's answer may hold half a character, which `encodeURIComponent` throws at: U+FFFD stands for it. */
function percentEncoded(value: string): string {
  try {
    return encodeURIComponent(value);
  } catch {
    return encodeURIComponent(value.replace(/\p{Cs}/gu, '\ufffd'));
  }
}

/** Gives the value of a placeholder for the arrival at hand. */
export type SlotReader = () => string;

/** Finds the reader of a placeholder's values; null for a value that is not known before the request is sent. */
export type ReaderOf = (name: string) => SlotReader | null;

/** A template ready to be filled. */
export class Template {
  readonly #texts: string[] = [''];
  readonly #names: string[] = [];
  readonly #readers: (SlotReader | null)[] = [];
  readonly #escape: Escape;
  /** Whether a value is not known before the request is sent. */
  readonly hasHoles: boolean;

  constructor(template: string, escaping: Escape, secrets: Secrets, readerOf: ReaderOf) {
    this.#escape = escaping;
    for (const { kind, text, name } of stretches(template)) {
      if (kind === 'placeholder') {
        this.#names.push(name);
        this.#readers.push(readerOf(name));
        this.#texts.push('');
        continue;
      }
      const fixed = { text, literal: `{${name}}`, env: '' }[kind];
      this.#texts[this.#texts.length - 1] += kind === 'env' ? escaping(secretOf(secrets, name)) : fixed;
    }
    this.hasHoles = this.#readers.includes(null);
  }

  /** The text if it is the same for every arrival, else undefined. */
  get constant(): string | undefined {
    return this.#readers.length === 0 ? this.#texts[0] : undefined;
  }

  /** The text for the arrival at hand; a hole shows its name in braces. */
  fill(): string {
    let text = this.#texts[0] as string;
    for (let i = 0; i < this.#readers.length; i++) {
      const reader = this.#readers[i] as SlotReader | null;
      text += (reader === null ? `{${this.#names[i]}}` : this.#escape(reader())) + this.#texts[i + 1];
    }
    return text;
  }

  /** The text for the arrival at hand with its holes; null if there are none. */
  partly(): Unfilled | null {
    if (!this.hasHoles) return null;
    const texts = [this.#texts[0] as string];
    const names: string[] = [];
    this.#readers.forEach((reader, i) => {
      const after = this.#texts[i + 1] as string;
      if (reader === null) {
        names.push(this.#names[i] as string);
        texts.push(after);
      } else texts[texts.length - 1] += this.#escape(reader()) + after;
    });
    return new Unfilled(texts, names, this.#escape);
  }
}

function secretOf(secrets: Secrets, name: string): string {
  const value = secrets[name];
  if (value === undefined)
    throw new Error(`the secret ${name} was not resolved when the scenario was loaded`);
  return value;
}
