// The pool: starts a run's threads on one instant, merges what they measure, and stops them.
import { setFlagsFromString } from 'node:v8';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { Pulse } from '../drive/driver-options.js';
import type { Lateness } from '../drive/pacing/calibrate.js';
import { monotonicNowUs } from '../drive/pacing/clock.js';
import type { Pacing } from '../drive/pacing/waiting.js';
import type { ResolvedTarget } from '../drive/sockets/target.js';
import type { TransportKind } from '../drive/transports/choose.js';
import type { ResultLine } from '../measure/result-file.js';
import type { Phase, Plan, PlanInputs } from '../scenario/plan.js';
import { type Shard, shareOf, workerShard } from '../schedule/lanes.js';
import type { Secrets } from '../schedule/template.js';
import { Collector } from './collector.js';
import { countLost } from './lost.js';
import type { FromSender, OfReader, ReaderData, SenderData, ToSender } from './messages.js';
import { letGoFirst } from './priorities.js';
import { rowsOf } from './rows.js';
import { TICK_MS, Watchdog } from './watchdog.js';

/**
 * The new space that a sender starts with. V8 starts with 1 MB and grows it only for what survives, of which senders
 * have little: they would stand still for 0.2 ms a hundred times a second.
 */
const NEW_SPACE_MB = 8;

export interface PoolOptions {
  readonly plan: Plan;
  readonly inputs: PlanInputs;
  readonly phases: readonly Phase[];
  readonly shard: Shard;
  readonly workers: number;
  readonly target: ResolvedTarget;
  readonly transport: TransportKind;
  readonly secrets: Secrets;
  /** Most exchanges under way at once in this process; the workers' shares sum to it. */
  readonly inFlightMax: number;
  /** Most connections that this process may have open. */
  readonly connectionsMax: number;
  readonly run: string;
  /** The module of the scenario's hooks; null for none. */
  readonly hooksFile: string | null;
  /** Takes what users should know while a run goes on. */
  readonly warn: (text: string) => void;
  /** Takes result lines as they become certain. */
  readonly emit: (line: ResultLine) => void;
}

/** Why a run is stopped from outside. `result_lost`: its result can no longer be written. */
export type StopReason = 'interrupted' | 'stopped_by_target' | 'stopped_by_gate' | 'result_lost';

export type PoolEnd =
  | { readonly reason: 'completed' | StopReason; readonly closedS: number }
  | { readonly reason: 'worker_failed'; readonly closedS: number; readonly error: Error };

/** Resolves when a thread has said something, or can no more. */
function firstWord(thread: Worker): Promise<void> {
  return new Promise((resolve) => {
    thread.once('message', () => resolve());
    thread.once('error', () => resolve());
    thread.once('exit', () => resolve());
  });
}

/** The threads of one run. */
export class Pool {
  readonly #options: PoolOptions;
  /** The senders' shares of the plan. */
  readonly #shards: readonly Shard[];
  readonly #senders: Worker[] = [];
  readonly #readers: Worker[] = [];
  readonly #collector: Collector;
  readonly #ready: Promise<unknown>;
  readonly #done: Promise<unknown>;
  readonly #pulses: Pulse[] = [];
  /** Threads on which due times depend, by the system's numbers. */
  readonly #first = new Set<number>();
  readonly #watchdog: Watchdog;
  #ticks: NodeJS.Timeout | undefined;
  #startUs = Number.POSITIVE_INFINITY;
  /** When nothing more was to be sent, from the start. */
  #stopUs = Number.POSITIVE_INFINITY;
  #reason: PoolEnd['reason'] = 'completed';
  #error: Error | undefined;

  /** Creates the threads; each builds its share of the schedule and waits for the start. */
  constructor(options: PoolOptions) {
    const { workers, shard, plan } = options;
    setFlagsFromString(`--min-semi-space-size=${NEW_SPACE_MB}`);
    this.#options = options;
    this.#collector = new Collector(workers, shard, options.emit);
    this.#watchdog = new Watchdog(workers, plan.timeoutUs);
    const shards = Array.from({ length: workers }, (_, j) => workerShard(shard, j, workers));
    this.#shards = shards;
    const ports = shards.map((): (MessagePort | null)[] => plan.streams.map(() => null));
    plan.streams.forEach((stream, i) => {
      if (stream.kind === 'recording') this.#readers.push(this.#startReader(options, i, ports));
    });
    const ready = this.#readers.map((reader) => firstWord(reader));
    const done: Promise<void>[] = [];
    shards.forEach((own, j) => {
      const data: SenderData = {
        plan,
        inputs: options.inputs,
        phases: options.phases,
        shard: own,
        target: options.target,
        transport: options.transport,
        secrets: options.secrets,
        inFlightMax: shareOf(options.inFlightMax, { i: j, n: workers }),
        connectionsMax: shareOf(options.connectionsMax, { i: j, n: workers }),
        run: options.run,
        hooksFile: options.hooksFile,
        recordings: ports[j] as (MessagePort | null)[],
      };
      const transferList = data.recordings.filter((port) => port !== null);
      const sender = new Worker(new URL('./sender.js', import.meta.url), {
        workerData: data,
        transferList,
        resourceLimits: { maxYoungGenerationSizeMb: 64 },
      });
      this.#senders.push(sender);
      ready.push(firstWord(sender));
      done.push(this.#follow(sender, j));
    });
    this.#done = Promise.all(done);
    this.#ready = Promise.race([Promise.all(ready), this.#done]);
  }

  /** All threads are ready to start, or one has failed. */
  async ready(): Promise<void> {
    await this.#ready;
    letGoFirst(this.#first);
  }

  /** Has every sender measure how late it is, all at the same time; empty if one has failed. */
  async calibrate(): Promise<readonly Lateness[]> {
    const calibrated = this.#senders.map(
      (sender) =>
        new Promise<Lateness>((resolve) => {
          const take = (message: FromSender) => {
            if (message.kind !== 'calibrated') return;
            sender.off('message', take);
            resolve(message.lateness);
          };
          sender.on('message', take);
        }),
    );
    this.#tell({ kind: 'calibrate' });
    return Promise.race([Promise.all(calibrated), this.#done.then(() => [])]);
  }

  /** Starts all threads: due time 0 is this instant of the process's monotonic clock. */
  start(startUs: number, pacing: Pacing): void {
    this.#startUs = startUs;
    this.#tell({ kind: 'start', startUs, pacing });
    this.#ticks = setInterval(() => this.#endSilent(), TICK_MS);
    // A thread that failed before has told senders to stop when there was nothing to stop.
    if (this.#error !== undefined) this.#tell({ kind: 'stop', drainUs: 0 });
  }

  /** The target's name stands for other addresses now: new connections go to these. */
  renewAddresses(addresses: readonly string[]): void {
    this.#tell({ kind: 'addresses', addresses });
  }

  /** Stops: nothing more is fired; what is under way may take until `drainUs` from now. */
  stop(reason: StopReason, drainUs: number): void {
    if (this.#reason === 'completed') this.#reason = reason;
    this.#stopSenders(drainUs);
  }

  /** Ends all threads at once, of a run that is not to be: nothing was sent yet. */
  async abandon(): Promise<void> {
    await Promise.all([...this.#senders, ...this.#readers].map((thread) => thread.terminate()));
  }

  /** How the senders stand together; a quarter of a second old at most. */
  pulse(): Pulse {
    const sum = { due: 0, ok: 0, failed: 0, inFlight: 0 };
    for (const pulse of this.#pulses) {
      if (pulse === undefined) continue;
      sum.due += pulse.due;
      sum.ok += pulse.ok;
      sum.failed += pulse.failed;
      sum.inFlight += pulse.inFlight;
    }
    return sum;
  }

  /** Resolves when every thread has ended and everything measured has been emitted. */
  async ended(): Promise<PoolEnd> {
    await this.#done;
    clearInterval(this.#ticks);
    await Promise.all(this.#readers.map((reader) => reader.terminate()));
    const closedS = this.#collector.closedS;
    if (this.#error !== undefined) return { reason: 'worker_failed', closedS, error: this.#error };
    return { reason: this.#reason as Exclude<PoolEnd['reason'], 'worker_failed'>, closedS };
  }

  #goesFirst(thread: number | null): void {
    if (thread !== null) this.#first.add(thread);
  }

  #tell(message: ToSender): void {
    for (const sender of this.#senders) sender.postMessage(message);
  }

  #stopSenders(drainUs: number): void {
    this.#stopUs = Math.min(this.#stopUs, monotonicNowUs() - this.#startUs);
    this.#tell({ kind: 'stop', drainUs });
  }

  /** Takes a sender's messages; resolves when it is done or gone, and all of its share is accounted for. */
  #follow(sender: Worker, j: number): Promise<void> {
    return new Promise((resolve) => {
      let finished = false;
      sender.on('message', (message: FromSender) => {
        this.#watchdog.heard(j);
        if (message.kind === 'ready') this.#goesFirst(message.thread);
        else if (message.kind === 'closed') {
          this.#collector.add(j, message.closed, message.health);
          this.#pulses[j] = message.pulse;
        } else if (message.kind === 'warning') this.#options.warn(message.text);
        else if (message.kind === 'stop_requested') this.stop('stopped_by_target', 0);
        else if (message.kind === 'done') finished = true;
      });
      sender.on('error', (error) => this.#fail(error));
      sender.on('exit', (code) => {
        this.#watchdog.dismiss(j);
        void (finished ? Promise.resolve() : this.#accountFor(j, code)).then(() => {
          this.#collector.finish(j);
          resolve();
        });
      });
    });
  }

  /** A sender is gone with its share: what was due of it counts as unsent, up to when the run was stopped. */
  async #accountFor(j: number, code: number): Promise<void> {
    const { plan, inputs, phases, secrets, hooksFile } = this.#options;
    const cause = hooksFile === null ? '' : ': perhaps a hook of the scenario ended it';
    this.#fail(new Error(`a sender thread ended early, with exit code ${code}${cause}`));
    const open = (stream: number) => () => {
      const input = inputs.streams[stream];
      if (input?.kind !== 'recording') throw new Error(`stream ${stream} has no rows`);
      return rowsOf(input);
    };
    const shard = this.#shards[j] as Shard;
    const [fromS, untilUs] = [this.#collector.closedByS(j), this.#stopUs];
    try {
      const lost = await countLost({ plan, inputs, phases, secrets, open, shard, fromS, untilUs });
      this.#collector.add(j, lost, []);
    } catch (error) {
      this.#options.warn(`what a failed thread has left unsent cannot be counted: ${String(error)}`);
    }
  }

  /** Ends senders that say nothing any more; their share is accounted for as they exit. */
  #endSilent(): void {
    for (const j of this.#watchdog.tick()) {
      const cause = this.#options.hooksFile === null ? '' : ': perhaps a hook of the scenario never returned';
      this.#fail(new Error(`a sender thread said nothing for ${this.#watchdog.silentS} s${cause}`));
      void this.#senders[j]?.terminate();
    }
  }

  #fail(error: Error): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    // The others' figures stand, but the load is no longer the plan's: going on would prove nothing.
    this.#stopSenders(0);
  }

  /** A reader thread for one recording, with a channel to every sender. */
  #startReader(options: PoolOptions, stream: number, ports: (MessagePort | null)[][]): Worker {
    const senders = ports.map((own) => {
      const { port1, port2 } = new MessageChannel();
      own[stream] = port1;
      return port2;
    });
    const data: ReaderData = {
      plan: options.plan,
      inputs: options.inputs,
      stream,
      shard: options.shard,
      senders,
    };
    const reader = new Worker(new URL('./reader.js', import.meta.url), {
      workerData: data,
      transferList: senders,
    });
    reader.on('message', (message: OfReader) => this.#goesFirst(message.thread));
    reader.on('error', (error) => this.#fail(error));
    return reader;
  }
}
