// The bench's receiver: answers every request at once, and stamps each with the monotonic clock and the id in its path.
//
// It reads no more of a request than it needs: the end of its head, and `id=` in its first line. Requests with bodies
// are not for it. It is told what to do over its channel: `count`, `keep` (stamps from now on), `take` (a file).
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

/** What the bench asks of its receiver. */
export type ToReceiver =
  | { readonly kind: 'count' }
  | { readonly kind: 'keep' }
  | { readonly kind: 'take'; readonly file: string };

/** What it has seen since it was started. */
export interface Seen {
  readonly requests: number;
  readonly connections: number;
}

/** Stamps kept: a minute at 20,000 a second. */
const STAMPS_MAX = 1_200_000;
/** A head longer than this is not of a load generator. */
const HEAD_MAX = 16_384;

const ANSWER = Buffer.from(
  'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n\r\nhello world\n',
);
const HEAD_END = Buffer.from('\r\n\r\n');
const CR = 0x0d;
const LETTER_I = 0x69;
const LETTER_D = 0x64;
const EQUALS = 0x3d;

let requests = 0;
let connections = 0;
let keeps = false;
let kept = 0;
/** By turns: nanoseconds of the monotonic clock, and the id, or -1. */
const stamps = new BigInt64Array(STAMPS_MAX * 2);

function accept(socket: Socket): void {
  connections++;
  socket.setNoDelay(true);
  let rest: Buffer | null = null;
  socket.on('data', (chunk: Buffer) => {
    const atNs = keeps ? process.hrtime.bigint() : 0n;
    const bytes: Buffer = rest === null ? chunk : Buffer.concat([rest, chunk]);
    let from = 0;
    for (;;) {
      const end = bytes.length - from >= 4 ? bytes.indexOf(HEAD_END, from) : -1;
      if (end < 0) break;
      if (keeps) keep(atNs, bytes, from, end);
      requests++;
      socket.write(ANSWER);
      from = end + 4;
    }
    rest = from === bytes.length ? null : bytes.subarray(from);
    if (rest !== null && rest.length > HEAD_MAX) socket.destroy();
  });
  // Whatever ends a connection is the generator's business.
  socket.on('error', () => socket.destroy());
}

function keep(atNs: bigint, bytes: Buffer, from: number, end: number): void {
  if (kept === STAMPS_MAX) return;
  stamps[kept * 2] = atNs;
  stamps[kept * 2 + 1] = BigInt(idOf(bytes, from, end));
  kept++;
}

/** The number behind `id=` in the first line; -1 for none. */
function idOf(bytes: Buffer, from: number, end: number): number {
  for (let i = from; i < end && bytes[i] !== CR; i++) {
    if (bytes[i] !== EQUALS || bytes[i - 1] !== LETTER_D || bytes[i - 2] !== LETTER_I) continue;
    let id = 0;
    for (i++; i < end; i++) {
      const digit = (bytes[i] as number) - 0x30;
      if (digit < 0 || digit > 9) break;
      id = id * 10 + digit;
    }
    return id;
  }
  return -1;
}

const [certificate, key] = process.argv.slice(2);
const server =
  certificate === undefined || key === undefined
    ? createServer({ noDelay: true }, accept)
    : createTlsServer({ cert: readFileSync(certificate), key: readFileSync(key) }, accept);
server.on('tlsClientError', () => {});
server.listen({ port: 0, host: '127.0.0.1', backlog: 16_384 }, () => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the receiver has no port');
  process.send?.({ port: address.port });
});

process.on('message', (message: ToReceiver) => {
  switch (message.kind) {
    case 'count':
      process.send?.({ requests, connections } satisfies Seen);
      return;
    case 'keep':
      keeps = true;
      kept = 0;
      process.send?.({ requests, connections } satisfies Seen);
      return;
    case 'take':
      keeps = false;
      writeFileSync(message.file, new Uint8Array(stamps.buffer, 0, kept * 16));
      process.send?.({ requests, connections } satisfies Seen);
      return;
  }
});
// Without the bench there is nobody to receive for.
process.on('disconnect', () => process.exit(0));
