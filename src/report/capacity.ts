// What a run shows of the shop's capacity: goodput against load, the knee, how late capacity came, what a lag needs.
import { normalRatePerSec } from '../judge/facts.js';
import type { Drain } from '../judge/incident/drain.js';
import type { Goodput, Point } from '../judge/incident/goodput.js';
import type { Headroom } from '../judge/incident/headroom.js';
import type { Incident } from '../judge/incident/incident.js';
import type { Judgement } from '../judge/verdict.js';
import type { Snapshot } from '../measure/snapshot.js';
import { formatDuration, formatMultiple, formatOffset, formatRate, formatShare } from '../units.js';
import { type Column, type Line, labelled, type Piece, piece, table } from './line.js';
import { NONE } from './words.js';

const LABEL_COLUMNS = 13;
/** Rows of the goodput table, at most. */
const LOADS = 8;

/** A table of goodput at rising loads, and what is read from it, a line each. */
export function capacity(snapshot: Snapshot, { incident }: Judgement, width: number): Line[] {
  const { goodput, knee } = incident;
  const said = [
    ...kneeWords(snapshot, incident),
    ...(goodput === null ? [] : curveWords(goodput)),
    ...scalerWords(incident),
    ...headroomSaid(incident),
    ...incident.outages.flatMap(({ drain }) => (drain === null ? [] : drainWords(drain))),
  ].flatMap((one) => sentence(one, width));
  // A shop that was never saturated has no curve to show but what was planned.
  return goodput === null || knee === null ? said : [...curve(goodput, width), ...said];
}

interface Said {
  readonly label: string;
  readonly text: string;
  readonly style?: Piece['style'];
}

function sentence({ label, text, style }: Said, width: number): Line[] {
  return labelled(piece(label, 'bold'), LABEL_COLUMNS, text, width + 1).map((line) =>
    line.map((part, i) => {
      // Sections are moved in by a blank as a whole.
      if (i === 0) return { ...part, text: part.text.slice(1) };
      return style !== undefined && i === line.length - 1 ? { ...part, style } : part;
    }),
  );
}

function curve({ points }: Goodput, width: number): Line[] {
  const loads = points.map(({ offeredPerSec }) => offeredPerSec);
  const low = loads.reduce((min, load) => Math.min(min, load), Number.POSITIVE_INFINITY);
  const high = loads.reduce((max, load) => Math.max(max, load), 0);
  const rowOf = ({ offeredPerSec }: Point): number =>
    Math.min(LOADS - 1, Math.floor((LOADS * (offeredPerSec - low)) / Math.max(1e-9, high - low)));
  const rows = Array.from({ length: LOADS }, (_, row) => points.filter((point) => rowOf(point) === row))
    .filter((own) => own.length > 0)
    .map((own): Piece[] => [
      piece(`of ${formatRate(mean(own, ({ offeredPerSec }) => offeredPerSec))}`),
      ...served(own.filter(({ side }) => side === 'onset')),
      ...served(own.filter(({ side }) => side === 'decay')),
    ]);
  const columns: Column[] = [
    { head: 'GOODPUT', align: 'right', style: 'bold' },
    ...['on the way up', 'failed', 'on the way down', 'failed'].map(
      (head): Column => ({ head, align: 'right' }),
    ),
  ];
  return table(columns, rows, width);
}

function served(points: readonly Point[]): Piece[] {
  if (points.length === 0) return [piece(NONE), piece('')];
  const ok = mean(points, ({ okPerSec }) => okPerSec);
  const offered = mean(points, ({ offeredPerSec }) => offeredPerSec);
  const failed = offered === 0 ? 0 : Math.max(0, 1 - ok / offered);
  return [piece(formatRate(ok)), piece(formatShare(failed), failed > 0 ? 'bad' : 'good')];
}

function mean(points: readonly Point[], of: (point: Point) => number): number {
  return points.reduce((sum, point) => sum + of(point), 0) / points.length;
}

function kneeWords({ head }: Snapshot, { knee }: Incident): Said[] {
  if (knee === null) return [];
  const normal = normalRatePerSec(head);
  const multiple = normal > 0 ? `, ${formatMultiple(knee.ratePerSec / normal)} of normal` : '';
  return [
    {
      label: 'Knee',
      text: `about ${formatRate(knee.ratePerSec)}${multiple}: what it could serve when it broke`,
    },
  ];
}

function curveWords({ collapse, hysteresis }: Goodput): Said[] {
  const said: Said[] = [];
  if (collapse !== null) {
    const { offeredPerSec, okPerSec, share, collapsed } = collapse;
    const at = `at ${formatRate(offeredPerSec)} it served ${formatRate(okPerSec)}, ${formatShare(share)} of the knee`;
    said.push(
      collapsed
        ? { label: 'Collapse', text: `${at}: congestion collapse`, style: 'bad' }
        : { label: 'Collapse', text: `none: ${at}` },
    );
  }
  if (hysteresis !== null && Math.abs(hysteresis.difference) >= 0.01) {
    const { difference } = hysteresis;
    const than = difference > 0 ? 'more' : 'less';
    const text = `of equal loads, ${formatShare(Math.abs(difference))} ${than} was served on the way down than on the way up`;
    said.push({ label: 'Hysteresis', text });
  }
  return said;
}

function scalerWords({ scaler, knee }: Incident): Said[] {
  if (scaler === null || knee === null) return [];
  const { exceededAtS, reactionS, enoughS } = scaler;
  const at = formatOffset(exceededAtS * 1e6);
  const late = (s: number): string => formatDuration(Math.round(s) * 1e6);
  if (reactionS === null) {
    return [
      {
        label: 'Scaling',
        text: `demand passed the knee at ${at}; no capacity was seen to come while it was over it`,
      },
    ];
  }
  const enough =
    enoughS === null ? 'never enough while demand was over the knee' : `enough after ${late(enoughS)}`;
  const text = `demand passed the knee at ${at}; the first capacity came ${late(reactionS)} later, ${enough}`;
  return [{ label: 'Scaling', text }];
}

function drainWords({ drainS, unwellS, ratio, suspicious }: Drain): Said[] {
  if (unwellS <= 0) return [];
  const unwell = `unwell for ${formatDuration(unwellS * 1e6)} after the load was normal again`;
  const backlog =
    drainS === null
      ? 'at that goodput its backlog would never have drained'
      : `its backlog would have drained in ${formatDuration(Math.ceil(drainS) * 1e6)}`;
  const times = ratio === null ? '' : ` (${formatMultiple(ratio)})`;
  if (!suspicious) return [{ label: 'Drain', text: `${unwell}; ${backlog}${times}` }];
  return [
    {
      label: 'Drain',
      text: `${unwell}; ${backlog}${times}: this looks as if something kept it down, such as retries; a run without them would show`,
      style: 'warn',
    },
  ];
}

function headroomSaid({ headroom, outages }: Incident): Said[] {
  const text = outages.length === 0 ? null : headroomWords(headroom);
  return text === null ? [] : [{ label: 'Headroom', text }];
}

/** `15 s 1.4×, 60 s 2.3×, 180 s 4.5×, 300 s 5×`; null where no lag can be told of. */
export function headroomWords(headroom: readonly Headroom[]): string | null {
  const known = headroom.flatMap(({ lagS, factor }) =>
    factor === null ? [] : [`${formatDuration(lagS * 1e6)} ${formatMultiple(factor)}`],
  );
  if (known.length === 0) return null;
  return `capacity that an autoscaler's lag needs, × the load: ${known.join(', ')}`;
}
