// A reader thread's entry: it reads a recording ahead of the senders and hands each the arrivals of its lanes.
import { parentPort, workerData } from 'node:worker_threads';
import { Batcher } from '../schedule/batcher.js';
import { feed, rowScheduleOf } from '../schedule/feed.js';
import type { FromReader, OfReader, ReaderData } from './messages.js';
import { threadNumber } from './priorities.js';
import { rowsOf } from './rows.js';

/** Batches that a sender may have unused: enough for a stall of the disk, little to hold. */
const AHEAD = 16;

const data = workerData as ReaderData;
const input = data.inputs.streams[data.stream];
if (input?.kind !== 'recording') throw new Error(`stream ${data.stream} is no recording`);

parentPort?.postMessage({ kind: 'ready', thread: threadNumber() } satisfies OfReader);

const senders = data.senders.map((port) => ({ port, batcher: new Batcher(), unused: 0 }));
let roomMade: () => void = () => {};
for (const sender of senders) {
  sender.port.on('message', () => {
    sender.unused--;
    roomMade();
  });
}

const schedule = rowScheduleOf(data.plan, data.stream, input, {
  index: data.shard.i,
  count: data.shard.n,
});
const deal = (arrival: Parameters<Batcher['add']>[0]) => {
  const lane = arrival.visitor % data.plan.lanes;
  senders[((lane - data.shard.i) / data.shard.n) % senders.length]?.batcher.add(arrival);
};
const batches = feed(schedule, () => rowsOf(input), deal);
while (!(await batches.next()).done) {
  if (senders.some(({ batcher }) => batcher.full)) flush();
  while (senders.some(({ unused }) => unused >= AHEAD)) {
    await new Promise<void>((resolve) => {
      roomMade = resolve;
    });
  }
}
flush();
for (const { port } of senders) {
  port.postMessage({ kind: 'end' } satisfies FromReader);
  port.unref();
}

/** Hands over what there is, to every sender: one with few arrivals must not wait for its batch to fill. */
function flush(): void {
  for (const sender of senders) {
    const batch = sender.batcher.take();
    if (batch === undefined) continue;
    sender.unused++;
    sender.port.postMessage({ kind: 'batch', batch } satisfies FromReader);
  }
}
