// The null server as its parent sees it: processes of its own that share one listening socket, and what they took.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { ResolvedTarget } from '../../drive/sockets/target.js';
import type { FromNullServer, ToNullServer } from './null-server.js';
import { selfSigned } from './self-signed.js';

const ENTRY = fileURLToPath(new URL('./null-server.js', import.meta.url));

/** A running null server. */
export interface NullServers {
  readonly target: ResolvedTarget;
  /** Processor time of all its processes so far, microseconds. */
  cpuUs(): Promise<number>;
  /** Ends its processes, and waits for them. */
  stop(): Promise<void>;
}

/**
 * Starts the null server on a free port of loopback.
 * @param processes how many answer, each on one core at most
 */
export async function startNullServers(
  processes: number,
  { http2, secure }: { readonly http2: boolean; readonly secure: boolean },
): Promise<NullServers> {
  const listening = createServer();
  listening.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const { port } = listening.address() as AddressInfo;
  const children = Array.from({ length: processes }, () => fork(ENTRY, [], { execArgv: [] }));
  const endNow = () => children.forEach((child) => void child.kill('SIGKILL'));
  process.once('exit', endNow);
  const message: ToNullServer = { kind: 'serve', http2, tls: secure ? selfSigned() : null };
  try {
    await Promise.all(
      children.map((child) => {
        const serving = heard(child, 'serving');
        child.send(message, listening);
        return serving;
      }),
    );
  } catch (error) {
    endNow();
    throw error;
  } finally {
    listening.close();
  }
  return {
    target: {
      protocol: secure ? 'https:' : 'http:',
      hostname: '127.0.0.1',
      port,
      host: `127.0.0.1:${port}`,
      addresses: ['127.0.0.1'],
      headers: ['user-agent', 'flashcrowd'],
      ...(secure && { tls: { insecure: true } }),
    },
    cpuUs: async () => {
      const each = await Promise.all(
        children.map((child) => {
          const told = heard(child, 'cpu');
          child.send({ kind: 'cpu' } satisfies ToNullServer);
          return told;
        }),
      );
      return each.reduce((sum, said) => sum + (said.kind === 'cpu' ? said.us : 0), 0);
    },
    stop: async () => {
      process.off('exit', endNow);
      const ended = Promise.all(children.map((child) => gone(child)));
      for (const child of children) child.kill('SIGKILL');
      await ended;
    },
  };
}

function gone(child: ChildProcess): Promise<unknown> {
  return child.exitCode !== null || child.signalCode !== null ? Promise.resolve() : once(child, 'exit');
}

/** The next message of a kind; rejects if the process ends before. */
function heard(child: ChildProcess, kind: FromNullServer['kind']): Promise<FromNullServer> {
  return new Promise((resolve, reject) => {
    const off = () => {
      child.off('message', take);
      child.off('exit', lost);
      child.off('error', fail);
    };
    const take = (said: FromNullServer) => {
      if (said.kind !== kind) return;
      off();
      resolve(said);
    };
    const fail = (error: Error) => {
      off();
      reject(error);
    };
    const lost = () => fail(new Error('the null server has ended'));
    child.on('message', take);
    child.on('exit', lost);
    child.on('error', fail);
  });
}
