// Templates: texts with {placeholders}, compiled once and filled for every arrival.

/** Values of `${env:NAME}` by name; they reach requests and nothing else. */
export type Secrets = Readonly<Record<string, string>>;

/** A piece of a template. */
export type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'slot'; readonly name: string }
  | { readonly kind: 'env'; readonly name: string };

const MARK = /\{\{([A-Za-z_]\w*)\}\}|\$\{env:([A-Za-z_]\w*)\}|\{([A-Za-z_]\w*)\}/g;

/** Cuts a template into its parts: `{name}` is a slot, `{{name}}` the text `{name}`, `${env:NAME}` a secret. */
export function parseTemplate(template: string): TemplatePart[] {
  const parts: TemplatePart[] = [];
  let end = 0;
  for (const match of template.matchAll(MARK)) {
    if (match.index > end) parts.push({ kind: 'text', text: template.slice(end, match.index) });
    const [whole, literal, env, slot] = match;
    if (literal !== undefined) parts.push({ kind: 'text', text: `{${literal}}` });
    else if (env !== undefined) parts.push({ kind: 'env', name: env });
    else if (slot !== undefined) parts.push({ kind: 'slot', name: slot });
    end = match.index + whole.length;
  }
  if (end < template.length) parts.push({ kind: 'text', text: template.slice(end) });
  return parts;
}

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
    for (const part of parseTemplate(template)) {
      if (part.kind === 'slot') {
        this.#readers.push(reader(part.name));
        this.#texts.push('');
        continue;
      }
      const text = part.kind === 'text' ? part.text : escaping(secretOf(secrets, part.name));
      this.#texts[this.#texts.length - 1] += text;
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
