// What Linux tells of a process and its machine in /proc and its control groups, as text, and the figures in it.

/** Processor time of the machine since it started, in ticks, of all cores together. */
export interface MachineTicks {
  readonly total: number;
  readonly busy: number;
  readonly steal: number;
}

/** Reads the first line of `/proc/stat`: user nice system idle iowait irq softirq steal, and guests that are in user. */
export function machineTicks(stat: string): MachineTicks | null {
  const line = /^cpu +([\d ]+)/.exec(stat)?.[1];
  if (line === undefined) return null;
  const ticks = line.trim().split(/ +/).slice(0, 8).map(Number);
  if (ticks.length < 8) return null;
  const total = ticks.reduce((sum, n) => sum + n, 0);
  const [idle = 0, iowait = 0, , , steal = 0] = ticks.slice(3);
  return { total, busy: total - idle - iowait, steal };
}

/** Reads how long a control group was held back by its quota, from its `cpu.stat`: of version 2, or of 1 in ns. */
export function throttledUs(cpuStat: string): number | null {
  const us = /^throttled_usec (\d+)/m.exec(cpuStat)?.[1];
  if (us !== undefined) return Number(us);
  const ns = /^throttled_time (\d+)/m.exec(cpuStat)?.[1];
  return ns === undefined ? null : Number(ns) / 1e3;
}

/** Groups above a process's own that are looked at. */
const GROUPS_MAX = 16;

/**
 * Where the `cpu.stat` of a process's control group may be, and those of the groups that it is in; a quota of any of
 * them holds it back.
 * @param cgroup the text of `/proc/self/cgroup`
 */
export function cpuStatFiles(cgroup: string): string[] {
  const files: string[] = [];
  for (const [, controllers = '', path = ''] of cgroup.matchAll(/^\d+:([^:\n]*):(\/[^\n]*)$/gm)) {
    const unified = controllers === '';
    if (!unified && !controllers.split(',').includes('cpu')) continue;
    const mounts = unified ? ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'] : [`/sys/fs/cgroup/${controllers}`];
    const parts = path.split('/').filter((part) => part !== '' && part !== '..');
    for (let depth = parts.length; depth >= Math.max(0, parts.length - GROUPS_MAX); depth--) {
      const group = parts.slice(0, depth).map((part) => `/${part}`);
      for (const mount of mounts) files.push(`${mount}${group.join('')}/cpu.stat`);
    }
  }
  return files;
}

/** TCP sockets that hold a port: open ones of IPv4 and IPv6, and those in TIME_WAIT, from `/proc/net/sockstat[6]`. */
export function tcpSockets(sockstat: string, sockstat6: string): number | null {
  const four = /^TCP: inuse (\d+) orphan \d+ tw (\d+)/m.exec(sockstat);
  if (four === null) return null;
  const six = /^TCP6: inuse (\d+)/m.exec(sockstat6)?.[1] ?? 0;
  return Number(four[1]) + Number(four[2]) + Number(six);
}

/** Reads a counter from `/proc/net/snmp` or `/proc/net/netstat`: a line of names, then one of figures. */
export function netCounter(text: string, protocol: string, name: string): number | null {
  const lines = text.split('\n').filter((line) => line.startsWith(`${protocol}: `));
  const at = lines[0]?.split(' ').indexOf(name) ?? -1;
  const figure = at === -1 ? undefined : lines[1]?.split(' ')[at];
  return figure === undefined || !/^\d+$/.test(figure) ? null : Number(figure);
}

/** Reads `/proc/uptime`: microseconds since the machine started, those of its sleep among them. */
export function uptimeUs(uptime: string): number | null {
  const seconds = /^(\d+\.\d+) /.exec(uptime)?.[1];
  return seconds === undefined ? null : Number(seconds) * 1e6;
}
