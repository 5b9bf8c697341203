// The details under the first screen: every figure that the report has, a section each.

import { closedThroughS, errorShare, okOf } from '../judge/facts.js';
import { failedShare } from '../judge/incident/who.js';
import type { Judgement } from '../judge/verdict.js';
import type { Counts } from '../measure/cell.js';
import type { Histogram } from '../measure/histogram.js';
import { OUTCOME_WORDS, OUTCOMES } from '../measure/outcome.js';
import { type Snapshot, sumGroups } from '../measure/snapshot.js';
import { formatBytes, formatCount, formatMultiple, formatOffset, formatRate, formatShare } from '../units.js';
import { capacity } from './capacity.js';
import { connectionTable } from './connection-table.js';
import { ofDistribution, type Readable, sumSlices } from './durations.js';
import { safe } from './escape.js';
import { fidelity } from './fidelity.js';
import { gateReasons } from './gates.js';
import { generator } from './generator.js';
import { inducedTable } from './induced.js';
import { type Column, flow, type Line, lineOf, type Piece, piece, table } from './line.js';
import { recordedTables } from './recorded.js';
import { coverage, findings, run } from './remarks.js';
import { timeline } from './story.js';
import { formatReading, NONE, plural } from './words.js';

const TENANTS_SHOWN = 10;

/** Sections in the order of what a reader would ask next; those without anything to say are left out. */
export function details(snapshot: Snapshot, judgement: Judgement, width: number): Line[] {
  const inner = width - 1;
  const sections = [
    timeline(judgement, inner),
    outcomes(snapshot, inner),
    statuses(snapshot, inner),
    phases(snapshot, inner),
    streams(snapshot, inner),
    routes(snapshot, inner),
    inducedTable(snapshot, inner),
    caches(snapshot, inner),
    connectionTable(snapshot, inner),
    recordedTables(judgement, inner),
    tenants(snapshot, judgement, inner),
    times(snapshot, inner),
    outages(judgement, inner),
    capacity(snapshot, judgement, inner),
    gateReasons(judgement, inner),
    fidelity(judgement, inner),
    generator(snapshot, inner),
    findings(judgement, inner),
    coverage(snapshot, judgement, inner),
    run(snapshot, inner),
  ];
  return sections
    .filter((section) => section.length > 0)
    .flatMap((section) => [[], ...section.map((line) => lineOf(' ', ...line))]);
}

function outcomes(snapshot: Snapshot, width: number): Line[] {
  const { counts } = sumGroups(snapshot);
  const rows = OUTCOMES.flatMap((name, i): Piece[][] => {
    const n = counts.outcomes[i] as number;
    if (n === 0) return [];
    const share = formatShare(n / counts.planned);
    const style = name === 'ok' ? 'good' : 'bad';
    return [
      [piece(name.replace('_', ' '), style), piece(formatCount(n)), piece(share), piece(OUTCOME_WORDS[name])],
    ];
  });
  rows.push([
    piece('planned'),
    piece(formatCount(counts.planned)),
    piece(''),
    piece(
      `${formatCount(counts.sent)} sent in ${plural(counts.attempts, formatCount(counts.attempts), 'attempt')}, ${formatBytes(counts.bytes)} read`,
      'dim',
    ),
  ]);
  return table([title('OUTCOMES'), right('requests'), right('share'), left('')], rows, width);
}

function statuses(snapshot: Snapshot, width: number): Line[] {
  const { counts } = sumGroups(snapshot);
  if (counts.statuses.size === 0) return [];
  const items = [...counts.statuses]
    .sort(([a], [b]) => a - b)
    .map(([status, n]): Line => [piece(String(status)), piece(` ${formatCount(n)}`, 'dim')]);
  return flow([[piece('STATUSES', 'bold')], ...items], width, '   ');
}

function phases(snapshot: Snapshot, width: number): Line[] {
  const { head } = snapshot;
  if (head.phases.length < 2) return [];
  const closedS = closedThroughS(snapshot);
  const rows = head.phases.map(({ name, startS, endS }, i): Piece[] => {
    const { counts } = sumGroups(snapshot, (group) => group.phase === i);
    const seconds = Math.min(endS, closedS) - startS;
    const rate = (n: number): string => (seconds > 0 ? formatRate(n / seconds) : NONE);
    return [
      piece(name),
      piece(`${formatOffset(startS * 1e6)} to ${formatOffset(endS * 1e6)}`),
      piece(formatCount(counts.planned)),
      piece(rate(counts.planned)),
      piece(rate(okOf(counts))),
      ...failedCells(counts),
    ];
  });
  const columns = [title('PHASES'), right('due'), right('planned'), right('rate'), right('ok'), ...FAILED];
  return table(columns, rows, width);
}

function streams(snapshot: Snapshot, width: number): Line[] {
  const names = snapshot.head.plan.streams.map(({ name }) => name);
  if (names.length < 2) return [];
  return parts('STREAMS', names, (i) => sumGroups(snapshot, (group) => group.stream === i), width);
}

function routes(snapshot: Snapshot, width: number): Line[] {
  const names = snapshot.head.plan.routes.map(({ name }) => name);
  if (names.length < 2) return [];
  return parts('ROUTES', names, (i) => sumGroups(snapshot, (group) => group.route === i), width);
}

/** By route, where a cache on the way said anything. */
function caches(snapshot: Snapshot, width: number): Line[] {
  const rows = snapshot.head.plan.routes.flatMap(({ name }, i): Piece[][] => {
    const { counts } = sumGroups(snapshot, (group) => group.route === i);
    const { cacheHits, cacheMisses } = counts;
    const said = cacheHits + cacheMisses;
    if (said === 0) return [];
    const silent = [...counts.statuses.values()].reduce((sum, n) => sum + n, 0) - said;
    return [
      [
        piece(safe(name)),
        piece(formatCount(cacheHits)),
        piece(formatShare(cacheHits / said)),
        piece(formatCount(cacheMisses)),
        piece(formatCount(Math.max(0, silent))),
      ],
    ];
  });
  if (rows.length === 0) return [];
  return table([title('CACHE'), right('hits'), right(''), right('misses'), right('not said')], rows, width);
}

type Sum = { readonly counts: Counts; readonly response: Histogram };

function parts(heading: string, names: readonly string[], sumOf: (i: number) => Sum, width: number): Line[] {
  const rows = names.flatMap((name, i): Piece[][] => {
    const { counts, response } = sumOf(i);
    if (counts.planned === 0) return [];
    return [
      [
        piece(safe(name)),
        piece(formatCount(counts.planned)),
        ...failedCells(counts),
        ...quantileCells(response),
      ],
    ];
  });
  return table([title(heading), right('planned'), ...FAILED, ...QUANTILES], rows, width);
}

function tenants(snapshot: Snapshot, { incident: { hit } }: Judgement, width: number): Line[] {
  if (hit.tenants.length < 2) return [];
  const hot = new Set(hit.hot.map(({ name }) => name));
  const rows = hit.tenants.slice(0, TENANTS_SHOWN).map((toll): Piece[] => {
    const response = snapshot.tenants.get(toll.name)?.response;
    return [
      piece(`${safe(toll.name)}${hot.has(toll.name) ? ' (hot)' : ''}`),
      piece(formatCount(toll.planned)),
      piece(formatCount(toll.failed)),
      piece(formatShare(failedShare(toll)), toll.failed > 0 ? 'bad' : 'good'),
      ...(response === undefined ? [] : quantileCells(ofDistribution(response))),
    ];
  });
  const lines = table([title('STORES'), right('planned'), ...FAILED, ...QUANTILES], rows, width);
  const more = hit.tenants.length - rows.length;
  const rest = `and ${formatCount(more)} more; ${formatCount(hit.untouched)} of all untouched`;
  return more === 0 ? lines : [...lines, [piece(rest, 'dim')]];
}

/** Percentiles of each of the four durations, from merged histograms. */
function times(snapshot: Snapshot, width: number): Line[] {
  const kinds: [string, Readable, string][] = [
    ['response', sumGroups(snapshot).response, 'end − due: what a shopper feels'],
    ['service', ofDistribution(sumSlices(snapshot, 'service')), 'end − sent: the target'],
    ['wait', ofDistribution(sumSlices(snapshot, 'wait')), 'sent − fired: connecting'],
    ['lag', ofDistribution(sumSlices(snapshot, 'lag')), 'fired − due: ours'],
  ];
  const slip = sumSlices(snapshot, 'slip');
  if (slip.count > 0)
    kinds.push(['slip', ofDistribution(slip), 'ready − due, of steps that had to wait for the one before']);
  const rows = kinds.map(([name, of, meaning]): Piece[] => [
    piece(name),
    ...[0.5, 0.9, 0.95, 0.99, 0.999].map((q) => piece(formatReading(of.quantile(q)))),
    piece(formatReading(of.maximum())),
    piece(formatReading(of.mean())),
    piece(meaning, 'dim'),
  ]);
  const heads = ['p50', 'p90', 'p95', 'p99', 'p99.9', 'max', 'mean'].map(right);
  return table([title('TIMES'), ...heads, { ...left(''), keep: 0 }], rows, width);
}

function outages({ incident }: Judgement, width: number): Line[] {
  if (incident.outages.length < 2) return [];
  const rows = incident.outages.map((outage): Piece[] => [
    piece(
      `${formatOffset(outage.startS * 1e6)} to ${outage.endS === null ? 'the end' : formatOffset(outage.endS * 1e6)}`,
    ),
    piece(formatMultiple(outage.multiple)),
    piece(formatRate(outage.ratePerSec)),
    piece(formatShare(outage.worst.share), 'bad'),
    piece(formatCount(outage.lost)),
  ]);
  const columns = [
    title('OUTAGES'),
    right('broke at'),
    right('rate'),
    right('worst second'),
    right('requests lost'),
  ];
  return table(columns, rows, width);
}

const left = (head: string): Column => ({ head, align: 'left' });
const right = (head: string): Column => ({ head, align: 'right' });
const title = (head: string): Column => ({ head, align: 'left', style: 'bold' });
const FAILED = [right('failed'), right('')];
const QUANTILES = [right('p50'), right('p95'), right('p99')];

function failedCells(counts: Counts): Piece[] {
  const failed = counts.planned - okOf(counts);
  const share = errorShare({ planned: counts.planned, ok: okOf(counts) });
  return [
    piece(counts.planned === 0 ? NONE : formatCount(failed)),
    piece(share === null ? NONE : formatShare(share), failed > 0 ? 'bad' : 'good'),
  ];
}

function quantileCells(of: Readable): Piece[] {
  return [0.5, 0.95, 0.99].map((q) => piece(formatReading(of.quantile(q))));
}
