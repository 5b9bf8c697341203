// Whether addresses are those of this machine: then generator and target take processor time from each other.
import { networkInterfaces } from 'node:os';

type Interfaces = Readonly<Record<string, readonly { readonly address: string }[] | undefined>>;

/** Whether any of the addresses belongs to an interface of this machine; all of 127.0.0.0/8 is its loopback. */
export function isOwnAddress(
  addresses: readonly string[],
  interfaces: Interfaces = networkInterfaces(),
): boolean {
  const own = new Set(Object.values(interfaces).flatMap((all) => (all ?? []).map(({ address }) => address)));
  return addresses.some((address) => address.startsWith('127.') || own.has(address));
}
