// Reads what stands before the time stamp of an NCSA line: client, virtual host, and what a log shipper put there.
import { readHost } from '../fields/request.js';

/** Where the client's address stands in the bytes, and the virtual host if the log has one. */
export interface Prefix {
  readonly addressFrom: number;
  readonly addressTo: number;
  readonly host: string | undefined;
  /** The line as a whole is in quotes, so that nothing else here is known. */
  readonly wrapped: boolean;
}

const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?,?$/;
/** Eight groups or `::`, so that a time of day is none. */
const IPV6 =
  /^\[?(?:(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}|(?=[0-9a-f:.]*::)[0-9a-f:.]+)(?:%[\w.-]+)?(?:\]|\]:\d{1,5})?,?$/i;
/** A server name, as `%v`, `%V`, `$host` or `$server_name` write it; not `-` and not nginx's `_`. */
const SERVER = /^(?=.*[a-z0-9])[a-z0-9._-]+(?::\d{1,5})?$|^\[[0-9a-f:]+\](?::\d{1,5})?$/i;

/**
 * Reads `bytes[from, to)`, the part before `[`. The fields are ` `-separated, but a user may hold spaces, a client may
 * be a list of forwarded addresses, and a virtual host (`%v:%p`) or a shipper's words may stand in front: so the first
 * thing that looks like an address is taken for the client, and what is before it for the host.
 *
 * - `shop.example:443 192.0.2.7 - ann smith`: host and client
 * - `192.0.2.7 shop.example -`: client and host (lighttpd)
 * - `10.0.0.2, 10.0.0.1 - -` or the same in quotes: the first address, which is the client's own
 * - `client.example - -`: a client by name (HostnameLookups, or logs of the nineties)
 * - `Jul  8 11:07:07 web1 nginx[2869]: 192.0.2.7 - -` or `web_1 | 192.0.2.7 - -`: client, no host
 */
export function readPrefix(bytes: Buffer, from: number, to: number): Prefix {
  const text = bytes.toString('latin1', from, to);
  const quoted = text.startsWith('"');
  const wrapped = quoted && !text.includes('"', 1);
  if (quoted && !wrapped) {
    const end = 1 + text.slice(1).search(/[", ]/);
    return { addressFrom: from + 1, addressTo: from + end, host: undefined, wrapped };
  }
  const words: string[] = [];
  const starts: number[] = [];
  for (const match of text.matchAll(/[^ ]+/g)) {
    words.push(match[0]);
    starts.push(match.index);
    if (words.length === 16) break;
  }
  const first = words.findIndex(isAddress);
  let client = Math.max(0, first);
  let host: string | undefined;
  if (first === 0) {
    // lighttpd has the server where others have the identity, which nobody has looked up for decades.
    if (words.length === 3 && /[.:]/.test(words[1]!)) host = serverName(words[1]!);
    // Two addresses without a comma: the first is the address that was asked for, as server name.
    if (words.length >= 4 && !words[0]!.endsWith(',') && isAddress(words[1]!)) {
      host = serverName(words[0]!);
      client = 1;
    }
  } else if (first === 1 || (first > 1 && words[first - 2]!.endsWith(':'))) {
    host = serverName(words[first - 1]!);
  } else if (
    first < 0 &&
    words.length >= 4 &&
    words[1] !== '-' &&
    words[2] === '-' &&
    words[1]!.includes('.')
  ) {
    host = serverName(words[0]!);
    client = 1;
  }
  const word = words[client] ?? '';
  const addressFrom = from + (starts[client] ?? 0);
  return { addressFrom, addressTo: addressFrom + word.replace(/,.*$/, '').length, host, wrapped };
}

function isAddress(word: string): boolean {
  return IPV4.test(word) || (word.includes(':') && IPV6.test(word));
}

function serverName(word: string): string | undefined {
  return SERVER.test(word) ? readHost(word) : undefined;
}
