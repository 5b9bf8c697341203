// Maps recorded hosts to the hosts that are sent, by patterns such as `*.shop.example` → `*.stg.example`.

const HOST_MAX = 300;
const CACHE_MAX = 10_000;

interface Rule {
  readonly pattern: RegExp;
  readonly withPort: boolean;
  readonly literals: number;
  readonly from: string;
  readonly to: string;
}

/** A compiled mapping. Of several patterns that take a host the one with most literal characters counts. */
export class HostMap {
  private readonly rules: readonly Rule[];
  private readonly cache = new Map<string, string | null>();

  /** @param hosts pattern → value; the text that a `*` of the pattern took replaces the value's `*`, in order */
  constructor(hosts: Readonly<Record<string, string>>) {
    // The order in which the rules were written is lost in canonical JSON, so it must not matter.
    this.rules = Object.entries(hosts)
      .map(([from, to]) => {
        const text = from.toLowerCase();
        const source = text.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/\*+/g, '(.+)');
        const withPort = /:(?:\d+|\*)$/.test(text);
        return {
          pattern: new RegExp(`^${source}$`),
          withPort,
          literals: text.replaceAll('*', '').length,
          from,
          to,
        };
      })
      .sort((a, b) => b.literals - a.literals || (a.from < b.from ? -1 : 1));
  }

  /**
   * The host to send.
   * @param host as recorded, lower case; a pattern without a port takes it with any port
   * @returns null when no pattern takes it
   */
  get(host: string): string | null {
    let mapped = this.cache.get(host);
    if (mapped === undefined) {
      mapped = this.find(host);
      if (this.cache.size >= CACHE_MAX) this.cache.clear();
      this.cache.set(host, mapped);
    }
    return mapped;
  }

  private find(host: string): string | null {
    if (host.length > HOST_MAX) return null;
    const bare = host.replace(/:\d+$/, '');
    for (const { pattern, withPort, to } of this.rules) {
      const match = pattern.exec(withPort ? host : bare);
      if (!match) continue;
      let star = 0;
      return to.replace(/\*/g, () => match[++star] ?? match[1] ?? '');
    }
    return null;
  }
}
