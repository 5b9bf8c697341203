// One measurement: a generator runs against a server, and both are watched from outside over the same window.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Child } from './processes.js';
import type { Server } from './servers.js';

/** What a window showed. */
export interface Window {
  readonly seconds: number;
  readonly requests: number;
  readonly connections: number;
  /** CPU time of the whole generator. */
  readonly cpuS: number;
  /** Share of its core that the server needed, 0 to 1. */
  readonly serverBusy: number;
}

/** Longer than that no generator is warmed up. */
const WARM_MAX_MS = 3_000;
/** A generator that has not sent a thing by then does not work. */
const FIRST_MS = 15_000;

export interface WindowOptions {
  /** The window opens after so many requests, or connections: what has been compiled by then is a matter of those. */
  readonly warmAfter: number;
  /** And not before it has had so much of a core, or has run for `WARM_MAX_MS`; absent: whatever it has had. */
  readonly warmCpuS?: number;
  /** From then to the window: for a rate to settle. */
  readonly settleMs: number;
  readonly windowMs: number;
  /**
   * Where the core is shared with others, a window of a closed loop lasts until the generator has had `windowMs` of
   * it, but no longer than this. Absent: `windowMs` on the wall.
   */
  readonly windowMaxMs?: number;
}

/** Watches a generator that has just been started. @throws Error if it does not get going, or ends too early */
export async function watch(generator: Child, server: Server, options: WindowOptions): Promise<Window> {
  const before = await server.seen();
  for (let waitedMs = 0; ; waitedMs += 25) {
    await sleep(25);
    const now = await server.seen();
    if (now.requests - before.requests >= options.warmAfter) break;
    if (now.connections - before.connections >= options.warmAfter) break;
    if (!generator.isRunning || waitedMs > FIRST_MS) throw notGoing(generator);
  }
  const { warmCpuS = 0 } = options;
  for (let ms = 0; ms < WARM_MAX_MS && generator.isRunning && generator.cpuS() < warmCpuS; ms += 50)
    await sleep(50);
  await sleep(options.settleMs);
  const from = await look(generator, server);
  await sleep(options.windowMs);
  for (let extraMs = options.windowMs; extraMs < (options.windowMaxMs ?? 0); extraMs += 50) {
    if (!generator.isRunning || generator.cpuS() - from.cpuS >= options.windowMs / 1e3) break;
    await sleep(50);
  }
  const to = await look(generator, server);
  const seconds = (to.atMs - from.atMs) / 1e3;
  return {
    seconds,
    requests: to.requests - from.requests,
    connections: to.connections - from.connections,
    cpuS: to.cpuS - from.cpuS,
    serverBusy: (to.serverCpuS - from.serverCpuS) / seconds,
  };
}

async function look(generator: Child, server: Server) {
  if (!generator.isRunning) throw notGoing(generator);
  const { requests, connections } = await server.seen();
  const [cpuS, serverCpuS] = [generator.cpuS(), server.child.cpuS()];
  return { atMs: performance.now(), requests, connections, cpuS, serverCpuS };
}

function notGoing({ output, errors }: Child): Error {
  return new Error(`a generator does not run: ${(errors || output).trim().slice(-500) || 'it said nothing'}`);
}
