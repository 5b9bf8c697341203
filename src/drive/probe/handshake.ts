// A handshake without a request: what a server speaks, and what certificate it shows for a name.
import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Certificate, Handshake } from '../../measure/probed.js';
import type { Schedule } from '../sockets/resolver.js';
import { type Protocol, SocketOpener } from '../sockets/socket-opener.js';
import type { ResolvedTarget } from '../sockets/target.js';
import { connectionOf } from './prober.js';

/** Names of a certificate that are kept, and characters of a text of it. */
const NAMES_MAX = 100;
const TEXT_MAX = 512;
const TIMEOUT_US = 5e6;

export interface HandshakeOptions {
  readonly target: ResolvedTarget;
  /** What TLS offers to speak, the dearest first. */
  readonly alpn: readonly Protocol[];
  readonly schedule: Schedule;
}

/**
 * Shakes hands and hangs up. The certificate is judged as a run judges it, and taken whatever it is.
 * @param serverName a name, or an address without brackets
 */
export function shakeHands(
  serverName: string,
  { target, alpn, schedule }: HandshakeOptions,
): Promise<Handshake> {
  // Any certificate is let through here, so that it can be shown; Node judges it all the same.
  const opener = new SocketOpener({ ...target, tls: { ...target.tls, insecure: true } }, { alpn });
  return new Promise((resolve) => {
    let late = false;
    const cancel = schedule(TIMEOUT_US, () => {
      late = true;
      socket.destroy();
    });
    const failed = (error: Error) => {
      cancel();
      const words = late ? `no answer within ${TIMEOUT_US / 1e6} s` : reasonOf(error);
      resolve({ serverName, connection: null, version: null, certificate: null, error: words });
    };
    const socket = opener.open(
      serverName,
      null,
      (opened, opening) => {
        cancel();
        opened.on('error', () => {});
        const isTls = opened instanceof TLSSocket;
        const shown = {
          connection: connectionOf(opening),
          version: isTls ? opened.getProtocol() : null,
          certificate: isTls ? certificateOf(opened, serverName) : null,
        };
        opened.destroy();
        resolve({ serverName, ...shown, error: null });
      },
      failed,
    );
  });
}

function certificateOf(socket: TLSSocket, serverName: string): Certificate | null {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return null;
  const { subject, issuer, subjectAltName, validFrom, validTo } = certificate;
  const names = namesOf(subjectAltName ?? '');
  const distrust = chainFault(socket) ?? nameFault(certificate, serverName);
  return {
    subject: oneLine(subject),
    issuer: oneLine(issuer),
    names,
    validFromMs: Date.parse(validFrom),
    validToMs: Date.parse(validTo),
    trusted: distrust === null,
    distrust,
  };
}

/** Why Node does not trust the chain; null if it does, or finds fault with the name alone, which is looked at apart. */
function chainFault({ authorizationError }: TLSSocket): string | null {
  // Typed as an error; Node sets its code.
  const fault: unknown = authorizationError;
  if (fault === null || fault === undefined) return null;
  const code = typeof fault === 'string' ? fault : reasonOf(fault as Error);
  return code === 'ERR_TLS_CERT_ALTNAME_INVALID' ? null : code;
}

function nameFault(certificate: X509Certificate, name: string): string | null {
  const bears = isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name);
  return bears === undefined ? `it is not for ${name}` : null;
}

/** `DNS:a.example, IP Address:127.0.0.1` as names. */
function namesOf(subjectAltName: string): string[] {
  return subjectAltName
    .slice(0, NAMES_MAX * TEXT_MAX)
    .split(', ', NAMES_MAX)
    .map((name) => name.replace(/^(?:DNS|IP Address):/, '').slice(0, TEXT_MAX))
    .filter((name) => name !== '');
}

function oneLine(name: string | undefined): string {
  return (name ?? '').slice(0, TEXT_MAX).replaceAll('\n', ', ');
}

function reasonOf({ code, message }: Error & { code?: unknown }): string {
  return typeof code === 'string' && !code.startsWith('PROXY_') ? code : message.slice(0, TEXT_MAX);
}
