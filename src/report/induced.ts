// Induced load in the report: a sentence for the first screen, a section of the details, and the summary's part.
import { type Induced, inducedLoad } from '../judge/induced.js';
import type { Snapshot } from '../measure/snapshot.js';
import { formatCount, formatOffset, formatShare } from '../units.js';
import { type Line, piece, table } from './line.js';
import { round } from './summary/rounded.js';
import type { Summary } from './summary-schema.js';
import { NONE, plural } from './words.js';

/** `1.9 attempts a request at the worst (12:03), 38.0 % of the load was induced; …`; null where the plan has no part of it. */
export function inducedSentence(snapshot: Snapshot): string | null {
  const induced = inducedLoad(snapshot);
  if (induced === null) return null;
  const { retries, reloads } = snapshot.head.plan;
  const said = retries === undefined && reloads === undefined ? [] : [load(induced)];
  if (induced.overBudget > 0) {
    said.push(`the budget refused ${countRetries(induced.overBudget)}`);
  }
  if (snapshot.head.plan.abandon !== undefined) said.push(abandoned(induced));
  return said.join('; ');
}

function load({ worst, share, retries, reloads }: Induced): string {
  if (retries + reloads === 0) return 'none, nothing was sent again';
  const parts = [
    ...(retries === 0 ? [] : [countRetries(retries)]),
    ...(reloads === 0 ? [] : [plural(reloads, formatCount(reloads), 'reload')]),
  ];
  const most =
    worst === null
      ? ''
      : `, ${attempts(worst.amplification)} attempts a request at the worst (${formatOffset(worst.fromS * 1e6)})`;
  return `${parts.join(' and ')}${most}: ${formatShare(share ?? 0)} of the load was induced`;
}

function abandoned({ visitsAbandoned, requestsAbandoned }: Induced): string {
  const visits = plural(visitsAbandoned, formatCount(visitsAbandoned), 'visit');
  if (requestsAbandoned === 0) return `${visits} abandoned`;
  const requests = plural(requestsAbandoned, formatCount(requestsAbandoned), 'request');
  return `${visits} abandoned, with ${requests}`;
}

/** Offered and induced load by phase. */
export function inducedTable(snapshot: Snapshot, width: number): Line[] {
  const induced = inducedLoad(snapshot);
  if (induced === null || induced.whole.again === 0) return [];
  const rows = [...induced.phases, { phase: 'all', ...induced.whole }].map(
    ({ phase, operations, again, amplification }) => [
      piece(phase),
      piece(formatCount(operations)),
      piece(formatCount(again), again > 0 ? 'bad' : 'good'),
      piece(attempts(amplification)),
    ],
  );
  // A run of one phase would say the same twice.
  if (induced.phases.length === 1) rows.pop();
  const right = (head: string) => ({ head, align: 'right' as const });
  return table(
    [
      { head: 'RETRIES', align: 'left', style: 'bold' },
      right('first attempts'),
      right('sent again'),
      right('attempts a request'),
    ],
    rows,
    width,
  );
}

/** The summary's part; undefined where the plan has no part of it. */
export function inducedSummary(snapshot: Snapshot): Summary['induced'] {
  const induced = inducedLoad(snapshot);
  if (induced === null) return undefined;
  const { whole, share, retries, reloads, overBudget, retryAfters } = induced;
  const figures = ({ operations, again, amplification }: Induced['whole']) => ({
    operations,
    again,
    amplification: amplification === null ? null : round(amplification, 6),
  });
  return {
    ...figures(whole),
    share: share === null ? null : round(share, 9),
    retries,
    reloads,
    overBudget,
    retryAfters,
    visitsAbandoned: induced.visitsAbandoned,
    requestsAbandoned: induced.requestsAbandoned,
    worst: induced.worst && { atS: induced.worst.fromS, ...figures(induced.worst) },
    phases: induced.phases.map(({ phase, ...of }) => ({ name: phase, ...figures(of) })),
    slices: induced.slices.map(({ fromS, operations, again }) => ({ atS: fromS, operations, again })),
  };
}

function countRetries(n: number): string {
  return `${formatCount(n)} ${n === 1 ? 'retry' : 'retries'}`;
}

function attempts(amplification: number | null): string {
  return amplification === null ? NONE : amplification.toFixed(2);
}
