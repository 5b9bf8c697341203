// Names as this machine resolves them: its own way first, as that knows hosts files, then DNS for how long that holds.
import { Resolver as DnsResolver, lookup } from 'node:dns/promises';
import type { NameAnswer } from './resolver.js';

/** How long a name server has for an answer, and how often it is asked. */
const DNS_TIMEOUT_MS = 1_000;
const DNS_TRIES = 2;

/** The two ways to ask; each rejects, with a `code`, where there is no answer. */
export interface NameServices {
  /** As every program of this machine resolves names: hosts files, search domains, DNS. */
  lookUp(hostname: string): Promise<NameAnswer>;
  /** DNS alone, which says how long its answer holds. */
  askDns(hostname: string): Promise<NameAnswer>;
}

/** A name's first answer, and the way to ask again. */
export interface ResolvedName {
  readonly first: NameAnswer;
  readonly again: () => Promise<NameAnswer>;
}

/**
 * Resolves a name. DNS is asked again only if it says what the machine itself says: where a hosts file or anything
 * else points the name elsewhere, as is done to reach a staging edge, that holds for the whole run.
 * @throws the error of the look-up, with a `code`
 */
export async function resolveName(hostname: string, services: NameServices): Promise<ResolvedName> {
  const dns = services.askDns(hostname).catch(() => null);
  const own = await services.lookUp(hostname);
  const served = await dns;
  if (served?.addresses.some((address) => own.addresses.includes(address)))
    return { first: served, again: () => services.askDns(hostname) };
  return { first: own, again: () => services.lookUp(hostname) };
}

/** Asks this machine and its name servers. */
export class SystemNames implements NameServices {
  readonly #dns = new DnsResolver({ timeout: DNS_TIMEOUT_MS, tries: DNS_TRIES });

  async lookUp(hostname: string): Promise<NameAnswer> {
    const found = await lookup(hostname, { all: true });
    return { addresses: [...new Set(found.map(({ address }) => address))], ttlS: null };
  }

  async askDns(hostname: string): Promise<NameAnswer> {
    const ttl = { ttl: true } as const;
    const answers = await Promise.allSettled([
      this.#dns.resolve4(hostname, ttl),
      this.#dns.resolve6(hostname, ttl),
    ]);
    const records = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    const [first] = answers;
    if (records.length === 0) throw first.status === 'rejected' ? first.reason : new Error('no address');
    return {
      addresses: [...new Set(records.map(({ address }) => address))],
      ttlS: Math.min(...records.map((record) => record.ttl)),
    };
  }

  /** Takes back questions that are open. */
  close(): void {
    this.#dns.cancel();
  }
}
