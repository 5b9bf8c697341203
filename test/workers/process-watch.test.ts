// The process watch: what it reads of Linux's texts, and what clocks that jump, sleep and halts come to.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isOwnAddress } from '../../src/commands/preflight/own-addresses.js';
import type { ProcessVitals } from '../../src/measure/vitals.js';
import {
  cpuStatFiles,
  machineTicks,
  netCounter,
  tcpSockets,
  throttledUs,
  uptimeUs,
} from '../../src/workers/proc-texts.js';
import { type ProcessReader, ProcessWatch } from '../../src/workers/process-watch.js';

const STAT =
  'cpu  1888400 4843 290040 3133345 7590 0 45738 1323 0 0\ncpu0 944200 2421 145020 1566672 3795 0 22869 661 0 0\n';
const SNMP = `Ip: Forwarding DefaultTTL
Ip: 1 64
Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets CurrEstab InSegs OutSegs RetransSegs InErrs OutRsts InCsumErrors
Tcp: 1 200 120000 -1 1023888 1023497 222 326943 0 132916092 132909962 5540 0 328004 0
`;
const NETSTAT =
  'TcpExt: SyncookiesSent ListenOverflows TCPSynRetrans\nTcpExt: 0 17 42\nIpExt: InOctets\nIpExt: 9\n';
const SOCKSTAT = 'sockets: used 17\nTCP: inuse 12 orphan 0 tw 30 alloc 13 mem 94\nUDP: inuse 0 mem 0\n';
const SOCKSTAT6 = 'TCP6: inuse 5\nUDP6: inuse 0\n';

test('processor time of the machine', () => {
  assert.deepEqual(machineTicks(STAT), {
    total: 1888400 + 4843 + 290040 + 3133345 + 7590 + 45738 + 1323,
    busy: 1888400 + 4843 + 290040 + 45738 + 1323,
    steal: 1323,
  });
  for (const text of ['', 'cpu 1 2 3\n', 'intr 1 2 3 4 5 6 7 8\n']) assert.equal(machineTicks(text), null);
});

test('counters of the network', () => {
  assert.equal(netCounter(SNMP, 'Tcp', 'OutSegs'), 132909962);
  assert.equal(netCounter(SNMP, 'Tcp', 'RetransSegs'), 5540);
  assert.equal(netCounter(NETSTAT, 'TcpExt', 'TCPSynRetrans'), 42);
  assert.equal(netCounter(SNMP, 'Tcp', 'NoSuch'), null);
  assert.equal(netCounter('Tcp: OutSegs\n', 'Tcp', 'OutSegs'), null);
  assert.equal(netCounter('', 'Tcp', 'OutSegs'), null);
});

test('sockets that hold ports, TIME_WAIT and IPv6 among them', () => {
  assert.equal(tcpSockets(SOCKSTAT, SOCKSTAT6), 47);
  assert.equal(tcpSockets(SOCKSTAT, ''), 42);
  assert.equal(tcpSockets('', SOCKSTAT6), null);
});

test('throttling of both versions of control groups, where they may be', () => {
  assert.equal(throttledUs('usage_usec 5\nnr_throttled 3\nthrottled_usec 2500\n'), 2500);
  assert.equal(throttledUs('nr_periods 0\nnr_throttled 0\nthrottled_time 2500000\n'), 2500);
  assert.equal(throttledUs('usage_usec 5\n'), null);
  assert.deepEqual(cpuStatFiles('0::/system.slice/run-1.scope\n'), [
    '/sys/fs/cgroup/system.slice/run-1.scope/cpu.stat',
    '/sys/fs/cgroup/unified/system.slice/run-1.scope/cpu.stat',
    '/sys/fs/cgroup/system.slice/cpu.stat',
    '/sys/fs/cgroup/unified/system.slice/cpu.stat',
    '/sys/fs/cgroup/cpu.stat',
    '/sys/fs/cgroup/unified/cpu.stat',
  ]);
  const first = cpuStatFiles('4:memory:/a\n3:cpu,cpuacct:/docker/1\n1:name=systemd:/a\n');
  assert.deepEqual(first, [
    '/sys/fs/cgroup/cpu,cpuacct/docker/1/cpu.stat',
    '/sys/fs/cgroup/cpu,cpuacct/docker/cpu.stat',
    '/sys/fs/cgroup/cpu,cpuacct/cpu.stat',
  ]);
  assert.ok(cpuStatFiles(`0::${'/deep'.repeat(1000)}`).length <= 34);
  assert.deepEqual(cpuStatFiles('0::/../../etc\n')[0], '/sys/fs/cgroup/etc/cpu.stat');
});

test('no text makes a parser throw', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), (text) => {
      machineTicks(`cpu ${text}`);
      cpuStatFiles(`0::/${text}`);
      tcpSockets(text, text);
      netCounter(`Tcp: ${text}\nTcp: ${text}`, 'Tcp', 'OutSegs');
      assert.ok(uptimeUs(text) === null || Number.isFinite(uptimeUs(text)));
    }),
  );
});

/** A machine whose texts and clocks a test moves. */
class Machine implements ProcessReader {
  files: Record<string, string> = {};
  monotonicUs = 1_000_000;
  wallOffsetUs = 1_700_000_000_000_000;
  sleptUs = 0;
  cpu = 0;
  open: number | null = 120;
  /** The monotonic clock goes on by this with every reading of the wall clock. */
  slowReadingUs: number[] = [];

  read(file: string): string | null {
    if (file === '/proc/uptime') return `${((this.monotonicUs + this.sleptUs) / 1e6).toFixed(2)} 1.00\n`;
    return this.files[file] ?? null;
  }
  descriptors(): number | null {
    return this.open;
  }
  cpuUs(): number {
    return this.cpu;
  }
  rssBytes(): number {
    return 99e6;
  }
  wallUs(): number {
    const wallUs = this.wallOffsetUs + this.monotonicUs;
    this.monotonicUs += this.slowReadingUs.shift() ?? 0;
    return wallUs;
  }
  nowUs(): number {
    return this.monotonicUs;
  }
}

const TICK_US = 250_000;

function watchOf(machine: Machine): { watch: ProcessWatch; pass: (us: number) => ProcessVitals[] } {
  const watch = new ProcessWatch('0/1', machine.monotonicUs, { descriptors: 1024, ports: 28_232 }, machine);
  const lines: ProcessVitals[] = [];
  return {
    watch,
    pass: (us) => {
      for (let past = 0; past < us; past += TICK_US) {
        machine.monotonicUs += TICK_US;
        const line = watch.tick(TICK_US);
        if (line !== null) lines.push(line);
      }
      return lines.splice(0);
    },
  };
}

const ticks = (user: number, idle: number, steal: number) => `cpu  ${user} 0 0 ${idle} 0 0 0 ${steal} 0 0\n`;

test('a line holds what passed in its ten seconds, and what is in use', () => {
  const machine = new Machine();
  const group = '/sys/fs/cgroup/x/cpu.stat';
  machine.files = {
    '/proc/self/cgroup': '0::/x\n',
    [group]: 'throttled_usec 1000\n',
    '/sys/fs/cgroup/cpu.stat': 'usage_usec 7\n',
    '/proc/stat': ticks(1000, 1000, 0),
    '/proc/net/snmp': SNMP,
    '/proc/net/netstat': NETSTAT,
    '/proc/net/sockstat': SOCKSTAT,
    '/proc/net/sockstat6': SOCKSTAT6,
  };
  const { pass } = watchOf(machine);
  machine.cpu = 2_500_000;
  machine.files[group] = 'throttled_usec 61000\n';
  machine.files['/proc/stat'] = ticks(1800, 1150, 50);
  machine.files['/proc/net/snmp'] = SNMP.replace('132909962 5540', '132910962 5550');
  machine.files['/proc/net/netstat'] = NETSTAT.replace(' 42', ' 45');
  const [line, ...more] = pass(10e6);
  assert.deepEqual(more, []);
  assert.deepEqual(line, {
    shard: '0/1',
    sliceS: 0,
    cpuPermille: 250,
    stealPermille: 50,
    machineBusyPermille: 850,
    throttledUs: 60_000,
    rssBytes: 99e6,
    descriptors: 120,
    descriptorsMax: 1024,
    tcpSockets: 47,
    portsMax: 28_232,
    segments: 1000,
    retransmitted: 10,
    synRetransmitted: 3,
    clockSetUs: 0,
    sleptUs: 0,
    haltedUs: 0,
  });
  const [second] = pass(10e6);
  assert.deepEqual(
    [second?.sliceS, second?.segments, second?.throttledUs, second?.cpuPermille],
    [10, 0, 0, 0],
  );
});

test('what the system does not say is null, not 0', () => {
  const machine = new Machine();
  machine.open = null;
  const [line] = watchOf(machine).pass(10e6);
  const {
    stealPermille,
    machineBusyPermille,
    throttledUs: throttled,
    descriptors,
    tcpSockets: sockets,
  } = line ?? {};
  assert.deepEqual(
    [stealPermille, machineBusyPermille, throttled, descriptors, sockets],
    [null, null, null, null, null],
  );
  assert.deepEqual([line?.segments, line?.retransmitted, line?.synRetransmitted], [null, null, null]);
});

test('the last line comes when the run is over, however short', () => {
  const machine = new Machine();
  const { watch, pass } = watchOf(machine);
  assert.deepEqual(pass(3e6), []);
  machine.cpu = 300_000;
  assert.equal(watch.tick(TICK_US, true)?.cpuPermille, 100);
});

test('a clock that is set is told from one that is slewed, and from sleep', () => {
  const clocks = (happen: (machine: Machine) => void) => {
    const machine = new Machine();
    const { pass } = watchOf(machine);
    pass(2e6);
    happen(machine);
    const [line] = pass(8e6);
    return [line?.clockSetUs, line?.sleptUs];
  };
  assert.deepEqual(
    clocks(() => {}),
    [0, 0],
  );
  assert.deepEqual(
    clocks((machine) => (machine.wallOffsetUs -= 3_600e6)),
    [-3_600e6, 0],
  );
  assert.deepEqual(
    clocks((machine) => (machine.wallOffsetUs += 99_000)),
    [0, 0],
  );
  const asleep = (machine: Machine) => {
    machine.sleptUs += 725e6;
    machine.wallOffsetUs += 725e6;
  };
  assert.deepEqual(clocks(asleep), [0, 725e6]);
  assert.deepEqual(
    clocks((machine) => {
      asleep(machine);
      machine.wallOffsetUs += 5e6;
    }),
    [5e6, 725e6],
  );
});

test('a process that was stopped between the readings of two clocks reads them again', () => {
  const machine = new Machine();
  const { pass } = watchOf(machine);
  pass(9_750_000);
  machine.slowReadingUs = [2e6];
  assert.deepEqual(
    pass(TICK_US).map(({ clockSetUs }) => clockSetUs),
    [0],
  );
});

test('a main thread that did not come round is told with its longest absence', () => {
  const machine = new Machine();
  const { pass } = watchOf(machine);
  pass(1e6);
  machine.monotonicUs += 1_200_000;
  const [line] = pass(9e6);
  assert.equal(line?.haltedUs, 1_200_000);
});

test('an address of an interface of this machine is its own', () => {
  const interfaces = { lo: [{ address: '::1' }], eth0: [{ address: '10.0.0.5' }, { address: 'fe80::1' }] };
  assert.ok(isOwnAddress(['192.0.2.7', '10.0.0.5'], interfaces));
  assert.ok(isOwnAddress(['127.0.0.2'], interfaces));
  assert.ok(isOwnAddress(['::1'], interfaces));
  assert.ok(!isOwnAddress(['10.0.0.55', '192.0.2.7'], interfaces));
});
