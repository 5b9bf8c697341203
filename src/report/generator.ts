// The generator's section of the details: its workers, what held them up, and what their machine was like.
import { ageDays } from '../judge/ceiling.js';
import { type Fitness, failuresInStalls, fitnessOf, type SliceFitness } from '../judge/validity/fitness.js';
import type { Head, Snapshot } from '../measure/snapshot.js';
import { STALL_CAUSES, type StallCause } from '../measure/vitals.js';
import { formatCount, formatDuration, formatRate, formatShare } from '../units.js';
import { safe } from './escape.js';
import { fact, type Line, piece } from './line.js';
import { plural } from './words.js';

export function generator(snapshot: Snapshot, width: number): Line[] {
  const { head, health } = snapshot;
  const fitness = fitnessOf(snapshot);
  const lines: Line[] = [[piece('GENERATOR', 'bold')]];
  const { workers } = head;
  const shards = head.shards.map(({ i, n }) => `${i}/${n}`).join(' ');
  const hosts = head.hosts.map(safe).join(', ');
  const on = hosts === '' ? '' : ` on ${hosts}`;
  lines.push(
    ...fact(
      'workers',
      `${formatCount(workers)}${on}, shard${head.shards.length === 1 ? '' : 's'} ${shards}`,
      width,
    ),
    ...ceiling(head, width),
  );
  if (health.length === 0) return lines;
  const { gaps, busyPermilleMax, inFlightMax } = fitness;
  let hookCalls = 0;
  let hookUs = 0;
  for (const line of health) {
    hookCalls += line.hookCalls;
    hookUs += line.hookUs;
  }
  lines.push(
    ...fact('stalls', stallWords(fitness), width),
    ...coincidence(snapshot, gaps, width),
    ...fact(
      'busy',
      `${formatShare(busyPermilleMax / 1e3)} at most, ${formatCount(inFlightMax)} in flight at most`,
      width,
    ),
  );
  if (fitness.gcs > 0) {
    const { gcs, gcUs, gcMaxUs } = fitness;
    const each = `${formatDuration(gcUs)} in all, ${formatDuration(gcMaxUs)} at the longest`;
    lines.push(...fact('garbage', `${plural(gcs, formatCount(gcs), 'collection')}, ${each}`, width));
  }
  const machine = machineWords(fitness);
  if (machine.length > 0) lines.push(...fact('machine', machine.join(', '), width));
  if (hookCalls > 0)
    lines.push(
      ...fact(
        'hooks',
        `${formatCount(hookCalls)} calls, ${formatDuration(hookUs / hookCalls)} each, ${formatDuration(hookUs)} in all`,
        width,
      ),
    );
  return lines;
}

/** How the planned peak stood to what the machine can send. */
function ceiling({ calibration, startedAt }: Head, width: number): Line[] {
  if (calibration === undefined) return [];
  const { ceilingPerSec, share, measuredAt } = calibration;
  const days = ageDays(measuredAt, Date.parse(startedAt));
  const when = days === 0 ? 'on the same day' : `${plural(days, formatCount(days), 'day')} before`;
  const text = `${formatRate(ceilingPerSec)} by calibration ${when}; the planned peak is ${formatShare(share)} of it`;
  return fact('ceiling', text, width);
}

const STALL_WORDS: Readonly<Record<StallCause, string>> = {
  gc: 'garbage',
  hook: 'hooks',
  busy: 'work of its own',
  preempted: 'a wait for a processor',
  halted: 'a halt of the process',
  unknown: 'not known',
};

/** How many there were, how long, and what they were due to, the most first. */
function stallWords({ gaps, gapUs, gapMaxUs, stalls }: Fitness): string {
  if (gaps === 0) return 'none of 1 ms or more';
  const causes = STALL_CAUSES.filter((cause) => stalls[cause] > 0)
    .sort((a, b) => stalls[b] - stalls[a])
    .map((cause) => `${STALL_WORDS[cause]} ${formatDuration(stalls[cause])}`);
  const long = `${formatDuration(gapUs)} in all, ${formatDuration(gapMaxUs)} at the longest`;
  return `${formatCount(gaps)} of 1 ms and more, ${long}; ${causes.join(', ')}`;
}

/** How many of the requests that failed did so in stalls of our own. */
function coincidence(snapshot: Snapshot, gaps: number, width: number): Line[] {
  const { failed, inStalls } = failuresInStalls(snapshot);
  if (gaps === 0 || failed === 0) return [];
  const of = `${formatCount(inStalls)} of ${plural(failed, formatCount(failed), 'request')} that failed`;
  return fact('failures', `${of} coincide with a stall`, width);
}

/** What the machine's worst ten seconds were like, as far as it says. */
function machineWords({ slices }: Fitness): string[] {
  const most = (read: (slice: SliceFitness) => number | null) =>
    slices.reduce<number | null>((max, slice) => {
      const figure = read(slice);
      return figure === null ? max : Math.max(max ?? 0, figure);
    }, null);
  const busy = most(({ machineBusyPermille }) => machineBusyPermille);
  const steal = most(({ stealPermille }) => stealPermille);
  const throttledUs = slices.reduce((sum, slice) => sum + slice.throttledUs, 0);
  const descriptors = most((slice) => slice.descriptors);
  const ports = most((slice) => slice.ports);
  return [
    ...(busy === null ? [] : [`busy ${formatShare(busy / 1e3)} at most`]),
    ...(steal === null || steal === 0 ? [] : [`${formatShare(steal / 1e3)} of it taken by its host`]),
    ...(throttledUs === 0 ? [] : [`held back by a quota ${formatDuration(throttledUs)}`]),
    ...(descriptors === null ? [] : [`descriptors ${formatShare(descriptors)} in use`]),
    ...(ports === null ? [] : [`ports ${formatShare(ports)} in use`]),
  ];
}
