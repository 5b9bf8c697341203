// Node's own HTTP client as an oracle: what it makes of the bytes of a response, over a stream in memory.
import { type IncomingMessage, request } from 'node:http';
import { Duplex } from 'node:stream';

export interface OracleReply {
  /** 0: it saw no final answer. */
  readonly status: number;
  /** Length of the body as far as it was read. */
  readonly bytes: number;
  readonly complete: boolean;
}

/** Asks with that method, hears those bytes and then the end. */
export function askNode(bytes: Uint8Array, method: string): Promise<OracleReply> {
  const stream = new Duplex({
    read() {},
    write(_chunk, _encoding, done) {
      done();
      if (asked) return;
      asked = true;
      stream.push(bytes);
      stream.push(null);
    },
  });
  let asked = false;
  return new Promise((resolve) => {
    let answer: IncomingMessage | undefined;
    let length = 0;
    const asking = request({ method, host: 'shop.test', createConnection: () => stream });
    asking.on('response', (response) => {
      answer = response;
      response.on('data', (chunk: Buffer) => {
        length += chunk.length;
      });
      response.on('error', () => {});
    });
    asking.on('error', () => {});
    asking.on('close', () => {
      resolve({ status: answer?.statusCode ?? 0, bytes: length, complete: answer?.complete ?? false });
    });
    asking.end();
  });
}
