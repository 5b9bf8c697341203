// The process watch: every ten seconds, how the process and its machine fared meanwhile; on the main thread.
import { SLICE_S } from '../measure/cell.js';
import type { ProcessVitals } from '../measure/vitals.js';
import {
  cpuStatFiles,
  type MachineTicks,
  machineTicks,
  netCounter,
  tcpSockets,
  throttledUs,
  uptimeUs,
} from './proc-texts.js';

/** A step of the wall clock against the monotonic one; what is less is slewed, or is a slow reading. */
const STEP_US = 100_000;
/** Two clocks are read together if no longer than this passed between them, */
const TOGETHER_US = 1_000;
/** in one of so many tries. */
const TRIES = 5;

/** All that the watch can see; tests put texts of their own. */
export interface ProcessReader {
  /** The text of a small file; null where there is none. */
  read(file: string): string | null;
  /** Descriptors that are open; null where the system does not say. */
  descriptors(): number | null;
  /** Processor time of this process. */
  cpuUs(): number;
  rssBytes(): number;
  /** The wall clock, which may be set, and the monotonic one, which stands still while the machine sleeps. */
  wallUs(): number;
  nowUs(): number;
}

export interface ProcessLimits {
  readonly descriptors: number | null;
  readonly ports: number | null;
}

/** What only ever grows; null where the system does not say. */
interface Counters {
  readonly cpuUs: number;
  readonly ticks: MachineTicks | null;
  readonly throttledUs: number | null;
  readonly segments: number | null;
  readonly retransmitted: number | null;
  readonly synRetransmitted: number | null;
  /** How long the machine has slept, and a constant. */
  readonly sleptUs: number | null;
}

/** Makes a line of every slice of ten seconds; whoever has it calls `tick` a few times a second. */
export class ProcessWatch {
  readonly #startUs: number;
  readonly #cpuStats: readonly string[];
  #sliceS = 0;
  #sliceUs: number;
  #before: Counters;
  #offsetUs: number;
  #stepsUs = 0;
  #haltedUs = 0;
  #expectedUs = Number.POSITIVE_INFINITY;

  /**
   * @param shard `i/n` of the plan
   * @param startUs due time 0 on the monotonic clock
   */
  constructor(
    private readonly shard: string,
    startUs: number,
    private readonly limits: ProcessLimits,
    private readonly reader: ProcessReader,
  ) {
    this.#startUs = startUs;
    const files = cpuStatFiles(reader.read('/proc/self/cgroup') ?? '');
    this.#cpuStats = files.filter((file) => throttledUs(reader.read(file) ?? '') !== null);
    this.#sliceUs = reader.nowUs();
    this.#before = this.#read();
    this.#offsetUs = this.#clocks().offsetUs;
  }

  /**
   * Looks at the clocks, and makes a line if a slice is full.
   * @param nextUs when it will be called again, from now
   * @param over nothing comes after: the line is made in any case
   */
  tick(nextUs: number, over = false): ProcessVitals | null {
    const { nowUs, offsetUs } = this.#clocks();
    const stepUs = offsetUs - this.#offsetUs;
    this.#offsetUs = offsetUs;
    if (Math.abs(stepUs) >= STEP_US) this.#stepsUs += stepUs;
    this.#haltedUs = Math.max(this.#haltedUs, nowUs - this.#expectedUs);
    this.#expectedUs = nowUs + nextUs;
    const fromStartUs = nowUs - this.#startUs;
    if (fromStartUs < (this.#sliceS + SLICE_S) * 1e6 && !over) return null;
    const vitals = this.#vitals(nowUs);
    this.#sliceS = Math.floor(Math.max(0, fromStartUs) / 1e6 / SLICE_S) * SLICE_S;
    this.#sliceUs = nowUs;
    this.#stepsUs = this.#haltedUs = 0;
    return vitals;
  }

  #vitals(nowUs: number): ProcessVitals {
    const before = this.#before;
    const now = this.#read();
    this.#before = now;
    const ticks = ticksSince(before.ticks, now.ticks);
    const sleptUs = atLeast(STEP_US, since(before.sleptUs, now.sleptUs) ?? 0);
    const setUs = this.#stepsUs - sleptUs;
    return {
      shard: this.shard,
      sliceS: this.#sliceS,
      cpuPermille: permille(now.cpuUs - before.cpuUs, nowUs - this.#sliceUs),
      stealPermille: ticks && permille(ticks.steal, ticks.total),
      machineBusyPermille: ticks && permille(ticks.busy, ticks.total),
      throttledUs: since(before.throttledUs, now.throttledUs),
      rssBytes: this.reader.rssBytes(),
      descriptors: this.reader.descriptors(),
      descriptorsMax: this.limits.descriptors,
      tcpSockets: tcpSockets(this.#text('/proc/net/sockstat'), this.#text('/proc/net/sockstat6')),
      portsMax: this.limits.ports,
      segments: since(before.segments, now.segments),
      retransmitted: since(before.retransmitted, now.retransmitted),
      synRetransmitted: since(before.synRetransmitted, now.synRetransmitted),
      clockSetUs: Math.sign(setUs) * atLeast(STEP_US, Math.abs(setUs)),
      sleptUs,
      haltedUs: Math.round(Math.max(0, this.#haltedUs)),
    };
  }

  #read(): Counters {
    const snmp = this.#text('/proc/net/snmp');
    const groups = this.#cpuStats.map((file) => throttledUs(this.#text(file)));
    const upUs = uptimeUs(this.#text('/proc/uptime'));
    return {
      cpuUs: this.reader.cpuUs(),
      ticks: machineTicks(this.#text('/proc/stat')),
      throttledUs: groups.length === 0 ? null : groups.reduce<number>((sum, us) => sum + (us ?? 0), 0),
      segments: netCounter(snmp, 'Tcp', 'OutSegs'),
      retransmitted: netCounter(snmp, 'Tcp', 'RetransSegs'),
      synRetransmitted: netCounter(this.#text('/proc/net/netstat'), 'TcpExt', 'TCPSynRetrans'),
      sleptUs: upUs === null ? null : upUs - this.reader.nowUs(),
    };
  }

  /** Reads both clocks at one time: a process that is stopped between the two would see a step. */
  #clocks(): { readonly nowUs: number; readonly offsetUs: number } {
    for (let tries = 1; ; tries++) {
      const beforeUs = this.reader.nowUs();
      const wallUs = this.reader.wallUs();
      const nowUs = this.reader.nowUs();
      if (nowUs - beforeUs <= TOGETHER_US || tries === TRIES) return { nowUs, offsetUs: wallUs - nowUs };
    }
  }

  #text(file: string): string {
    return this.reader.read(file) ?? '';
  }
}

/** A counter's growth; null where it is not told, 0 where it was set back. */
function since(before: number | null, now: number | null): number | null {
  return before === null || now === null ? null : Math.max(0, Math.round(now - before));
}

function ticksSince(before: MachineTicks | null, now: MachineTicks | null): MachineTicks | null {
  if (before === null || now === null || now.total <= before.total) return null;
  return {
    total: now.total - before.total,
    busy: Math.max(0, now.busy - before.busy),
    steal: Math.max(0, now.steal - before.steal),
  };
}

function permille(part: number, whole: number): number {
  return whole <= 0 ? 0 : Math.round((1000 * part) / whole);
}

/** A figure, or 0 where it is too small to mean anything. */
function atLeast(minUs: number, us: number): number {
  return us < minUs ? 0 : Math.round(us);
}
