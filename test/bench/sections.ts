// The parts of the bench that load a server as fast as they can: closed loops, handshakes, HTTP/2 and threads.
import { availableParallelism } from 'node:os';
import { type Window, watch } from './measure.js';
import { closedLoop } from './ours.js';
import {
  CLOSED_LOOP,
  CONNECTIONS,
  FRESH,
  H2,
  H2_CONNECTIONS,
  H2_STREAMS,
  HANDSHAKES_UNDER_WAY,
  RESUMED,
  type Side,
} from './peers.js';
import { type Child, isInstalled, isPinned } from './processes.js';
import type { FigureBook } from './results.js';
import { type Certificate, Nginx, Receiver, type Server } from './servers.js';

/** What a section works with. */
export interface Bench {
  readonly folder: string;
  readonly book: FigureBook;
  readonly tls: Certificate | undefined;
  readonly rounds: number;
  /** A window of a closed loop, and of a paced run. */
  readonly loopMs: number;
  readonly pacedS: number;
  /** Says what could not be measured. */
  note(text: string): void;
  /** Does one measurement and ends its generator; one that fails is noted, and the bench goes on. */
  attempt(side: string, generator: Child, measurement: () => Promise<void>): Promise<void>;
  /** Says where the bench is. */
  progress(text: string): void;
}

/** A part of the bench that can be asked for by name. */
export interface Section {
  readonly name: string;
  readonly about: string;
  run(bench: Bench): Promise<void>;
}

/** Requests, or connections, after which compilers have done most of their work. */
const WARM = 20_000;
const WARM_FRESH = 200;
const SETTLE_MS = 200;

/** Closed-loop sides in turn, in another order each round. */
async function compare(
  bench: Bench,
  server: Server,
  url: string,
  sides: readonly Side[],
  warmAfter: number,
  record: (side: string, window: Window) => void,
): Promise<void> {
  for (let round = 0; round < bench.rounds; round++) {
    for (let i = 0; i < sides.length; i++) {
      const side = sides[(i + round) % sides.length] as Side;
      bench.progress(`round ${round + 1}, ${side.name}`);
      const generator = side.start(url);
      await bench.attempt(side.name, generator, async () => {
        const options = {
          warmAfter,
          settleMs: SETTLE_MS,
          windowMs: bench.loopMs,
          windowMaxMs: 2 * bench.loopMs,
        };
        const window = await watch(generator, server, options);
        await side.finish?.(generator);
        record(side.name, window);
      });
    }
  }
}

async function withServer<T>(bench: Bench, tls: boolean, use: (server: Server) => Promise<T>): Promise<T> {
  const certificate = tls ? bench.tls : undefined;
  const server = (await Nginx.start(bench.folder, certificate)) ?? (await Receiver.start(certificate));
  try {
    return await use(server);
  } finally {
    await server.child.end();
  }
}

/** Requests a second of one core. */
function ceiling(scheme: 'http' | 'https'): Section['run'] {
  return async (bench) => {
    if (scheme === 'https' && bench.tls === undefined) return bench.note('no TLS: openssl is not installed');
    const ours = [closedLoop('wire', { tls: bench.tls }), closedLoop('undici', { tls: bench.tls })];
    await withServer(bench, scheme === 'https', (server) =>
      compare(bench, server, server.url(scheme), [...ours, ...CLOSED_LOOP], WARM, (side, window) => {
        const { requests, seconds, cpuS, serverBusy } = window;
        const load = `${CONNECTIONS} connections`;
        const section = scheme === 'http' ? 'ceiling' : 'tls';
        bench.book.add(section, load, side, 'perCpuSec', requests / cpuS);
        bench.book.add(section, load, side, 'perSec', requests / seconds);
        bench.book.add(section, load, side, 'serverBusy', serverBusy);
      }),
    );
  };
}

/** Requests a second over HTTP/2. */
const h2: Section['run'] = async (bench) => {
  if (bench.tls === undefined) return bench.note('no HTTP/2: openssl is not installed');
  if (!isInstalled('nginx')) return bench.note('no HTTP/2: nginx is not installed');
  const ours = closedLoop('http2', { connections: { kind: 'pool', size: H2_CONNECTIONS }, tls: bench.tls });
  await withServer(bench, true, (server) =>
    compare(bench, server, server.url('https'), [ours, ...H2], WARM, (side, window) => {
      const load = `${H2_CONNECTIONS} connections of ${H2_STREAMS} streams`;
      bench.book.add('h2', load, side, 'perCpuSec', window.requests / window.cpuS);
      bench.book.add('h2', load, side, 'perSec', window.requests / window.seconds);
      bench.book.add('h2', load, side, 'serverBusy', window.serverBusy);
    }),
  );
};

/** TLS handshakes a second: new visitors, then returning ones. */
const handshakes: Section['run'] = async (bench) => {
  if (bench.tls === undefined) return bench.note('no TLS: openssl is not installed');
  const loads = [
    ['full', closedLoop('wire', { ...FRESH_LOOP, tls: bench.tls }), FRESH],
    ['resumed', closedLoop('wire', { ...RETURNING_LOOP, tls: bench.tls }), RESUMED],
  ] as const;
  await withServer(bench, true, async (server) => {
    for (const [load, ours, peers] of loads) {
      const sides = [ours, ...peers];
      await compare(bench, server, server.url('https'), sides, WARM_FRESH, (side, window) => {
        bench.book.add('handshakes', load, side, 'perCpuSec', window.connections / window.cpuS);
        bench.book.add('handshakes', load, side, 'perSec', window.connections / window.seconds);
        bench.book.add('handshakes', load, side, 'serverBusy', window.serverBusy);
      });
    }
  });
};

const FRESH_LOOP = { connections: { kind: 'fresh' }, underWay: HANDSHAKES_UNDER_WAY } as const;
/** Visitors whose connections are closed at once, and who come back with what they know. */
const RETURNING_LOOP = {
  connections: { kind: 'visitor', perVisitor: null, idleUs: 0 },
  underWay: HANDSHAKES_UNDER_WAY,
} as const;

/** Two workers beside one: on cores of their own where there are any, else what a CPU second gives. */
const workers: Section['run'] = async (bench) => {
  const free = availableParallelism() >= 4 && isPinned;
  if (!free)
    bench.note(
      'two workers had no two free cores beside the server: only requests per CPU second are compared',
    );
  const sides = [1, 2].map((threads) => ({
    ...closedLoop('wire', { threads, ...(free && { cores: '0,2' }) }),
    name: threads === 1 ? 'one worker' : 'two workers',
  }));
  await withServer(bench, false, (server) =>
    compare(bench, server, server.url('http'), sides, WARM, (side, { requests, seconds, cpuS }) => {
      bench.book.add('workers', 'closed loop', side, 'perCpuSec', requests / cpuS);
      if (free) bench.book.add('workers', 'closed loop', side, 'perSec', requests / seconds);
    }),
  );
};

export const LOOP_SECTIONS: readonly Section[] = [
  { name: 'ceiling', about: 'requests a second of one core, closed loop', run: ceiling('http') },
  { name: 'tls', about: 'the same over TLS', run: ceiling('https') },
  { name: 'h2', about: 'requests a second over HTTP/2', run: h2 },
  { name: 'handshakes', about: 'TLS handshakes a second, full and resumed', run: handshakes },
  { name: 'workers', about: 'two workers beside one', run: workers },
];
