// Takes secrets out of what is said to people: error messages quote requests, and requests hold secrets.
//
// The last line of defence: nothing prints a secret on purpose. A message may hold one as it is, or as it was written
// into a request: percent-encoded, as JSON, in hexadecimal, or in Base64, where it looks different by its offset.

/** A shorter text is found in half of all words: hiding it would tell more than it hides. */
const SECRET_MIN = 4;
/** Values of users that are looked for; of more than these nothing is shown that could hold one. */
const USERS_MAX = 100_000;
/** What stands where a text was cut: the beginning of a secret may stand before it. */
const CUTS = ['…', '...'];

/** Hides the secrets of a scenario. */
export class Redactor {
  /** Every form of every secret with the name that is shown for it; the longest first. */
  readonly #forms: readonly (readonly [form: string, name: string])[];

  /** @param secrets values by the names of their environment variables */
  constructor(secrets: Readonly<Record<string, string>>) {
    this.#forms = Object.entries(secrets)
      .flatMap(([name, value]) => formsOf(value).map((form): [string, string] => [form, name]))
      .sort(([a], [b]) => b.length - a.length);
  }

  /** The text with `[env:NAME]` wherever it held the secret NAME. */
  redact(text: string): string {
    let shown = text;
    for (const [form, name] of this.#forms) {
      if (shown.includes(form)) shown = shown.replaceAll(form, `[env:${name}]`);
    }
    return CUTS.reduce(
      (text, cut) => (text.includes(cut) ? this.#withoutBeginnings(text, cut) : text),
      shown,
    );
  }

  #withoutBeginnings(text: string, cut: string): string {
    let shown = text;
    for (const [form, name] of this.#forms) {
      for (let length = form.length - 1; length >= SECRET_MIN; length--) {
        const beginning = form.slice(0, length) + cut;
        if (shown.includes(beginning)) shown = shown.replaceAll(beginning, `[env:${name}]${cut}`);
      }
    }
    return shown;
  }
}

/**
 * What a worker said, without the values of users who log in; a text of which that cannot be told is withheld.
 * @param columns of users: e-mail addresses, passwords
 */
export function hideUsers(text: string, columns: readonly (readonly string[])[]): string {
  const values = columns.reduce((n, column) => n + column.length, 0);
  if (values > USERS_MAX) return 'a message that may quote a user’s data is not shown';
  // Most values are not in it, which their first characters tell.
  const beginnings = new Set(Array.from({ length: text.length }, (_, at) => text.slice(at, at + SECRET_MIN)));
  let shown = text;
  for (const column of columns) {
    for (const value of column) {
      if (value.length < SECRET_MIN) continue;
      const url = urlOf(value);
      for (const form of [value, jsonOf(value), url, url.replaceAll('%20', '+')]) {
        if (beginnings.has(form.slice(0, SECRET_MIN))) shown = shown.replaceAll(form, '[user]');
      }
    }
  }
  return shown;
}

function formsOf(secret: string): string[] {
  if (secret.length < SECRET_MIN) return [];
  const bytes = Buffer.from(secret);
  const hex = bytes.toString('hex');
  const url = urlOf(secret);
  const base64 = [0, 1, 2].flatMap((offset) => base64Of(bytes, offset));
  const all = [
    secret,
    jsonOf(secret),
    url,
    url.replaceAll('%20', '+'),
    url.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    hex,
    hex.toUpperCase(),
    ...base64,
    ...base64.map((form) => form.replaceAll('+', '-').replaceAll('/', '_')),
  ];
  return [...new Set(all)].filter((form) => form.length >= SECRET_MIN);
}

/** The digits that a secret alone decides when so many bytes stand before it. */
function base64Of(secret: Buffer, offset: number): string[] {
  const digits = Buffer.concat([Buffer.alloc(offset), secret])
    .toString('base64')
    .replace(/=+$/, '');
  // The last digit holds bits of what follows, unless the secret ends on a whole one.
  const end = (offset + secret.length) % 3 === 0 ? digits.length : digits.length - 1;
  const inner = digits.slice(Math.ceil((offset * 4) / 3), end);
  return offset === 0 ? [digits, inner] : [inner];
}

function jsonOf(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function urlOf(text: string): string {
  // Lone surrogates cannot be encoded.
  return encodeURIComponent(text.replace(/\p{Cs}/gu, '\ufffd'));
}
