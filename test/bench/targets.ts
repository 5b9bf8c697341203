// What is asked of the engine, beside whom, and by which figure.
import type { Target } from './results.js';

const LOOP = '50 connections';
export const MANY = '10,000 idle connections';

/** Names of our own sides. */
export const OURS = {
  wire: 'wire',
  wireSleeps: 'wire, sleeping',
  h2: 'http2',
  undiciSleeps: 'undici, sleeping',
} as const;

function loop(section: string, what: string, beside: string, atLeast: number): Target[] {
  const asked = { section, load: LOOP, side: OURS.wire, beside, atLeast };
  return [
    { ...asked, what: `requests a second on one core${what}`, metric: 'perSec' },
    { ...asked, what: `requests a CPU second${what}`, metric: 'perCpuSec' },
  ];
}

function onTime(section: string, load: string): Target[] {
  const at = { section, load, side: OURS.wire };
  return [
    { ...at, what: `arrival error p50, µs, ${load}`, metric: 'p50Us', atMost: 30 },
    { ...at, what: `arrival error p99, µs, ${load}`, metric: 'p99Us', atMost: 400 },
  ];
}

function cpu(load: string, beside: string, atMost: number): Target {
  const what = `CPU µs a request at ${load}`;
  return { what, section: 'paced', load, side: OURS.wireSleeps, metric: 'cpuUs', beside, atMost };
}

export const TARGETS: readonly Target[] = [
  ...loop('ceiling', '', 'wrk', 0.9),
  ...loop('ceiling', '', 'autocannon', 1.6),
  ...loop('tls', ', TLS', 'wrk', 0.8),
  {
    what: 'requests a CPU second, HTTP/2',
    section: 'h2',
    load: '5 connections of 10 streams',
    side: OURS.h2,
    metric: 'perCpuSec',
    beside: 'h2load',
  },
  {
    what: 'TLS handshakes a CPU second',
    section: 'handshakes',
    load: 'full',
    side: OURS.wire,
    metric: 'perCpuSec',
    beside: 'autocannon',
  },
  {
    what: 'TLS handshakes a CPU second',
    section: 'handshakes',
    load: 'full',
    side: OURS.wire,
    metric: 'perCpuSec',
    beside: 'ab',
  },
  cpu('2,000/s', 'autocannon', 1.2),
  cpu('5,000/s', 'autocannon', 1.2),
  cpu('5,000/s', OURS.undiciSleeps, 0.7),
  cpu('10,000/s', 'autocannon', 1.2),
  ...onTime('paced', '2,000/s'),
  ...onTime('paced', '10,000/s'),
  ...onTime('spike', '2,000/s, 5×'),
  {
    what: 'two workers beside one, requests a second',
    section: 'workers',
    load: 'closed loop',
    side: 'two workers',
    metric: 'perSec',
    beside: 'one worker',
    atLeast: 1.8,
  },
  {
    what: 'two workers beside one, a CPU second',
    section: 'workers',
    load: 'closed loop',
    side: 'two workers',
    metric: 'perCpuSec',
    beside: 'one worker',
    atLeast: 0.9,
  },
  {
    what: `memory MB at ${MANY}`,
    section: 'memory',
    load: MANY,
    side: OURS.wire,
    metric: 'rssMb',
    atMost: 200,
  },
  {
    what: 'KB a connection',
    section: 'memory',
    load: MANY,
    side: OURS.wire,
    metric: 'kbPerConnection',
    atMost: 8,
  },
];
