// Faults of TLS: each is what a server does with a handshake, or under a connection that has shaken hands.
import type { Socket } from 'node:net';
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { type Fault, type Seen, untilClosed, type Verdict } from './faults.js';
import { serveHttp1 } from './faults-http1.js';
import { serveHttp2 } from './faults-http2.js';
import { CA, EXPIRED, OTHER_CA, SELF_SIGNED, SERVER } from './tls/material.js';

/** Takes a socket on which the client has said hello; it can be read again from there. */
type Meet = (socket: Socket) => void;

export interface TlsFault extends Fault {
  readonly meet: Meet;
  /** Hosts are named so; `{tenant}.shop.test`, which the certificate bears, unless given. */
  readonly sendAs?: string;
}

/** What clients of these servers trust: with `EXPIRED`, only its dates are wrong. */
export const TRUSTED = CA + EXPIRED.cert;

const untrusted: Verdict = { outcome: 'tls', attempts: 0 };
const cut: Verdict = { outcome: 'reset', attempts: 0 };
const silent: Verdict = { outcome: 'timeout', attempts: 0 };

const STEP_MS = 4;
/** An alert of TLS 1.2 that ends a handshake (RFC 5246, section 7.2). */
const alert = (description: number): Meet => {
  const bytes = Uint8Array.of(21, 3, 3, 0, 2, 2, description);
  return (socket) => socket.write(bytes);
};
const say =
  (text: string): Meet =>
  (socket) => {
    socket.resume();
    socket.write(text);
  };
/** Shakes hands, and then does something. */
const shaken =
  (options: TlsOptions, then: (secure: TLSSocket, socket: Socket) => void): Meet =>
  (socket) => {
    const server = createServer(options, (secure) => {
      secure.on('error', () => {});
      then(secure, socket);
    });
    server.on('tlsClientError', () => {});
    server.emit('connection', socket);
  };
/** Writes under a connection that has shaken hands what is no record of it. */
const breaks =
  (bytes: Uint8Array): Meet =>
  (socket) =>
    shaken({ ...SERVER, ALPNProtocols: ['h2', 'http/1.1'] }, (secure) => {
      secure.once('data', () => socket.write(bytes));
    })(socket);

export const TLS_FAULTS: readonly TlsFault[] = [
  {
    name: 'shows a certificate of another name',
    ...untrusted,
    sendAs: '{tenant}.elsewhere.test',
    meet: shaken(SERVER, () => {}),
  },
  { name: 'shows an expired certificate', ...untrusted, meet: shaken(EXPIRED, () => {}) },
  { name: 'shows a self-signed certificate', ...untrusted, meet: shaken(SELF_SIGNED, () => {}) },
  {
    name: 'wants a certificate that there is none of',
    ...untrusted,
    meet: shaken(
      { ...SERVER, ca: OTHER_CA, requestCert: true, rejectUnauthorized: true, maxVersion: 'TLSv1.2' },
      () => {},
    ),
  },
  {
    name: 'speaks what is too old',
    ...untrusted,
    meet: shaken(
      { ...SERVER, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
      () => {},
    ),
  },
  { name: 'never says a word to a hello', ...silent, meet: () => {} },
  {
    name: 'begins a handshake that it never ends',
    ...silent,
    meet: (socket) => socket.write(Uint8Array.of(22, 3, 3, 0, 90, 2, 0, 0, 86, 3, 3)),
  },
  {
    name: 'drips a handshake',
    ...silent,
    meet: (socket) => {
      socket.write(Uint8Array.of(22, 3, 3, 63, 255, 11, 0, 63, 251));
      untilClosed(socket, STEP_MS, () => socket.write(Uint8Array.of(0)));
    },
  },
  { name: 'closes at the hello', ...cut, meet: (socket) => socket.end() },
  { name: 'resets at the hello', ...cut, meet: (socket) => socket.resetAndDestroy() },
  {
    name: 'resets in the middle of a handshake',
    ...cut,
    meet: (socket) => {
      socket.write(Uint8Array.of(22, 3, 3, 0, 90, 2, 0, 0, 86, 3, 3));
      setTimeout(() => socket.resetAndDestroy(), STEP_MS);
    },
  },
  {
    name: 'answers a hello in plain HTTP',
    ...untrusted,
    meet: say('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n'),
  },
  { name: 'answers a hello with noise', ...untrusted, meet: say('\0\xff'.repeat(50)) },
  { name: 'says that the handshake failed', ...untrusted, meet: alert(40) },
  { name: 'says that it knows no such name', ...untrusted, meet: alert(112) },
  { name: 'says that it has an error inside', ...untrusted, meet: alert(80) },
  {
    name: 'says that it speaks no protocol that was offered, and closes',
    outcome: 'protocol',
    // Node 20.18 does not tell of this alert.
    or: 'reset',
    attempts: 0,
    meet: (socket) => {
      alert(120)(socket);
      socket.end();
    },
  },
  {
    name: 'speaks another protocol than before the run',
    outcome: 'protocol',
    attempts: 0,
    meet: shaken(SERVER, (secure) =>
      secure.once('data', () => secure.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')),
    ),
    except: {
      wire: { why: 'it is what it speaks', outcome: 'ok', attempts: null },
      undici: { why: 'it is what it speaks', outcome: 'ok', attempts: null },
    },
  },
  {
    name: 'sends after the handshake what is no record',
    outcome: 'tls',
    attempts: null,
    meet: breaks(Buffer.from('HTTP/1.1 200 OK\r\n\r\n')),
  },
  {
    name: 'sends after the handshake a record that was changed on the way',
    outcome: 'tls',
    attempts: null,
    meet: breaks(Buffer.concat([Uint8Array.of(23, 3, 3, 0, 32), new Uint8Array(32)])),
  },
];

/** The first label of the server name in a hello; null where there is none. */
function labelIn(hello: string): string | null {
  return /(\w+)\.(?:shop|elsewhere)\.test/.exec(hello)?.[1] ?? null;
}

/** The tenant whose Host meets a fault, so that it is told from others by the server name. */
export function tenantOf(number: number): string {
  return `fault${number}`;
}

/** Takes connections: those that ask for a tenant with a fault meet it, others speak what was agreed on, in order. */
export function serveTls(seen: Seen): (socket: Socket) => void {
  const healthy = createServer({ ...SERVER, ALPNProtocols: ['h2', 'http/1.1'] }, (secure) => {
    secure.on('error', () => {});
    if (secure.alpnProtocol === 'h2') serveHttp2(secure, () => secure.destroy(), [], seen);
    else serveHttp1(secure, () => secure.destroy(), [], seen);
  });
  healthy.on('tlsClientError', () => {});
  return (socket) => {
    socket.once('readable', () => {
      const hello: Buffer | null = socket.read();
      // Node gives to TLS what was put back, before it reads on.
      if (hello === null) return;
      socket.unshift(hello);
      const label = labelIn(hello.toString('latin1'));
      const number = label === null ? Number.NaN : Number(/^fault(\d+)$/.exec(label)?.[1]);
      const fault = TLS_FAULTS[number];
      if (fault === undefined) healthy.emit('connection', socket);
      else fault.meet(socket);
    });
  };
}
