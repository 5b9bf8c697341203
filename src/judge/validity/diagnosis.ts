// Diagnosis: why the generator fell short, where it did. Causes explain a finding and are never one themselves.
import { OUTCOME_INDEX } from '../../measure/outcome.js';
import { type Snapshot, sumGroups } from '../../measure/snapshot.js';
import { STALL_CAUSES, type StallCause, type StallTimes } from '../../measure/vitals.js';
import { formatDuration, formatOffset, formatShare } from '../../units.js';
import type { Finding } from './finding.js';
import { type Fitness, fitnessOf, type SliceFitness } from './fitness.js';

/** From where a cause is named; the figures of method and limits are those that the findings print. */
export const CAUSE_LIMITS = {
  /** Stalls of one cause in ten seconds, all workers together: that much shows in responses. */
  stallUs: 5_000,
  /** A cause of less than this share of all stalls explains nothing. */
  stallShare: 0.05,
  /** An event loop this busy has queues of its own. */
  busyPermille: 700,
  /** Of the machine's processor time, in ten seconds. */
  stealPermille: 20,
  /** Held back by a quota in ten seconds. */
  throttledUs: 10_000,
  /** Descriptors or ports in use, of those that there are. */
  inUse: 0.9,
};

interface Cause {
  readonly finding: Finding;
  /** How much it may explain: time lost, over all workers. */
  readonly weightUs: number;
}

/** Notes that name the likely causes of what was found to be ours, those that explain most first. */
export function causesOfOurs(snapshot: Snapshot): Finding[] {
  const fitness = fitnessOf(snapshot);
  const causes = [
    ...exhausted(snapshot, fitness),
    ...stalls(fitness),
    ...steal(fitness),
    ...throttled(fitness),
    ...saturated(fitness),
  ];
  return causes.sort((a, b) => b.weightUs - a.weightUs).map(({ finding }) => finding);
}

interface StallWords {
  readonly id: string;
  readonly what: string;
  readonly advice: string;
}

const STALLS: Readonly<Record<StallCause, StallWords>> = {
  gc: {
    id: 'gc',
    what: 'collecting garbage held the event loop up',
    advice: 'give the run more workers; what hooks and captures keep or make is collected too',
  },
  hook: {
    id: 'hook_blocked',
    what: 'hooks of the scenario held the event loop up',
    advice: 'make hooks cheaper: no files, no waiting, nothing that can be worked out before the run',
  },
  busy: {
    id: 'loop_blocked',
    what: 'work of the sender itself held the event loop up',
    advice: 'give it more workers or machines, or less to send; large bodies, checks and captures cost most',
  },
  preempted: {
    id: 'preempted',
    what: 'other work on this machine took the processor from it',
    advice: 'free this machine of other work; where CI shares processors, ask for more of them',
  },
  halted: {
    id: 'halted',
    what: 'the process did not run at all: it was stopped, or the machine under it stood still',
    advice: 'do not stop or suspend a run; on a virtual machine look at its host',
  },
  unknown: {
    id: 'loop_stalls',
    what: 'the event loop stalled',
    advice: 'free this machine of other work; where CI throttles or shares processors, ask for more of them',
  },
};

function stalls({ gapUs, slices, stalls: sums }: Fitness): Cause[] {
  return STALL_CAUSES.flatMap((cause) => {
    const { id, what, advice } = STALLS[cause];
    const worst = mostOf(slices, (slice) => slice.stalls[cause]);
    if (worst === undefined || worst.stalls[cause] <= CAUSE_LIMITS.stallUs) return [];
    if (sums[cause] < CAUSE_LIMITS.stallShare * gapUs) return [];
    const busy =
      cause === 'preempted' && worst.machineBusyPermille !== null
        ? `, with the machine ${formatShare(worst.machineBusyPermille / 1e3)} busy`
        : '';
    const finding = {
      ...note(id, `${what}, ${formatDuration(sums[cause])} in all, `, advice),
      figure: worst.stalls[cause] / 1e3,
      limit: CAUSE_LIMITS.stallUs / 1e3,
      unit: 'ms' as const,
    };
    const message = `${finding.message}${formatDuration(worst.stalls[cause])} in the ${tenSeconds(worst)}${busy}`;
    return [{ finding: { ...finding, message }, weightUs: sums[cause] }];
  });
}

function steal({ slices }: Fitness): Cause[] {
  const worst = mostOf(slices, ({ stealPermille }) => stealPermille ?? 0);
  const permille = worst?.stealPermille ?? 0;
  if (worst === undefined || permille <= CAUSE_LIMITS.stealPermille) return [];
  return [
    {
      finding: {
        ...note(
          'steal',
          `the host of this machine gave ${formatShare(permille / 1e3)} of its processor time to others in the ${tenSeconds(worst)}`,
          'use a machine with processors of its own, or a larger one',
        ),
        figure: permille / 1e3,
        limit: CAUSE_LIMITS.stealPermille / 1e3,
        unit: 'share',
      },
      weightUs: slices.reduce((sum, slice) => sum + (slice.stealPermille ?? 0) * 1e4, 0),
    },
  ];
}

function throttled({ slices }: Fitness): Cause[] {
  const worst = mostOf(slices, (slice) => slice.throttledUs);
  if (worst === undefined || worst.throttledUs <= CAUSE_LIMITS.throttledUs) return [];
  const allUs = slices.reduce((sum, slice) => sum + slice.throttledUs, 0);
  return [
    {
      finding: {
        ...note(
          'throttled',
          `a processor quota of its container held the process back ${formatDuration(allUs)} in all, ${formatDuration(worst.throttledUs)} in the ${tenSeconds(worst)}`,
          'raise the CPU limit of the container, or take it away',
        ),
        figure: worst.throttledUs / 1e3,
        limit: CAUSE_LIMITS.throttledUs / 1e3,
        unit: 'ms',
      },
      weightUs: allUs,
    },
  ];
}

function saturated({ slices }: Fitness): Cause[] {
  const worst = mostOf(slices, ({ busyPermille }) => busyPermille);
  if (worst === undefined || worst.busyPermille <= CAUSE_LIMITS.busyPermille) return [];
  // A loop that stands still counts as busy: that much of it has been explained.
  const overUs = ({ busyPermille, stalls: of }: SliceFitness) =>
    Math.max(0, (busyPermille - CAUSE_LIMITS.busyPermille) * 1e4 - sumOf(of));
  return [
    {
      finding: {
        ...note(
          'loop_busy',
          `a worker was busy ${formatShare(worst.busyPermille / 1e3)} of the ${tenSeconds(worst)}`,
          'spread the load over more workers or machines',
        ),
        figure: worst.busyPermille / 1e3,
        limit: CAUSE_LIMITS.busyPermille / 1e3,
        unit: 'share',
      },
      weightUs: slices.reduce((sum, slice) => sum + overUs(slice), 0),
    },
  ];
}

/** Descriptors and ports, where requests failed for want of something of the kind. */
function exhausted(snapshot: Snapshot, { slices }: Fitness): Cause[] {
  if ((sumGroups(snapshot).counts.outcomes[OUTCOME_INDEX.local] as number) === 0) return [];
  const things = [
    ['descriptors', 'descriptors of this process were in use', 'raise `ulimit -n`, or use more machines'],
    [
      'ports',
      'ports of this machine were held by sockets, those in TIME_WAIT among them',
      'widen `net.ipv4.ip_local_port_range`, keep connections, or name more addresses in `sources`',
    ],
  ] as const;
  return things.flatMap(([id, what, advice]) => {
    const worst = mostOf(slices, (slice) => slice[id] ?? 0);
    const share = worst?.[id] ?? 0;
    if (worst === undefined || share <= CAUSE_LIMITS.inUse) return [];
    const message = `${formatShare(share)} of the ${what} in the ${tenSeconds(worst)}`;
    return [
      {
        finding: {
          ...note(id, message, advice),
          figure: share,
          limit: CAUSE_LIMITS.inUse,
          unit: 'share' as const,
        },
        weightUs: Number.POSITIVE_INFINITY,
      },
    ];
  });
}

function note(id: string, message: string, advice: string) {
  return { id, level: 'note' as const, message: `likely cause: ${message}`, advice };
}

function tenSeconds({ sliceS }: SliceFitness): string {
  return `ten seconds from ${formatOffset(sliceS * 1e6)}`;
}

function sumOf(times: StallTimes): number {
  return STALL_CAUSES.reduce((sum, cause) => sum + times[cause], 0);
}

function mostOf(
  slices: readonly SliceFitness[],
  read: (slice: SliceFitness) => number,
): SliceFitness | undefined {
  return slices.reduce<SliceFitness | undefined>(
    (most, slice) => (most === undefined || read(slice) > read(most) ? slice : most),
    undefined,
  );
}
