// The parts of the bench that load a server as fast as they can: closed loops, handshakes, HTTP/2 and threads.
import { availableParallelism } from 'node:os';
import { type Window, watch } from './measure.js';
import { closedLoop } from './ours.js';
import {
  CLOSED_LOOP,
  CLOSED_LOOP_TLS,
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
  /** CPU time that a generator in a closed loop has before its window, and the window. */
  readonly warmCpuS: number;
  readonly loopMs: number;
  /** Length of a paced run. */
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

/** Requests, or connections, after which a generator is going. */
const GOING = 1_000;
const GOING_FRESH = 100;
const SETTLE_MS = 200;

/** Closed-loop sides in turn, in another order each round. */
async function compare(
  bench: Bench,
  server: Server,
  url: string,
  sides: readonly Side[],
  warmAfter: number,
  record: (side: string, window: Window, round: number) => void,
): Promise<void> {
  for (let round = 0; round < bench.rounds; round++) {
    for (let i = 0; i < sides.length; i++) {
      const side = sides[(i + round) % sides.length] as Side;
      bench.progress(`round ${round + 1}, ${side.name}`);
      const generator = side.start(url);
      await bench.attempt(side.name, generator, async () => {
        const options = {
          warmAfter,
          warmCpuS: bench.warmCpuS,
          settleMs: SETTLE_MS,
          windowMs: bench.loopMs,
          windowMaxMs: 2 * bench.loopMs,
        };
        const window = await watch(generator, server, options);
        await side.finish?.(generator);
        record(side.name, window, round);
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

/** Keeps what windows show, by requests or by connections. */
function keep(bench: Bench, section: string, load: string, of: 'requests' | 'connections') {
  return (side: string, window: Window, round: number) => {
    const figure = { section, load, side };
    bench.book.add({ ...figure, metric: 'perCpuSec' }, round, window[of] / window.cpuS);
    bench.book.add({ ...figure, metric: 'perSec' }, round, window[of] / window.seconds);
    bench.book.add({ ...figure, metric: 'serverBusy' }, round, window.serverBusy);
  };
}

/** Requests a second of one core. */
const ceiling: Section['run'] = async (bench) => {
  const sides = [closedLoop('wire'), closedLoop('undici'), ...CLOSED_LOOP];
  const record = keep(bench, 'ceiling', `${CONNECTIONS} connections`, 'requests');
  await withServer(bench, false, (server) =>
    compare(bench, server, server.url('http'), sides, GOING, record),
  );
};

const ceilingOfTls: Section['run'] = async (bench) => {
  const { tls } = bench;
  if (tls === undefined) return bench.note('no TLS: openssl is not installed');
  const sides = [closedLoop('wire', { tls }), closedLoop('undici', { tls }), ...CLOSED_LOOP_TLS];
  const record = keep(bench, 'tls', `${CONNECTIONS} connections`, 'requests');
  await withServer(bench, true, (server) =>
    compare(bench, server, server.url('https'), sides, GOING, record),
  );
};

/** Requests a second over HTTP/2. */
const h2: Section['run'] = async (bench) => {
  const { tls } = bench;
  if (tls === undefined || !isInstalled('nginx'))
    return bench.note('no HTTP/2: openssl or nginx is not installed');
  const sides = [closedLoop('http2', { connections: { kind: 'pool', size: H2_CONNECTIONS }, tls }), ...H2];
  const record = keep(bench, 'h2', `${H2_CONNECTIONS} connections of ${H2_STREAMS} streams`, 'requests');
  await withServer(bench, true, (server) =>
    compare(bench, server, server.url('https'), sides, GOING, record),
  );
};

/** TLS handshakes a second: new visitors, then returning ones. */
const handshakes: Section['run'] = async (bench) => {
  const { tls } = bench;
  if (tls === undefined) return bench.note('no TLS: openssl is not installed');
  const full = [closedLoop('wire', { ...FRESH_LOOP, tls }), ...FRESH];
  const resumed = [closedLoop('wire', { ...RETURNING_LOOP, tls }), ...RESUMED];
  await withServer(bench, true, async (server) => {
    const url = server.url('https');
    const record = (load: string) => keep(bench, 'handshakes', load, 'connections');
    await compare(bench, server, url, full, GOING_FRESH, record('full'));
    await compare(bench, server, url, resumed, GOING_FRESH, record('resumed'));
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
  // Each thread compiles for itself.
  const warm = { ...bench, warmCpuS: 2 * bench.warmCpuS };
  const record = keep(bench, 'workers', 'closed loop', 'requests');
  await withServer(bench, false, (server) => compare(warm, server, server.url('http'), sides, GOING, record));
};

export const LOOP_SECTIONS: readonly Section[] = [
  { name: 'ceiling', about: 'requests a second of one core, closed loop', run: ceiling },
  { name: 'tls', about: 'the same over TLS', run: ceilingOfTls },
  { name: 'h2', about: 'requests a second over HTTP/2', run: h2 },
  { name: 'handshakes', about: 'TLS handshakes a second, full and resumed', run: handshakes },
  { name: 'workers', about: 'two workers beside one', run: workers },
];
