// The bench's tables: all figures for a terminal, and those of the README.
import {
  type Assessment,
  assess,
  type Figure,
  METRICS,
  type Results,
  type Spread,
  spreadOf,
} from './results.js';
import { TARGETS } from './targets.js';

const COLUMN = 24;

/** Every figure, sides under each other, each beside the best of its kind. */
export function renderAll(results: Results): string {
  const lines: string[] = [];
  let heading = '';
  for (const figure of sortedFigures(results)) {
    const { section, load, side, metric, values } = figure;
    const above = `${section}, ${load}: ${METRICS[metric].name}`;
    if (above !== heading) lines.push('', (heading = above));
    const spread = spreadOf(values);
    const range = `${numberOf(spread.min)} … ${numberOf(spread.max)}`;
    lines.push(`  ${side.padEnd(COLUMN)}${numberOf(spread.median).padStart(10)}   ${range}`);
  }
  lines.push('', ...results.setting.notes.map((note) => `note: ${note}`));
  return lines.join('\n');
}

/** The targets and how they stand, for a terminal. */
export function renderTargets(results: Results): string {
  return TARGETS.map((target) => {
    const standing = assess(results, target);
    if (standing === undefined) return `  –  ${target.what}: not measured here`;
    const bound = boundText(standing);
    const verdict = bound === '' ? '' : ` (${bound}) ${standing.met ? 'met' : 'MISSED'}`;
    const worse = standing.worse ? `, worse than ${target.beside}` : '';
    return `  ${standing.met ? '✓' : '✗'}  ${target.what}: ${reachedText(standing)}${verdict}${worse}`;
  }).join('\n');
}

/** The README's table, in Markdown. A figure that is worse than its peer's says so. */
export function renderReadme(results: Results): string {
  const { setting } = results;
  const rows = TARGETS.flatMap((target) => {
    const standing = assess(results, target);
    return standing === undefined ? [] : [rowOf(standing)];
  });
  const cores = setting.pinned
    ? `${setting.cores} shared cores, a side each`
    : `${setting.cores} cores, shared`;
  return [
    `${setting.date.slice(0, 10)}, ${setting.cpu}, ${cores}, Node ${setting.node}; medians of ${setting.rounds} rounds, sides in turn:`,
    '',
    '| | ours | beside | ratio | aim |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

function rowOf(standing: Assessment): string {
  const { target, ours, peer } = standing;
  const said = standing.worse ? ', worse' : '';
  const missed = standing.met ? '' : ', **missed**';
  const cells = [
    target.what,
    numberOf(ours.median),
    peer === undefined ? '' : `${target.beside} ${numberOf(peer.median)}`,
    peer === undefined ? '' : `${ratioText(standing.reached)}${said}`,
    `${boundText(standing)}${missed}`,
  ];
  return `| ${cells.join(' | ')} |`;
}

function reachedText({ reached, peer, ours }: Assessment): string {
  return peer === undefined
    ? numberOf(ours.median)
    : `${numberOf(ours.median)} beside ${numberOf(peer.median)}, ${ratioText(reached)}`;
}

function ratioText({ median, min, max }: Spread): string {
  const two = (value: number) => value.toFixed(2);
  return min === max ? `${two(median)}×` : `${two(median)}× (${two(min)} to ${two(max)})`;
}

function boundText({ target, peer }: Assessment): string {
  const times = peer === undefined ? '' : '×';
  if (target.atLeast !== undefined) return `≥ ${numberOf(target.atLeast)}${times}`;
  if (target.atMost !== undefined) return `≤ ${numberOf(target.atMost)}${times}`;
  return '';
}

function sortedFigures({ figures }: Results): Figure[] {
  const groups = new Map<string, Figure[]>();
  for (const figure of figures) {
    const key = `${figure.section}\n${figure.load}\n${figure.metric}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [figure]);
    else group.push(figure);
  }
  return [...groups.values()].flat();
}

/** Three digits, or whole thousands with commas. */
export function numberOf(value: number): string {
  if (Math.abs(value) >= 1_000) return Math.round(Number(value.toPrecision(3))).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

/** Where the figures of the README's table are kept, and where it stands. */
export const SAVED = new URL('./results/engine.json', import.meta.url);
export const README = new URL('../../README.md', import.meta.url);

const BEGIN = '<!-- bench: made by `npm run bench -- --readme` -->';
const END = '<!-- /bench -->';

/** A text with the table between its two marks made anew. @throws Error if it has not got them */
export function placeTable(text: string, results: Results): string {
  const from = text.indexOf(BEGIN);
  const to = text.indexOf(END, from);
  if (from < 0 || to < 0) throw new Error(`the README has no place for the table: ${BEGIN} … ${END}`);
  return `${text.slice(0, from)}${BEGIN}\n${renderReadme(results)}\n${text.slice(to)}`;
}
