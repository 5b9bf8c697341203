// Where requests go, resolved: the one target of a run as the senders need it, and the name that its certificate bears.
import { isIP } from 'node:net';
import type { ForwardedFor } from '../../scenario/forwarded-for.js';
import type { TargetProxy } from './tunnel.js';

/** Plain data, so that it can be handed to a worker thread. */
export interface ResolvedTarget {
  readonly protocol: 'http:' | 'https:';
  readonly hostname: string;
  readonly port: number;
  /** What the Host header says where the plan names no other. */
  readonly host: string;
  /** IP addresses to connect to, used in turn; a sender's list changes while it runs, when the name resolves anew. */
  readonly addresses: readonly string[];
  /** Names and values by turns, sent with every request: the tool, the run, credentials. */
  readonly headers: readonly string[];
  readonly tls?: TlsMaterial;
  /** What connections go through; then `addresses` are the proxy's. */
  readonly proxy?: TargetProxy;
  /** IP addresses of this machine to connect from, used in turn; chosen by the system where absent. */
  readonly sources?: readonly string[];
  /** Addresses that visitors seem to come from; absent: theirs is ours. */
  readonly forwardedFor?: ForwardedFor;
}

/** How TLS is spoken beside Node's defaults; certificates and keys are PEM texts. */
export interface TlsMaterial {
  /** Authorities to trust in place of Node's own. */
  readonly ca?: string;
  /** A certificate to show, with what leads to its authority. */
  readonly cert?: string;
  readonly key?: string;
  readonly passphrase?: string;
  /** Takes any certificate. */
  readonly insecure: boolean;
}

/**
 * The name that a connection asks for and that the certificate is checked against: that of the Host that is sent.
 * @param host a Host header; null means the target's own
 */
export function serverNameOf(host: string | null, { hostname }: ResolvedTarget): string {
  if (host === null) return hostname;
  if (host.startsWith('[')) return host.slice(1, host.indexOf(']'));
  return isIP(host) === 6 ? host : host.replace(/:\d*$/, '');
}

/** The name that TLS asks for: null without TLS, and for an address, which is never a server name (RFC 6066 §3). */
export function nameToAsk(host: string | null, target: ResolvedTarget): string | null {
  const name = serverNameOf(host, target);
  return target.protocol === 'http:' || isIP(name) !== 0 ? null : name;
}
