// The audit of a recording, for people and for scripts.
import type { Audit, AuditedPeak } from '../recording/audit/audit.js';
import { formatCount, formatDuration, formatMultiple, formatRate, formatShare } from '../units.js';
import { routesTable } from './audit-routes.js';
import { type Bin, binsOf } from './bins.js';
import { draw } from './chart.js';
import { safe } from './escape.js';
import { jsonText } from './json-text.js';
import { type Line, labelled, lineOf, type Piece, piece, render } from './line.js';
import type { Paint } from './paint.js';
import { NONE, plural } from './words.js';

const HOSTS_SHOWN = 6;
const GAPS_SHOWN = 3;
const EXAMPLES_SHOWN = 3;
const FILES_SHOWN = 4;
const LABEL_COLUMNS = 13;

/** The audit as JSON, two blanks deep. */
export function auditJson(audit: Audit): string {
  return jsonText(audit);
}

/** The audit for people. @param columns of the terminal; held between 60 and 200 */
export function auditText(audit: Audit, columns: number, paint: Paint): string {
  const width = Math.max(60, Math.min(200, columns)) - 1;
  const say: Say = (label, text, lead) => labelled(piece(label, 'bold'), LABEL_COLUMNS, text, width, lead);
  const blocks: Line[][] = [
    [headline(audit)],
    [...what(audit, say), ...files(audit, say), ...times(audit, say), ...lines(audit, say)],
    curve(audit, width, paint.level > 0),
    [...traffic(audit, say)],
    routesTable(audit, width),
    [...who(audit, say), ...replayable(audit, say)],
    cannotHold(audit, say),
  ];
  const out = blocks
    .filter((block) => block.length > 0)
    .flatMap((block, i) => (i === 0 ? block : [[], ...block]));
  return `${out.map((line) => render(line, width, paint)).join('\n')}\n`;
}

type Say = (label: string, text: string, lead?: Piece) => Line[];

function headline({ files: parts }: Audit): Line {
  const [first] = parts;
  const more = parts.length > 1 ? ` and ${formatCount(parts.length - 1)} more` : '';
  return lineOf(' ', piece(`${first === undefined ? 'recording' : safe(first.file)}${more}`, 'bold'));
}

function what({ format, rows, spanS, from, to }: Audit, say: Say): Line[] {
  const days = spanS / 86_400;
  const span = days >= 2 ? `${days.toFixed(1)} days` : formatDuration(spanS * 1e6);
  return [
    ...say('What', `${safe(format)}: ${plural(rows, formatCount(rows), 'request')} over ${span}`),
    ...(from === null || to === null ? [] : say('When', `${toSecond(from)} to ${toSecond(to)} UTC`)),
  ];
}

/** Each file where there are several, and those that broke off. */
function files({ files: parts }: Audit, say: Say): Line[] {
  const cut = parts.flatMap(({ file, cut: why }) =>
    why === null ? [] : say('Cut', `${safe(file)} could not be read to its end: ${safe(why)}`, piece('')),
  );
  if (parts.length < 2) return cut;
  const shown = parts
    .slice(0, FILES_SHOWN)
    .map(({ file, rows }) => `${safe(file)} ${plural(rows, formatCount(rows), 'request')}`);
  const more = parts.length > FILES_SHOWN ? [`${formatCount(parts.length - FILES_SHOWN)} more`] : [];
  return [...say('Files', [...shown, ...more].join(', ')), ...cut];
}

function times({ stamp, clockJumps }: Audit, say: Say): Line[] {
  const jumps = clockJumps.slice(0, GAPS_SHOWN).map(({ file, line, seconds }) => {
    const way = seconds < 0 ? 'back' : 'ahead';
    return `${formatDuration(Math.abs(seconds) * 1e6)} ${way} at ${safe(file)}:${line}`;
  });
  return [
    ...say('Stamps', [safe(stamp.model), stamp.uncertainty].filter((text) => text !== '').join('; ')),
    ...(jumps.length === 0 ? [] : say('Clock', ` ${jumps.join(', ')}`, piece('leaps', 'warn'))),
  ];
}

function lines(audit: Audit, say: Say): Line[] {
  const { lines: all, parsed, rows, dropped, setApart, examples, redacted } = audit;
  const read = `${plural(all, formatCount(all), 'line')}: ${formatCount(parsed)} understood, ${formatCount(rows)} kept`;
  const several = audit.files.length > 1;
  const shown = [...new Map(examples.toReversed().map((example) => [example.reason, example])).values()]
    .toReversed()
    .slice(0, EXAMPLES_SHOWN)
    .map(({ file, line, reason }) => `${several ? `${safe(file)}:` : 'line '}${line} ${safe(reason)}`);
  return [
    ...say('Read', read),
    ...counted('Dropped', dropped, say),
    ...(shown.length === 0 ? [] : say('', `first: ${shown.join('; ')}`)),
    ...counted('Set apart', setApart, say),
    ...removed(redacted, say),
  ];
}

/** What kinds of secrets are called, one and several; another kind is called as it is named. */
const SECRETS: Readonly<Record<string, readonly [one: string, several: string]>> = {
  cookies: ['cookie', 'cookies'],
  authorization: ['authorisation', 'authorisations'],
  tokens: ['token', 'tokens'],
  emails: ['mail address', 'mail addresses'],
  cards: ['card number', 'card numbers'],
  placeholders: ['placeholder', 'placeholders'],
  bodies: ['body that could not be looked into', 'bodies that could not be looked into'],
};

/** Secrets by kind; of bodies of pictures and the like nothing is removed, so it says that they were kept. */
function removed(redacted: Readonly<Record<string, number>>, say: Say): Line[] {
  const { binaryBodies = 0, ...secrets } = redacted;
  const list = sorted(secrets).map(([kind, n]) => {
    const [one, several] = SECRETS[kind] ?? [kind, kind];
    return `${formatCount(n)} ${safe(n === 1 ? one : several)}`;
  });
  return [
    ...(list.length === 0 ? [] : say('Removed', list.join(', '))),
    ...(binaryBodies === 0
      ? []
      : say(
          'Unseen',
          `${plural(binaryBodies, formatCount(binaryBodies), 'request')} with a binary body, kept as it was`,
        )),
  ];
}

/** Counts by reason, the largest first; nothing where there are none. */
function counted(label: string, counts: Readonly<Record<string, number>>, say: Say): Line[] {
  const list = sorted(counts);
  return list.length === 0
    ? []
    : say(label, list.map(([reason, n]) => `${formatCount(n)} ${safe(reason)}`).join(', '));
}

function sorted(counts: Readonly<Record<string, number>>): [string, number][] {
  return Object.entries(counts)
    .filter(([, n]) => n > 0)
    .sort((a, b) => b[1] - a[1]);
}

function curve(
  { curve: { stepS, requests, errors }, errorsShare }: Audit,
  width: number,
  colour: boolean,
): Line[] {
  if (requests.length === 0) return [];
  const steps = requests.map((planned, i) => ({ planned, ok: planned - (errors[i] as number) }));
  const binsIn = (columns: number): Bin[] =>
    binsOf(steps, steps.length, columns).map((bin) => ({
      ...bin,
      fromS: bin.fromS * stepS,
      toS: bin.toS * stepS,
    }));
  const bad = errorsShare === null ? 'failed: not known' : 'failed';
  return draw(
    {
      durationS: steps.length * stepS,
      binsIn,
      normalPerSec: null,
      marks: [],
      words: { title: 'RECORDED', good: 'answered', bad, top: 'requests a second' },
    },
    { width, colour },
  );
}

function traffic(audit: Audit, say: Say): Line[] {
  const { rows, spanS, peakSecond, peakMinute, peakToMean, dispersion, errorsShare, statuses } = audit;
  const mean = spanS > 0 ? `mean ${formatRate(rows / spanS)}` : '';
  const peaks = [
    mean,
    peakOf('busiest second', peakSecond, 1, peakToMean.second),
    peakOf('busiest minute', peakMinute, 60, peakToMean.minute),
  ];
  const bursts = Object.entries(dispersion)
    .map(([window, index]): [number, number | null] => [Number(window), index])
    .sort(([a], [b]) => a - b)
    .map(([window, index]) => `${window} s ${index === null ? NONE : round(index)}`);
  const failed =
    errorsShare === null ? 'not known: the log has no statuses' : `${formatShare(errorsShare)} failed`;
  const answered = Object.values(statuses).reduce((sum, n) => sum + n, 0);
  const answers = sorted(statuses)
    .slice(0, 10)
    .map(([status, n]) => `${status} ${share(n, answered)}`);
  return [
    ...say('Rate', peaks.filter((text) => text !== '').join('; ')),
    ...say('Bursts', `index of dispersion ${bursts.join(', ')}; 1 is a Poisson process`),
    ...silences(audit, say),
    ...say('Answers', ['', ...answers].join('   '), piece(failed, errorsShare ? 'bad' : 'good')),
    ...durations(audit, say),
    ...hosts(audit, say),
  ];
}

function peakOf(name: string, peak: AuditedPeak | null, stretchS: number, toMean: number | null): string {
  if (peak === null) return '';
  const times = toMean === null ? '' : ` = ${formatMultiple(toMean)} the mean`;
  return `${name} ${formatRate(peak.requests / stretchS)}${times} at ${toSecond(peak.at)}`;
}

function silences({ gaps, gapsTotal }: Audit, say: Say): Line[] {
  if (gapsTotal === 0) return [];
  const shown = gaps
    .toSorted((a, b) => b.seconds - a.seconds)
    .slice(0, GAPS_SHOWN)
    .map(({ from, seconds }) => `${formatDuration(seconds * 1e6)} from ${toSecond(from)}`);
  const what = `${plural(gapsTotal, formatCount(gapsTotal), 'silence')} too long for its rhythm`;
  return say('Silences', `${what}: ${shown.join(', ')}${gapsTotal > GAPS_SHOWN ? ' …' : ''}`);
}

function durations({ durations: found }: Audit, say: Say): Line[] {
  if (found === null) return [];
  const { p50Ms, p95Ms, p99Ms } = found;
  return say('Took', `p50 ${ms(p50Ms)}, p95 ${ms(p95Ms)}, p99 ${ms(p99Ms)}`);
}

function hosts({ hosts: counts, hostsOther, rows }: Audit, say: Say): Line[] {
  const list = sorted(counts);
  if (list.length === 0) return [];
  const shown = list.slice(0, HOSTS_SHOWN).map(([host, n]) => `${safe(host)} ${share(n, rows)}`);
  const left = list.length - shown.length;
  const more = left > 0 ? [`${formatCount(left)} more${hostsOther > 0 ? ' and others' : ''}`] : [];
  return say('Hosts', [...shown, ...more].join(', '));
}

function who(audit: Audit, say: Say): Line[] {
  const {
    rows,
    clients,
    clientsExact,
    visits,
    visitsExact,
    requestsPerVisit: per,
    bots,
    retries,
    foldRatio,
  } = audit;
  const about = (exact: boolean, n: number) => `${exact ? '' : 'about '}${formatCount(n)}`;
  const each =
    per === null
      ? ''
      : `, ${round(per.mean)} requests each (half at most ${round(per.p50)}, 95 % at most ${round(per.p95)})`;
  const again = `${plural(retries, formatCount(retries), 'request')} repeated one that failed just before: ${foldRatio.toFixed(3)} requests for each thing wanted`;
  return [
    ...say(
      'Clients',
      `${about(clientsExact, clients)} in ${plural(visits, about(visitsExact, visits), 'visit')}${each}`,
    ),
    ...say(
      'Bots',
      bots === 0 ? 'none that says so' : `${share(bots, rows)} of requests say that they are one`,
    ),
    ...(audit.errorsShare === null ? [] : say('Retries', retries === 0 ? 'none found' : again)),
  ];
}

function replayable({ replayable: { requests, share: part, why }, rows }: Audit, say: Say): Line[] {
  const head = formatShare(part);
  return [
    ...say(
      'Replayable',
      ` as they are: ${formatCount(requests)} of ${formatCount(rows)}`,
      piece(head, 'good'),
    ),
    ...counted('Held back', why, say),
  ];
}

function cannotHold({ cannotHold: sentences }: Audit, say: Say): Line[] {
  return sentences.flatMap((sentence, i) => say(i === 0 ? 'Not in it' : '', safe(sentence)));
}

/** `2025-11-28 17:26:03` of an ISO instant. */
function toSecond(iso: string): string {
  return iso.slice(0, 19).replace('T', ' ');
}

function ms(value: number): string {
  return formatDuration(value * 1e3);
}

function share(n: number, of: number): string {
  return of === 0 ? NONE : formatShare(n / of);
}

function round(value: number): string {
  return value >= 100 ? formatCount(value) : String(Number(value.toPrecision(2)));
}
