// Templates: texts with {placeholders}, compiled once and filled for every arrival.

import { stretches } from '../scenario/templates.js';

/** Values of `${env:NAME}` by name; they reach requests and nothing else. */
export type Secrets = Readonly<Record<string, string>>;

/** How a value is written into a text so that it stays one value. */
export type Escape = (value: string) => string;

export const ESCAPES: Readonly<Record<'path' | 'json' | 'form' | 'header' | 'plain', Escape>> = {
  path: encodeURIComponent,
  form: (value) => encodeURIComponent(value).replaceAll('%20', '+'),
  json: (value) => JSON.stringify(value).slice(1, -1),
  // A control character in a header would end it.
  header: (value) => value.replace(/[^\t\x20-\x7e\x80-\xff]/g, ''),
  plain: (value) => value,
};

/** Gives the value of a placeholder for the arrival at hand. */
export type SlotReader = () => string;

/** A template ready to be filled. */
export class Template {
  readonly #texts: string[] = [''];
  readonly #readers: SlotReader[] = [];
  readonly #escape: Escape;

  /** @param reader finds the reader of a placeholder's values */
  constructor(template: string, escaping: Escape, secrets: Secrets, reader: (name: string) => SlotReader) {
    this.#escape = escaping;
    for (const { kind, text, name } of stretches(template)) {
      if (kind === 'placeholder') {
        this.#readers.push(reader(name));
        this.#texts.push('');
        continue;
      }
      const fixed = { text, literal: `{${name}}`, env: '' }[kind];
      this.#texts[this.#texts.length - 1] += kind === 'env' ? escaping(secretOf(secrets, name)) : fixed;
    }
  }

  /** The text if it is the same for every arrival, else undefined. */
  get constant(): string | undefined {
    return this.#readers.length === 0 ? this.#texts[0] : undefined;
  }

  /** The text for the arrival at hand. */
  fill(): string {
    let text = this.#texts[0] as string;
    for (let i = 0; i < this.#readers.length; i++) {
      text += this.#escape((this.#readers[i] as SlotReader)()) + this.#texts[i + 1];
    }
    return text;
  }
}

function secretOf(secrets: Secrets, name: string): string {
  const value = secrets[name];
  if (value === undefined)
    throw new Error(`the secret ${name} was not resolved when the scenario was loaded`);
  return value;
}
