// What this machine allows a process, as Linux tells it; elsewhere nothing is known, and nothing is refused for it.
import { readFileSync } from 'node:fs';

export interface Machine {
  /** Descriptors that a process may have open; null: not known. */
  readonly descriptors: number | null;
  /** Ports that connections without one of their own are given; null: not known. */
  readonly ports: number | null;
  /** `tcp_tw_reuse`: whether the port of a connection that we closed is free for the next one. */
  readonly reusesPorts: 'never' | 'always' | 'loopback';
}

/** Reads the limits of this process and its network. */
export function readMachine(): Machine {
  const limit = /^Max open files\s+(\d+)/m.exec(read('/proc/self/limits'))?.[1];
  const range = /^(\d+)\s+(\d+)/.exec(read('/proc/sys/net/ipv4/ip_local_port_range'));
  const reuse = read('/proc/sys/net/ipv4/tcp_tw_reuse').trim();
  return {
    // Node raises its soft limit to the hard one.
    descriptors: limit === undefined ? null : Number(limit),
    ports: range === null ? null : Number(range[2]) - Number(range[1]) + 1,
    reusesPorts: reuse === '1' ? 'always' : reuse === '2' ? 'loopback' : 'never',
  };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
