// Where a redirect leads: to the target itself, elsewhere, or nowhere.

/** Where it was answered. */
export interface RedirectFrom {
  /** Scheme, host and port of the target. */
  readonly target: string;
  /** The Host that was asked. */
  readonly host: string;
  readonly path: string;
}

export interface Leads {
  /**
   * `target`: the same Host or the target's own; `secure`: the same by https, where the target is reached by http;
   * `login`: to a page of the target that asks who is there; `elsewhere`: another host; `nowhere`: it cannot be read.
   */
  readonly to: 'target' | 'secure' | 'login' | 'elsewhere' | 'nowhere';
  /** In full; as it was sent where it cannot be read. */
  readonly url: string;
}

/** Pages that shops put before themselves: a login, a password for a shop that is not open yet. */
const LOGIN = /(?:^|[/._-])(?:login|log-in|signin|sign-in|sso|auth|oauth2?|password)(?:[/._?-]|$)/i;

/** @param location as it was sent, a character a byte */
export function whereLeads(location: string, { target, host, path }: RedirectFrom): Leads {
  const own = parse(target);
  const from = own && parse(`${own.protocol}//${host}${path}`);
  const to = from && parse(location, from.href);
  if (own === null || from === null || to === null) return { to: 'nowhere', url: location };
  const url = to.href;
  const isOurs = to.host === from.host || to.host === own.host;
  if (to.protocol === own.protocol && isOurs) {
    const asksWho = LOGIN.test(to.pathname) && !LOGIN.test(from.pathname);
    return { to: asksWho ? 'login' : 'target', url };
  }
  // By https the port is another, and need not be named.
  const isSecured =
    own.protocol === 'http:' &&
    to.protocol === 'https:' &&
    (to.hostname === from.hostname || to.hostname === own.hostname);
  if (isSecured) return { to: 'secure', url };
  const isPlain = to.protocol === 'http:' && to.port === '' && to.hostname === from.hostname;
  return { to: isPlain && own.protocol === 'https:' ? 'target' : 'elsewhere', url };
}

function parse(text: string, base?: string): URL | null {
  return URL.canParse(text, base) ? new URL(text, base) : null;
}
