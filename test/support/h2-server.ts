// A TCP server that speaks HTTP/2 frame by frame, for what no HTTP/2 library would send.
import { createServer, type Socket } from 'node:net';

export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;
export const END_STREAM = 1;
/** The same bit, on PING and SETTINGS. */
export const ACK = 1;
export const END_HEADERS = 4;
/** A header block that says `:status: 200`, by HPACK's static table. */
export const STATUS_200 = Uint8Array.of(0x88);

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

export function uint32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value, 4 * i);
  return bytes;
}

export interface FrameServer {
  readonly port: number;
  readonly frames: Frame[];
  close(): Promise<void>;
}

const PREFACE_BYTES = 24;

/**
 * Starts one; it closes a connection when the client says GOAWAY.
 * @param heard called for each frame of a client, after the preface; the server's own SETTINGS are sent already
 */
export async function startFrameServer(
  heard: (socket: Socket, frame: Frame) => void,
  settings: Uint8Array = new Uint8Array(0),
): Promise<FrameServer> {
  const sockets = new Set<Socket>();
  const frames: Frame[] = [];
  const server = createServer((socket) => {
    sockets.add(socket);
    let bytes = Buffer.alloc(0);
    let begun = false;
    socket.write(frame(FRAME.settings, 0, 0, settings));
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      if (!begun && bytes.length >= PREFACE_BYTES) {
        begun = true;
        bytes = bytes.subarray(PREFACE_BYTES);
      }
      while (begun && bytes.length >= 9 && bytes.length >= 9 + bytes.readUIntBE(0, 3)) {
        const length = bytes.readUIntBE(0, 3);
        const one: Frame = {
          type: bytes.readUInt8(3),
          flags: bytes.readUInt8(4),
          stream: bytes.readUInt32BE(5),
          payload: bytes.subarray(9, 9 + length),
        };
        bytes = bytes.subarray(9 + length);
        frames.push(one);
        heard(socket, one);
        if (one.type === FRAME.goaway) socket.end();
      }
    });
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    frames,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
