// The story of the incident: its timeline in the words of a status page, and where the surge came from, in a sentence.
import type { Dimension, Source, Surge } from '../judge/incident/surge.js';
import type { TimelineEntry } from '../judge/incident/timeline.js';
import type { Judgement } from '../judge/verdict.js';
import {
  formatCount,
  formatDuration,
  formatMultiple,
  formatOffset,
  formatRate,
  formatShare,
} from '../units.js';
import { columnsOf, safe } from './escape.js';
import { type Line, piece, wrap } from './line.js';
import type { Style } from './paint.js';
import { plural } from './words.js';

/** Where a status page would have stood; `notice` and `update` change nothing of it. */
export type State = 'notice' | 'investigating' | 'identified' | 'update' | 'monitoring' | 'resolved';

const STATE_STYLES: Readonly<Record<State, Style>> = {
  notice: 'dim',
  investigating: 'bad',
  identified: 'warn',
  update: 'dim',
  monitoring: 'warn',
  resolved: 'good',
};

export function stateOf(entry: TimelineEntry, { incident }: Judgement): State {
  switch (entry.kind) {
    case 'outage_opens':
      return 'investigating';
    case 'load_identified':
      return incident.outages.length > 0 ? 'identified' : 'notice';
    case 'partly_recovered':
      return 'monitoring';
    case 'outage_ends':
      return entry.isLast ? 'resolved' : 'monitoring';
    case 'worst':
    case 'routes_differ':
    case 'capacity_added':
    case 'capacity_suffices':
    case 'stores_well':
    case 'not_recovered':
      return 'update';
    case 'not_believed':
    case 'load_rises':
    case 'first_failures':
    case 'load_normal':
    case 'result_ends':
    case 'run_ends':
      return 'notice';
  }
}

/** An entry in a sentence or two; names in it are not made safe. */
export function sentenceOf(entry: TimelineEntry, judgement: Judgement): string {
  switch (entry.kind) {
    case 'not_believed':
      return `This run cannot be believed: ${gravest(judgement)}. What failed in it may be its own doing; nothing is said here of the shop.`;
    case 'load_rises':
      return `Load begins to rise, from ${formatRate(entry.normalPerSec)} towards ${formatRate(entry.peakPerSec)}${entry.multiple === null ? '' : `, ${formatMultiple(entry.multiple)} normal`}.`;
    case 'first_failures':
      return `First failures: ${formatCount(entry.failed)} of ${plural(entry.planned, formatCount(entry.planned), 'request')} in this second.`;
    case 'outage_opens':
      return `Storefronts fail ${formatShare(entry.failedShare)} of requests, at ${entry.multiple === null ? formatRate(entry.ratePerSec) : `${formatMultiple(entry.multiple)} normal load (${formatRate(entry.ratePerSec)})`}.${affected(entry.storesAffected)}`;
    case 'load_identified':
      return judgement.incident.surge === null ? '' : surgeSentence(judgement.incident.surge);
    case 'worst':
      return `Worst second: ${formatShare(entry.failedShare)} of requests fail.${entry.storesAffected === null ? '' : ` At most ${formatShare(entry.storesAffected)} of stores are affected at a time.`}`;
    case 'routes_differ':
      return `Over the whole run ${entry.most} fails most, ${formatShare(entry.mostFailedShare)} of its requests; ${entry.least} least, ${formatShare(entry.leastFailedShare)}.`;
    case 'capacity_added':
      return `More is served than before it broke, ${formatDuration(entry.afterS * 1e6)} after load had passed that.`;
    case 'capacity_suffices':
      return `At least 95 % of the load is served again, ${formatDuration(entry.afterS * 1e6)} after it had passed what the shop could serve.`;
    case 'partly_recovered':
      return `Partial recovery: from here on ${formatShare(entry.failedShare)} of requests fail.`;
    case 'load_normal':
      return `Load is back at normal, ${formatRate(entry.ratePerSec)}.`;
    case 'stores_well':
      return '99 % of stores are well again.';
    case 'outage_ends':
      return `Storefronts are well again after ${formatDuration(entry.afterS * 1e6)}${entry.multiple === null ? '' : `, ${entry.underLoad ? 'while load is still' : 'load being down to'} ${formatMultiple(entry.multiple)}`}. ${lostWords(entry.lost)} lost in it.`;
    case 'not_recovered':
      return `Not well by the end of what was measured, ${formatDuration(entry.afterS * 1e6)} after it broke: of the last ten seconds ${formatShare(entry.failedShare)} failed. ${lostWords(entry.lost)} lost until then.`;
    case 'result_ends':
      return 'The result ends here; what came later is not known.';
    case 'run_ends':
      return ending(entry);
  }
}

/** `In the spike 240/s came on top of 60/s: 80 % of them stream promo (new), 79 % store hot-shop (21×).` */
export function surgeSentence({ normalPerSec, spikePerSec, grew, leading }: Surge): string {
  const added = `In the spike ${formatRate(spikePerSec - normalPerSec)} came on top of ${formatRate(normalPerSec)}`;
  const [first, ...rest] = leading;
  if (first !== undefined) {
    const { shareOfAdded, name, dimension, multiple } = first;
    const lead = `${whole(shareOfAdded)} of them ${DIMENSIONS[dimension]} ${name} (${grownBy(multiple)})`;
    return `${added}: ${[lead, ...rest.map(sourceWords)].join(', ')}.`;
  }
  if (grew.length === 0) return `${added}; nothing is known that would tell its sources apart.`;
  const dimensions = [...new Set(grew.map(({ dimension }) => DIMENSIONS[dimension]))];
  return `${added}, from all sides alike: no ${dimensions.join(', no ')} stands out.`;
}

const DIMENSIONS: Readonly<Record<Dimension, string>> = {
  stream: 'stream',
  tenant: 'store',
  route: 'route',
  referrer: 'referrer',
  client: 'kind of client',
};

/** `80 % stream promo (5.2×)`: of what was added, and its load as a multiple of its own normal. */
export function sourceWords({ dimension, name, shareOfAdded, multiple }: Source): string {
  return `${whole(shareOfAdded)} ${DIMENSIONS[dimension]} ${name} (${grownBy(multiple)})`;
}

function grownBy(multiple: number | null): string {
  return multiple === null ? 'new' : formatMultiple(multiple);
}

function whole(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** The timeline as a section: offset, clock, state, sentence. */
export function timeline(judgement: Judgement, width: number): Line[] {
  const entries = judgement.timeline;
  // That nothing happened is said on the first screen.
  if (entries.every(({ kind }) => kind === 'run_ends')) return [];
  const recorded = entries.some(({ recordedAt }) => recordedAt !== null);
  const clockOf = ({ at, recordedAt }: TimelineEntry): string => (recorded ? recordedAt : at) ?? '';
  const day = clockOf(entries[0] as TimelineEntry).slice(0, 10);
  const offsets = Math.max(...entries.map(({ atS }) => formatOffset(atS * 1e6).length));
  const lead = offsets + 2 + (day === '' ? 0 : 10);
  const rows = entries.flatMap((entry): Line[] => {
    const state = stateOf(entry, judgement);
    const word = state === 'notice' || state === 'update' ? '' : `${state.toUpperCase()}  `;
    const clock = clockOf(entry).slice(11, 19);
    const text = safe(sentenceOf(entry, judgement));
    const lines = wrap(word + text, Math.max(20, width - lead));
    return lines.map((row, i): Line => {
      if (i > 0) return [piece(' '.repeat(lead) + row)];
      const offset = formatOffset(entry.atS * 1e6).padStart(offsets);
      const shown = row.startsWith(word.trimEnd()) ? word.trimEnd().length : 0;
      return [
        piece(offset, 'bold'),
        piece(day === '' ? '  ' : `  ${clock.padEnd(8)}  `, 'dim'),
        piece(row.slice(0, shown), STATE_STYLES[state]),
        piece(row.slice(shown)),
      ];
    });
  });
  const clock = day === '' ? '' : recorded ? `clock as recorded, ${day} UTC` : `${day} UTC`;
  const title: Line = [piece('TIMELINE', 'bold'), piece(clock === '' ? '' : `  ${clock}`, 'dim')];
  return columnsOf(clock) + 10 > width ? [[piece('TIMELINE', 'bold')], ...rows] : [title, ...rows];
}

function affected(stores: number | null): string {
  return stores === null ? '' : ` ${formatShare(stores)} of stores are affected.`;
}

function lostWords(lost: number): string {
  return lost === 1 ? '1 request was' : `${formatCount(lost)} requests were`;
}

function gravest({ validity }: Judgement): string {
  return validity.findings[0]?.message ?? 'the generator was the limit';
}

function ending(entry: TimelineEntry & { readonly kind: 'run_ends' }): string {
  const { planned, failed, lost, outageS, outages, storeMinutesLost } = entry;
  const of = `${formatCount(failed)} of ${plural(planned, formatCount(planned), 'request')} failed`;
  if (outages === 0) return `The run ends without an outage. ${of}.`;
  const long = `${plural(outages, String(outages), 'outage')}, ${formatDuration(outageS * 1e6)} in all`;
  const stores =
    storeMinutesLost === null || storeMinutesLost === 0
      ? ''
      : `; stores were broken for ${formatCount(storeMinutesLost)} store-minutes`;
  return `The run ends: ${long}; ${formatCount(lost)} requests lost in them${stores}. ${of}.`;
}
