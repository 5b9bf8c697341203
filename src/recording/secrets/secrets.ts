// What a secret looks like: names that tell of one, mail addresses, card numbers, signed tokens. All in linear time.

/** Words that make a name one of a secret: `user[password]`, `authToken`, `X-Amz-Signature`. */
const WORDS: ReadonlySet<string> = new Set([
  ...['token', 'tokens', 'jwt', 'password', 'passwords', 'passwd', 'passwort', 'passphrase', 'pwd', 'secret'],
  ...['secrets', 'signature', 'sig', 'hmac', 'auth', 'authorization', 'credential', 'credentials', 'csrf'],
  ...['xsrf', 'session', 'sid', 'otp', 'totp', 'reset', 'pin', 'cvv', 'cvc', 'cvv2', 'iban', 'ssn', 'apikey'],
]);
/** Names that are secret as a whole only: `key` is, `sort_key` is not. */
const NAMES: ReadonlySet<string> = new Set(['key', 'code', 'pass', 'formkey']);
/** What a name without its separators has somewhere inside, or at its end. */
const INSIDE = [
  'apikey',
  'accesskey',
  'secretkey',
  'privatekey',
  'password',
  'passwd',
  'sessionid',
  'sessid',
];
const INSIDE_MORE = ['csrf', 'xsrf', 'cardnumber', 'creditcard'];
const NAME_MAX = 256;
const KNOWN_MAX = 4_096;

/** Tells names of secrets from others; remembers what it has told. */
export class SecretNames {
  readonly #known = new Map<string, boolean>();
  readonly #keep: ReadonlySet<string>;

  /** @param keep names that are not secret, whatever they look like */
  constructor(keep: readonly string[]) {
    this.#keep = new Set(keep.map((name) => name.toLowerCase()));
  }

  keeps(name: string): boolean {
    return this.#keep.size > 0 && this.#keep.has(decodeName(name).toLowerCase());
  }

  /** Whether a value of this name has to go; the name may be percent-encoded. */
  has(name: string): boolean {
    let secret = this.#known.get(name);
    if (secret === undefined) {
      secret = !this.keeps(name) && isSecretName(decodeName(name.slice(0, NAME_MAX)));
      if (this.#known.size >= KNOWN_MAX) this.#known.clear();
      if (name.length <= NAME_MAX) this.#known.set(name, secret);
    }
    return secret;
  }
}

function isSecretName(name: string): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
  if (words.some((word) => WORDS.has(word))) return true;
  const joined = words.join('');
  if (NAMES.has(joined) || joined.endsWith('token')) return true;
  return INSIDE.some((part) => joined.includes(part)) || INSIDE_MORE.some((part) => joined.includes(part));
}

/** A name without its percent-encoding, once; as it is where that is broken. */
function decodeName(name: string): string {
  return name.includes('%') ? decodeText(name) : name;
}

export function decodeText(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What loggers write in place of a secret: not a value that anybody sent. */
export function isPlaceholder(value: string): boolean {
  return (
    value.length <= 40 &&
    /^[["'\s]*(?:<?(?:redacted|filtered|masked|removed)>?|\*{3,})[\]"'\s]*$/i.test(value)
  );
}

/** Whether a value is a JSON web token, or begins with one. */
export function isSignedToken(value: string): boolean {
  return value.startsWith('eyJ') && tokenEnd(value, 0) > 0;
}

/** Takes JSON web tokens out of a text. */
export function withoutSignedTokens(text: string, found: () => void): string {
  let out = '';
  let done = 0;
  for (let at = text.indexOf('eyJ'); at >= 0; at = text.indexOf('eyJ', at)) {
    const end = tokenEnd(text, at);
    if (end > 0) {
      out += text.slice(done, at);
      done = end;
      found();
    }
    // On behind the run of characters: looking at a run once for each `eyJ` in it would be quadratic.
    at = runEnd(text, at);
  }
  return done === 0 ? text : out + text.slice(done);
}

/** Where the token that begins at `at` ends; 0 for none: three parts, with dots between. */
function tokenEnd(text: string, at: number): number {
  const end = runEnd(text, at);
  const first = text.indexOf('.', at + 8);
  const second = first < 0 || first >= end ? -1 : text.indexOf('.', first + 2);
  return second > 0 && second < end ? end : 0;
}

function runEnd(text: string, at: number): number {
  let end = at;
  while (end < text.length && IN_TOKEN[text.charCodeAt(end) & 0xff] === 1) end++;
  return end;
}

const ALNUM = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const IN_TOKEN = marks(`${ALNUM}-_.`);
/** Left of the @; a percent sign as URLs encode, and all that is not ASCII. */
const IN_LOCAL = marks(`${ALNUM}.!#$*+-_~%`).fill(1, 128);
const IN_DOMAIN = marks(`${ALNUM}.-`);

function marks(characters: string): Uint8Array {
  const of = new Uint8Array(256);
  for (const c of characters) of[c.charCodeAt(0)] = 1;
  return of;
}

const AT = /@|%(?:25)?40|\\u0040/gi;
const LOCAL_MAX = 128;
const DOMAIN_MAX = 255;
const TLD = /^(?:[a-z]{2,24}|xn--[a-z0-9-]{1,59})$/i;
/** `logo@2x.png` and `pkg@1.0.0.min.js` are no mail addresses. */
const DENSITY = /^\d(?:\.\d)?x\./;
const EXTENSIONS: ReadonlySet<string> = new Set(
  'png jpg jpeg gif webp svg avif ico js mjs cjs css map json html htm xml txt pdf woff woff2 ttf otf mp4 webm'.split(
    ' ',
  ),
);

/** Takes mail addresses out of a text, percent-encoded ones too. */
export function withoutEmails(text: string, replacement: string, found: () => void): string {
  if (!text.includes('@') && !text.includes('40')) return text;
  let out = '';
  let done = 0;
  for (const match of text.matchAll(AT)) {
    const at = match.index;
    const after = at + match[0].length;
    let from = at;
    while (from > done && at - from < LOCAL_MAX && IN_LOCAL[text.charCodeAt(from - 1) & 0xff] === 1) from--;
    let to = after;
    while (to < text.length && to - after < DOMAIN_MAX && IN_DOMAIN[text.charCodeAt(to) & 0xff] === 1) to++;
    while (to > after && (text[to - 1] === '.' || text[to - 1] === '-')) to--;
    if (from === at || !isMailDomain(text.slice(after, to))) continue;
    out += text.slice(done, from) + replacement;
    done = to;
    found();
  }
  return done === 0 ? text : out + text.slice(done);
}

function isMailDomain(domain: string): boolean {
  const dot = domain.lastIndexOf('.');
  const tld = domain.slice(dot + 1);
  return dot > 0 && TLD.test(tld) && !EXTENSIONS.has(tld.toLowerCase()) && !DENSITY.test(domain);
}

const DIGITS = /(?<![\d.])[2-6](?:(?:[ +-]|%20)?\d){13,18}(?!\d)/g;
/** The lengths that numbers of the card companies have, by how they begin. */
const CARD =
  /^(?:4\d{15}(?:\d{3})?|5[1-5]\d{14}|2[2-7]\d{14}|6\d{15}(?:\d{3})?|35\d{14}|3[47]\d{13}|3[068]\d{12})$/;

/** Takes card numbers out of a text: right in beginning, length and check digit (Luhn). */
export function withoutCards(text: string, found: () => void): string {
  if (text.length < 14) return text;
  return text.replace(DIGITS, (run) => {
    const digits = run.replaceAll('%20', '').replace(/\D/g, '');
    if (!CARD.test(digits) || !isLuhn(digits)) return run;
    found();
    return '';
  });
}

/** ISO/IEC 7812-1: every second digit from the right doubled, digits summed, a multiple of ten. */
function isLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = digits.length - 1, twice = false; i >= 0; i--, twice = !twice) {
    const digit = digits.charCodeAt(i) - 48;
    sum += twice ? (digit < 5 ? digit * 2 : digit * 2 - 9) : digit;
  }
  return sum % 10 === 0;
}
