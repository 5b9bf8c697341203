// A sender thread's entry: it builds its share of the schedule and drives it until done.
import { parentPort, workerData } from 'node:worker_threads';
import { Driver } from '../drive/driver.js';
import { measureLateness } from '../drive/pacing/calibrate.js';
import { MonotonicClock } from '../drive/pacing/clock.js';
import { busyShare, type Pacing } from '../drive/pacing/waiting.js';
import type { ResolvedTarget } from '../drive/sockets/target.js';
import { loadTransport } from '../drive/transports/load.js';
import { Conversation } from '../drive/visits/conversation.js';
import { loadHooks } from '../drive/visits/hook-module.js';
import { HookCaller } from '../drive/visits/hooks.js';
import { type Arrivals, MergedArrivals } from '../schedule/arrivals.js';
import { RateArrivals } from '../schedule/rate-arrivals.js';
import { headersOfPlan, RecordedArrivals } from '../schedule/recorded-arrivals.js';
import type { FromReader, FromSender, SenderData, ToSender } from './messages.js';
import { threadNumber } from './priorities.js';
import { rehearse } from './rehearsal.js';
import { ThreadWatch } from './thread-watch.js';

const data = workerData as SenderData;
const port = parentPort;
if (port === null) throw new Error('the sender runs as a worker thread only');
const say = (message: FromSender) => port.postMessage(message);

let driver: Driver | undefined;
/** This thread's own list, which every new connection looks at. */
const addresses = [...data.target.addresses];
const target: ResolvedTarget = { ...data.target, addresses };
const arrivals = new MergedArrivals(data.plan.streams.map((_, i) => openStream(i)));

// Loaded before the start, so that no request waits for it.
const makeTransport = await loadTransport(data.transport);
const hooks = data.hooksFile === null ? null : await loadHooks(data.hooksFile);

port.on('message', (message: ToSender) => {
  if (message.kind === 'start') start(message.startUs, message.pacing);
  else if (message.kind === 'calibrate') void calibrate();
  else if (message.kind === 'addresses') addresses.splice(0, addresses.length, ...message.addresses);
  else driver?.stop(message.drainUs);
});
await rehearseRates();
say({ kind: 'ready', thread: threadNumber() });

/** Runs what is to come hot, with the arrivals of rate streams: those of recordings come once only. */
async function rehearseRates(): Promise<void> {
  const rates = data.plan.streams.flatMap((stream, i) => (stream.kind === 'rate' ? [openStream(i)] : []));
  if (rates.length === 0) return;
  await rehearse({
    plan: data.plan,
    phases: data.phases,
    arrivals: new MergedArrivals(rates),
    // The rehearsal's server speaks HTTP/1.1; over HTTP/2 all but the transport is rehearsed.
    transport: data.transport === 'http2' ? await loadTransport('wire') : makeTransport,
  });
}

async function calibrate(): Promise<void> {
  say({ kind: 'calibrated', lateness: await measureLateness() });
}

function start(startUs: number, pacing: Pacing): void {
  const clock = new MonotonicClock(pacing);
  let utilisation = performance.eventLoopUtilization();
  const watch = new ThreadWatch(startUs);
  driver = new Driver({
    plan: data.plan,
    phases: data.phases,
    arrivals,
    clock,
    transport: makeTransport(target, clock, startUs),
    conversation: new Conversation(data.plan, target, clock, hookCaller(clock)),
    shard: `${data.shard.i}/${data.shard.n}`,
    inFlightMax: data.inFlightMax,
    connectionsMax: data.connectionsMax,
    run: data.run,
    loopUtilisation: () => {
      const now = performance.eventLoopUtilization();
      const since = performance.eventLoopUtilization(now, utilisation);
      utilisation = now;
      return busyShare(since.active, since.idle, clock.takePolledUs());
    },
    stalls: watch,
    publish: (closed, health, pulse) => say({ kind: 'closed', closed, health, pulse }),
    stopRequested: () => say({ kind: 'stop_requested' }),
    done: () => {
      watch.close();
      say({ kind: 'done' });
      port?.close();
      for (const recording of data.recordings) recording?.close();
    },
  });
  driver.start(startUs);
}

function hookCaller(clock: MonotonicClock): HookCaller | null {
  if (hooks === null) return null;
  return new HookCaller({
    plan: data.plan,
    hooks,
    targetHost: data.target.host,
    nowUs: () => clock.nowUs(),
    warn: (text) => say({ kind: 'warning', text }),
  });
}

function openStream(i: number): Arrivals {
  const stream = data.plan.streams[i];
  const input = data.inputs.streams[i];
  if (stream?.kind === 'rate' && input?.kind === 'rate') {
    return new RateArrivals(data.plan, stream, i, input, data.shard, data.secrets);
  }
  const reader = data.recordings[i];
  if (reader === null || reader === undefined) throw new Error(`stream ${i} has no reader`);
  const recorded = new RecordedArrivals(i, headersOfPlan(data.plan, data.secrets), () =>
    reader.postMessage({ kind: 'taken' }),
  );
  reader.on('message', (message: FromReader) => {
    if (message.kind === 'batch') recorded.push(message.batch);
    else recorded.end();
    arrivals.refresh();
    driver?.turn();
  });
  return recorded;
}
