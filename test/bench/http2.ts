// Which HTTP/2 client costs least: node:http2, undici on top of it, our transport, and h2load for comparison.
//
//   node --import tsx test/bench/http2.ts [rounds]
//
// A closed loop against a server of node:http2 in a process of its own, each side in a process of its own and in turn;
// the figure is requests per second of the client's CPU time, and the middle of the rounds is shown.
import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, createSecureServer, createServer, type Http2Server } from 'node:http2';
import { fileURLToPath } from 'node:url';
import { Client, H2CClient } from 'undici';
import { Exchange } from '../../src/drive/exchange.js';
import { MonotonicClock } from '../../src/drive/pacing/clock.js';
import { Http2Transport } from '../../src/drive/transports/http2-transport.js';
import type { ConnectionListener } from '../../src/drive/transports/transport.js';
import { CA, SERVER } from '../support/tls/material.js';

const REQUESTS = 20_000;
const WARM = 5_000;
const LOADS = [
  { connections: 1, streams: 10 },
  { connections: 1, streams: 100 },
  { connections: 10, streams: 10 },
  { connections: 10, streams: 100 },
] as const;
const HEADERS = { 'user-agent': 'bench', accept: '*/*', 'x-flashcrowd-run': 'bench' };

interface Job {
  readonly side: string;
  readonly secure: boolean;
  readonly port: number;
  readonly connections: number;
  readonly streams: number;
}

/** Counts what has completed; tells whether another request is to be sent. */
class Loop {
  #sent = 0;
  #done = 0;
  #cpu = process.cpuUsage();

  wantsMore(): boolean {
    return this.#sent++ < WARM + REQUESTS;
  }

  completed(): void {
    if (++this.#done === WARM) this.#cpu = process.cpuUsage();
    if (this.#done < WARM + REQUESTS) return;
    const { user, system } = process.cpuUsage(this.#cpu);
    process.send?.((REQUESTS / (user + system)) * 1e6, () => process.exit(0));
  }
}

const SIDES: Readonly<Record<string, (job: Job, loop: Loop) => void>> = {
  'node:http2': ({ secure, port, connections, streams }, loop) => {
    for (let i = 0; i < connections; i++) {
      const session = connect(`${secure ? 'https' : 'http'}://localhost:${port}`, {
        ca: CA,
        settings: { enablePush: false },
      });
      const send = () => {
        if (!loop.wantsMore()) return;
        const stream = session.request({ ':path': '/products/1', ...HEADERS }, { endStream: true });
        stream.on('data', () => {});
        stream.on('end', () => {
          loop.completed();
          send();
        });
      };
      session.once('connect', () => {
        for (let j = 0; j < streams; j++) send();
      });
    }
  },
  undici: ({ secure, port, connections, streams }, loop) => {
    for (let i = 0; i < connections; i++) {
      const many = { pipelining: streams, maxConcurrentStreams: streams };
      const client = secure
        ? new Client(`https://localhost:${port}`, { ...many, allowH2: true, connect: { ca: CA } })
        : new H2CClient(`http://localhost:${port}`, many);
      const send = () => {
        if (!loop.wantsMore()) return;
        client.dispatch(
          { method: 'GET', path: '/products/1', headers: HEADERS },
          {
            onConnect: () => {},
            onHeaders: () => true,
            onData: () => true,
            onComplete: () => {
              loop.completed();
              send();
            },
            onError: (error) => {
              throw error;
            },
          },
        );
      };
      for (let j = 0; j < streams; j++) send();
    }
  },
  ours: ({ secure, port, connections, streams }, loop) => {
    const clock = new MonotonicClock('sleep');
    const target = {
      protocol: secure ? 'https:' : 'http:',
      hostname: 'localhost',
      port,
      host: `localhost:${port}`,
      addresses: ['127.0.0.1'],
      headers: Object.entries(HEADERS).flat(),
      tls: { ca: CA, insecure: false },
    } as const;
    const transport = new Http2Transport(target, clock, clock.nowUs());
    const listener: ConnectionListener = {
      opened: () => {},
      closed: () => {},
      settled: (connection, exchange) => {
        if (exchange.failure !== null) throw new Error(`an exchange came to ${exchange.failure}`);
        loop.completed();
        exchange.reset();
        if (loop.wantsMore()) connection.send(exchange);
      },
    };
    for (let i = 0; i < connections; i++) {
      const connection = transport.connection(null, null, listener);
      for (let j = 0; j < streams; j++) {
        const exchange = new Exchange();
        exchange.reset();
        exchange.request.path = '/products/1';
        if (loop.wantsMore()) connection.send(exchange);
      }
    }
  },
};

/** h2load says how much CPU time it took only to the shell that waits for it. */
function h2load({ secure, port, connections, streams }: Job): number {
  const url = `${secure ? 'https' : 'http'}://127.0.0.1:${port}/products/1`;
  const command = `h2load -t1 -c${connections} -m${streams} -n${REQUESTS} ${url} >/dev/null 2>&1 && times`;
  const { stdout, status } = spawnSync('bash', ['-c', command], { encoding: 'utf8' });
  const times = /^(\d+)m([\d.]+)s (\d+)m([\d.]+)s$/.exec(stdout.trim().split('\n').at(-1) ?? '');
  if (status !== 0 || times === null) return Number.NaN;
  const [, userMin, userS, systemMin, systemS] = times.map(Number);
  return REQUESTS / (60 * ((userMin ?? 0) + (systemMin ?? 0)) + (userS ?? 0) + (systemS ?? 0));
}

async function serve(): Promise<void> {
  const settings = { maxConcurrentStreams: 1_000 };
  const body = Buffer.alloc(100, 'a');
  const servers = [createServer({ settings }), createSecureServer({ ...SERVER, settings }) as Http2Server];
  const ports: number[] = [];
  for (const server of servers) {
    server.on('stream', (stream) => {
      stream.on('error', () => {});
      stream.respond({ ':status': 200, 'content-type': 'text/plain', 'content-length': body.length });
      stream.end(body);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address !== null && typeof address !== 'string') ports.push(address.port);
  }
  process.send?.(ports);
}

async function measure(job: Job): Promise<number> {
  if (job.side === 'h2load') return h2load(job);
  const child = start(JSON.stringify(job));
  const [perCpuSec] = (await once(child, 'message')) as [number];
  return perCpuSec;
}

function start(...args: string[]): ChildProcess {
  return fork(fileURLToPath(import.meta.url), args, { execArgv: ['--import', 'tsx'] });
}

async function compare(rounds: number): Promise<void> {
  const server = start('serve');
  const [ports] = (await once(server, 'message')) as [number[]];
  const sides = [...Object.keys(SIDES), 'h2load'];
  process.stdout.write(`requests per second of CPU time${sides.map((side) => side.padStart(13)).join('')}\n`);
  for (const secure of [false, true]) {
    for (const load of LOADS) {
      const figures = sides.map((): number[] => []);
      for (let round = 0; round < rounds; round++) {
        for (const [i, side] of sides.entries()) {
          figures[i]?.push(await measure({ side, secure, port: ports[secure ? 1 : 0] ?? 0, ...load }));
        }
      }
      const middles = figures.map((of) => of.sort((a, b) => a - b)[Math.floor(of.length / 2)] ?? Number.NaN);
      const name = `${secure ? 'TLS' : 'h2c'}, ${load.connections} × ${load.streams} streams`;
      process.stdout.write(name.padEnd(31));
      process.stdout.write(`${middles.map((n) => n.toFixed(0).padStart(13)).join('')}\n`);
    }
  }
  server.kill();
}

const [what = '3'] = process.argv.slice(2);
if (what === 'serve') await serve();
else if (what.startsWith('{')) {
  const job = JSON.parse(what) as Job;
  SIDES[job.side]?.(job, new Loop());
} else await compare(Number(what));
