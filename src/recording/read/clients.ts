// Who sent a request: addresses and user agents into keyed hashes and client classes, cached by their bytes.
import { createHash, hash } from 'node:crypto';
import { isbot } from 'isbot';
import type { ClientClass } from '../row.js';

/** Slots of the table, a power of two: 6 MB, and 8 MB of names when it is full. */
const SLOTS = 262_144;
const AGENTS_MAX = 8_192;

/**
 * Names clients by a keyed SHA-256 of address and user agent, cut to 64 bits. An address never leaves this class,
 * but whoever holds the key can try all IPv4 addresses against a name: share recordings accordingly.
 *
 * A line costs one cheap hash and a look into a small table; SHA-256 and isbot run on the first sight of a
 * client. Two clients with the same 64-bit cheap hash would be taken for one: once in 10^7 logs of a million clients.
 */
export class Clients {
  private readonly hashA: Int32Array;
  private readonly hashB: Int32Array;
  private readonly names: string[];
  private readonly classes: ClientClass[];
  private readonly agents = new Map<string, ClientClass>();
  private readonly seedA: number;
  private readonly seedB: number;
  /** Texts given to `of`; what is beyond it does not tell clients apart. */
  private readonly scratch = Buffer.alloc(4_096);
  /** The buffer of the last call, seen as 32-bit words: half the cost of putting words together from bytes. */
  private viewed: Buffer | undefined;
  private view: DataView = new DataView(new ArrayBuffer(0));

  /** @param key decides the names; the same key gives the same names everywhere */
  constructor(
    private readonly key: string,
    private readonly slots = SLOTS,
  ) {
    this.hashA = new Int32Array(slots);
    this.hashB = new Int32Array(slots);
    this.names = new Array<string>(slots).fill('');
    this.classes = new Array<ClientClass>(slots).fill('unknown');
    const digest = createHash('sha256').update(`clients\0${key}`).digest();
    this.seedA = digest.readInt32LE(0);
    this.seedB = digest.readInt32LE(4);
  }

  /** Finds the client of an address and a user agent given as text; '' is none. */
  of(address: string, agent: string): number {
    const scratch = this.scratch;
    const addressTo = scratch.write(address, 0, 'latin1');
    const agentTo = addressTo + scratch.write(agent, addressTo, 'latin1');
    return this.find(scratch, 0, addressTo, addressTo, agentTo);
  }

  /** Finds the client of an address and a user agent, both given as byte ranges; an empty range is none. */
  find(bytes: Buffer, addressFrom: number, addressTo: number, agentFrom: number, agentTo: number): number {
    if (bytes !== this.viewed) {
      this.viewed = bytes;
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    const view = this.view;
    let a = this.seedA ^ (addressTo - addressFrom);
    let b = this.seedB ^ (agentTo - agentFrom);
    // Each step maps (a, b) to (a, b) one to one, so that what differed once stays different in 64 bits.
    for (let range = 0; range < 2; range++) {
      let i = range === 0 ? addressFrom : agentFrom;
      const to = range === 0 ? addressTo : agentTo;
      for (const whole = to - 7; i < whole; i += 8) {
        a = (Math.imul(a ^ view.getInt32(i, true), 0x7feb352d) + b) | 0;
        b = (Math.imul(b ^ view.getInt32(i + 4, true), 0x846ca68b) + ((a << 16) | (a >>> 16))) | 0;
      }
      for (; i < to; i++) {
        a = (Math.imul(a ^ bytes[i]!, 0x7feb352d) + b) | 0;
        b = (Math.imul(b, 0x846ca68b) + ((a << 16) | (a >>> 16))) | 0;
      }
    }
    a = Math.imul(a ^ (b >>> 15), 0x7feb352d);
    a ^= a >>> 15;
    // Two places for each client, so that two of a busy log seldom push each other out.
    const first = (a ^ (a >>> 16)) & (this.slots - 2);
    if (this.holds(first, a, b)) return first;
    if (this.holds(first + 1, a, b)) return first + 1;
    const slot =
      this.names[first] === '' ? first : this.names[first + 1] === '' ? first + 1 : first + (b & 1);
    const agent = bytes.toString('latin1', agentFrom, agentTo);
    this.hashA[slot] = a;
    this.hashB[slot] = b;
    this.names[slot] = this.nameOf(bytes.toString('latin1', addressFrom, addressTo), agent);
    this.classes[slot] = this.classOf(agent);
    return slot;
  }

  /** The name found last in a slot that `find` returned. */
  name(slot: number): string {
    return this.names[slot]!;
  }

  /** The class of the client in a slot that `find` returned. */
  classAt(slot: number): ClientClass {
    return this.classes[slot]!;
  }

  private holds(slot: number, a: number, b: number): boolean {
    return this.hashA[slot] === a && this.hashB[slot] === b && this.names[slot] !== '';
  }

  private nameOf(address: string, agent: string): string {
    const digest = hash('sha256', `${this.key}\0${address}\0${agent}`);
    // A slice would keep the whole digest alive.
    return this.scratch.toString('latin1', 0, this.scratch.write(digest.slice(0, 16), 'latin1'));
  }

  private classOf(agent: string): ClientClass {
    if (agent === '') return 'unknown';
    let known = this.agents.get(agent);
    if (known === undefined) {
      if (this.agents.size >= AGENTS_MAX) this.agents.clear();
      // The limit keeps isbot's pattern off agents of kilobytes, which only probes send.
      known = isbot(agent.slice(0, 512)) ? 'bot' : 'person';
      this.agents.set(agent, known);
    }
    return known;
  }
}
