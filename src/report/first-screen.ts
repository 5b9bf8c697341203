// The first screen: did it hold, when did it break and recover, what did it cost, whom, can it be believed.
import { closedThroughS, isComplete, isSteady, okOf } from '../judge/facts.js';
import { failedShare, type Tally, together } from '../judge/incident/who.js';
import { unknownIdShare } from '../judge/recorded.js';
import { failuresInStalls } from '../judge/validity/fitness.js';
import type { Judgement } from '../judge/verdict.js';
import { quantile } from '../measure/distribution.js';
import { OUTCOME_INDEX } from '../measure/outcome.js';
import { type Snapshot, sumGroups } from '../measure/snapshot.js';
import type { PlanStream } from '../scenario/plan.js';
import {
  formatCount,
  formatDuration,
  formatMultiple,
  formatOffset,
  formatRate,
  formatShare,
} from '../units.js';
import { sumSlices } from './durations.js';
import { clip, columnsOf, safe } from './escape.js';
import { failuresOf } from './failures.js';
import { inducedSentence } from './induced.js';
import { type Line, labelled, lineOf, type Piece, piece } from './line.js';
import { formatUnknownIds, thatNight } from './recorded.js';
import { sourceWords } from './story.js';
import { formatPlace, formatWindow, plural, VERDICT_BADGES, VERDICT_WORDS } from './words.js';

const LABEL_COLUMNS = 12;
/** A note longer than this is told below, not on the first screen. */
const NOTE_MAX = 80;

/** `DID NOT HOLD   Promo spike, 5×    edge.stg.example    plan 9f3c…    exit 1` */
export function headline(snapshot: Snapshot, judgement: Judgement, exitCode: number, width: number): Line {
  const { head } = snapshot;
  const badge = piece(` ${VERDICT_WORDS[judgement.verdict]} `, VERDICT_BADGES[judgement.verdict]);
  const name = safe(head.scenario) + (head.label === null ? '' : ` · ${safe(head.label)}`);
  const host = hostOf(head.target);
  const plan = `plan ${safe(head.planId).slice(0, 8)}…`;
  const exit = `exit ${exitCode}`;
  // What is said again below gives way to the name first.
  const choices = [
    ['', host, plan, exit].join('    '),
    ['', host, plan, exit].join('  '),
    ['', host, exit].join('  '),
  ];
  const left = (tail: string): number => width - columnsOf(badge.text) - 2 - columnsOf(tail);
  const tail = choices.find((choice) => left(choice) >= columnsOf(name)) ?? (choices[2] as string);
  const shown = clip(name, Math.max(12, left(tail)));
  return lineOf(badge, '  ', piece(shown, 'bold'), clip(tail, Math.max(0, left(shown))));
}

/** The labelled lines under the headline, those that have something to say. */
export function statements(snapshot: Snapshot, judgement: Judgement, width: number): Line[] {
  const say = (label: string, text: string, lead?: Piece, style: Piece['style'] = 'dim'): Line[] =>
    labelled(piece(label, style), LABEL_COLUMNS, text, width, lead);
  const believed = judgement.validity.verdict !== 'invalid';
  return [
    ...(isComplete(snapshot) ? [] : say('INCOMPLETE', incomplete(snapshot), undefined, 'warn')),
    ...(believed ? [] : believe(snapshot, judgement, say)),
    ...(judgement.verdict === 'inconclusive' ? undecided(judgement, say) : []),
    ...broke(snapshot, judgement, say),
    ...missed(judgement, say),
    ...cost(snapshot, say),
    ...induced(snapshot, say),
    ...recorded(snapshot, judgement, say),
    ...who(judgement, say),
    ...(believed ? surge(judgement, say) : []),
    ...(believed ? believe(snapshot, judgement, say) : []),
    ...coverage(snapshot, judgement, say),
    ...speed(snapshot, say),
    ...windowOf(snapshot, say),
  ];
}

type Say = (label: string, text: string, lead?: Piece, style?: Piece['style']) => Line[];

function incomplete(snapshot: Snapshot): string {
  const { head, ends } = snapshot;
  const through = formatOffset(closedThroughS(snapshot) * 1e6);
  const reasons = {
    interrupted: 'it was interrupted',
    stopped_by_target: 'the target asked it to stop',
    stopped_by_gate: stoppedByGate(ends),
    worker_failed: 'a worker failed',
    result_lost: 'its result could not be written',
    completed: 'part of it is missing',
  };
  const reason = ends.find((end) => end.reason !== 'completed')?.reason;
  const why =
    ends.length === 0
      ? 'it ended without an end line'
      : (reasons[reason ?? 'completed'] ?? reasons.completed);
  const { planned } = sumGroups(snapshot).counts;
  return `through ${through} of ${formatOffset(head.durationS * 1e6)}: ${why}; ${formatCount(planned)} of ${plural(head.plannedTotal, formatCount(head.plannedTotal), 'request')} were due by then`;
}

/** Of several processes, each of which looks at its own share, the first that says which gate it was. */
function stoppedByGate(ends: Snapshot['ends']): string {
  const by = ends.find(({ stoppedBy }) => stoppedBy !== undefined)?.stoppedBy;
  if (by === undefined) return 'a gate stopped it';
  const at = (s: number): string => formatOffset(s * 1e6);
  return `it was stopped by the gate ${safe(by.gate)}, which failed from ${at(by.startS)} to ${at(by.endS)}`;
}

function undecided({ reasons }: Judgement, say: Say): Line[] {
  return reasons.slice(0, 3).flatMap(({ text }, i) => say(i === 0 ? 'Undecided' : '', safe(text)));
}

function broke(snapshot: Snapshot, { incident }: Judgement, say: Say): Line[] {
  const { outages } = incident;
  const first = outages[0];
  const last = outages.at(-1);
  if (first === undefined || last === undefined) return [];
  const at = (s: number): string => formatOffset(s * 1e6);
  const steady = isSteady(snapshot.head);
  const load = steady
    ? ` at ${formatRate(first.ratePerSec)}`
    : ` at ${formatMultiple(first.multiple)} (${formatRate(first.ratePerSec)})`;
  const place = formatPlace(first) === '' ? '' : `, ${formatPlace(first)}`;
  const worst = outages.map((outage) => outage.worst).reduce((a, b) => (b.share > a.share ? b : a));
  const more = outages.length === 1 ? '' : `; ${outages.length} outages in all`;
  return [
    ...say(
      'Broke',
      `${load}${place}; worst second ${formatShare(worst.share)} failed at ${at(worst.atS)}${more}`,
      piece(at(first.startS), 'bad'),
    ),
    ...recovered(snapshot, last, incident.scaler?.reactionS ?? null, say),
  ];
}

function recovered(
  snapshot: Snapshot,
  last: Judgement['incident']['outages'][number],
  reactionS: number | null,
  say: Say,
): Line[] {
  const { startS, endS, multipleAtEnd, underLoad } = last;
  const at = (s: number): string => formatOffset(s * 1e6);
  if (endS === null || multipleAtEnd === null) {
    const closedS = closedThroughS(snapshot);
    const lasted = formatDuration((closedS - startS) * 1e6);
    const where = isComplete(snapshot) ? 'by the end of the run' : `by ${at(closedS)}, where the result ends`;
    return say('Recovered', ` ${where}, ${lasted} after it broke`, piece('not', 'bad'));
  }
  const after = `, after ${formatDuration((endS - startS) * 1e6)}`;
  const late = reactionS === null ? 'late' : `${formatDuration(Math.round(reactionS) * 1e6)} late`;
  const load = isSteady(snapshot.head)
    ? ''
    : underLoad
      ? `, while load was still ${formatMultiple(multipleAtEnd)}: capacity came ${late}, not short`
      : `, once load was down to ${formatMultiple(multipleAtEnd)}`;
  return say('Recovered', `${after}${load}`, piece(at(endS), 'good'));
}

/** Failed gates in words, where no outage says already why it did not hold. */
function missed({ verdict, incident, reasons }: Judgement, say: Say): Line[] {
  if (verdict !== 'did_not_hold' || incident.outages.length > 0) return [];
  return reasons.slice(0, 3).flatMap(({ text }, i) => say(i === 0 ? 'Missed' : '', safe(text)));
}

function cost(snapshot: Snapshot, say: Say): Line[] {
  const { counts } = sumGroups(snapshot);
  const failed = counts.planned - okOf(counts);
  const of = plural(counts.planned, formatCount(counts.planned), 'request');
  if (counts.planned === 0) return say('Cost', 'nothing was due through the last closed window');
  if (failed === 0) return say('Cost', ` of ${of} failed`, piece('none', 'good'));
  const failures = failuresOf(snapshot);
  const shown = failures.slice(0, 4).map(({ reason, count }) => {
    return `${reason.replace('_', ' ')} ${formatWhole(count / failed)}`;
  });
  if (failures.length > 4) shown.push('…');
  return say(
    'Cost',
    ` of ${of} failed (${formatShare(failed / counts.planned)}): ${shown.join(', ')}`,
    piece(formatCount(failed), 'bad'),
  );
}

function induced(snapshot: Snapshot, say: Say): Line[] {
  const text = inducedSentence(snapshot);
  return text === null ? [] : say('Retries', text);
}

function recorded({ head }: Snapshot, judgement: Judgement, say: Say): Line[] {
  const told = thatNight(head, judgement);
  return told === null ? [] : say('That night', told.text, told.lead);
}

function who({ incident }: Judgement, say: Say): Line[] {
  const { hit } = incident;
  if (hit.streams.every(({ failed }) => failed === 0)) return [];
  if (hit.tenants.length > 1) return say('Who', [...tenantsHit(hit), ...wellAgain(incident)].join('; '));
  const tolls = hit.streams.length > 1 ? hit.streams : hit.routes;
  if (tolls.length < 2) return [];
  const [first, ...rest] = tolls.slice(0, 4).map((toll) => told(toll, safe(toll.name)));
  return say('Who', [`${first} failed`, ...rest].join('; '));
}

/** Hot stores by name where they are few, then the bystanders, then how many were not touched. */
function tenantsHit({ hot, bystanders, tenants, untouched }: Judgement['incident']['hit']): string[] {
  const stores = (n: number): string => plural(n, formatCount(n), 'store');
  const spared = `${stores(untouched)} untouched`;
  if (bystanders === null) return [`${told(together(tenants), stores(tenants.length))} failed`, spared];
  const named =
    hot.length <= 3
      ? hot.map((toll) => told(toll, safe(toll.name)))
      : [told(together(hot), `${hot.length} hot stores`)];
  const others = plural(bystanders.tenants, formatCount(bystanders.tenants), 'bystander');
  return [`${named.join(', ')} failed`, told(bystanders, others), spared];
}

function wellAgain({ tenantHealth }: Judgement['incident']): string[] {
  const wellAtS = tenantHealth?.wellAgainAtS ?? null;
  return wellAtS === null ? [] : [`99 % of stores well again at ${formatOffset(wellAtS * 1e6)}`];
}

/** What the surge was, where something of it stands out and the shop broke. */
function surge({ incident: { surge: found, outages } }: Judgement, say: Say): Line[] {
  if (found === null || outages.length === 0 || found.leading.length === 0) return [];
  const added = formatRate(found.spikePerSec - found.normalPerSec);
  const from = found.leading.map(sourceWords).join(', ');
  return say('Surge', ` on top of ${formatRate(found.normalPerSec)}: ${safe(from)}`, piece(added));
}

function told(tally: Tally, name: string): string {
  return `${name} ${formatShare(failedShare(tally))}`;
}

function believe(snapshot: Snapshot, { validity, generatorShare, fidelity }: Judgement, say: Say): Line[] {
  const { counts } = sumGroups(snapshot);
  const gravest = validity.findings.find(({ level }) => level !== 'note');
  const word = validity.verdict.toUpperCase();
  const lead = piece(word, validity.verdict === 'valid' ? 'good' : 'warn');
  if (gravest !== undefined) {
    const more = validity.findings.filter(({ level }) => level !== 'note').length - 1;
    const others = more === 0 ? '' : `; ${plural(more, String(more), 'more finding')} below`;
    return [
      ...say('Believe', `: ${safe(gravest.message)}${others}`, lead),
      ...say('', `→ ${safe(gravest.advice)}`),
    ];
  }
  const never = ['unsent', 'shed', 'local'] as const;
  const unfired = never.reduce((sum, name) => sum + (counts.outcomes[OUTCOME_INDEX[name]] as number), 0);
  const lag = quantile(sumSlices(snapshot, 'lag'), 0.99);
  const { failed, inStalls } = failuresInStalls(snapshot);
  const facts = [
    ...(fidelity === null ? [] : [`sent ${formatShare(fidelity.score)} as planned`]),
    ...(unfired === 0 ? [] : [`${formatCount(unfired)} not fired`]),
    ...(lag === undefined ? [] : [`lag p99 ${formatDuration(lag.us)}`]),
    ...(generatorShare === null ? [] : [`ours ${formatShare(generatorShare)} of slowest 1 %`]),
    ...(failed === 0 ? [] : [`${formatCount(inStalls)} of ${formatCount(failed)} failures in our stalls`]),
  ];
  return say('Believe', `: ${facts.join(', ')}`, lead);
}

function coverage({ head }: Snapshot, { recorded }: Judgement, say: Say): Line[] {
  const dropped = Object.entries(head.coverage.dropped).filter(([, n]) => n > 0);
  const rows = dropped.reduce((sum, [, n]) => sum + n, 0);
  const said: string[] = [];
  if (rows > 0) {
    const worst = dropped.sort(([, a], [, b]) => b - a).slice(0, 3);
    const reasons = worst.map(([reason, n]) => `${safe(reason)} ${formatCount(n)}`);
    said.push(`${plural(rows, formatCount(rows), 'recorded row')} not replayed: ${reasons.join(', ')}`);
  }
  const routes = head.coverage.routes ?? [];
  if (routes.length > 0) {
    const shown = routes.slice(0, 3).map(({ route, share }) => `${safe(route)} ${formatShare(share)}`);
    const more = routes.length > 3 ? `, ${routes.length - 3} more` : '';
    said.push(`of that night's requests these are missing: ${shown.join(', ')}${more}`);
  }
  const known = recorded?.whole.counts;
  if (known !== undefined && unknownIdShare(known) > 0) said.push(formatUnknownIds(known));
  const { notes } = head.coverage;
  const [only] = notes;
  if (notes.length === 1 && only !== undefined && only.length <= NOTE_MAX) said.push(safe(only));
  else if (notes.length > 0) said.push(`${plural(notes.length, String(notes.length), 'note')} below`);
  return said.length === 0 ? [] : say('Coverage', said.join('; '));
}

function speed({ head }: Snapshot, say: Say): Line[] {
  const { speed, streams } = head.plan;
  if (speed === 1) return [];
  const keepsTimes = (stream: PlanStream) => stream.kind === 'recording' && !stream.pace;
  const recorded = streams.some(keepsTimes);
  const made = !streams.every(keepsTimes);
  const lasted = speed > 1 ? `1/${speed}` : formatMultiple(1 / speed);
  const parts = [
    ...(recorded ? [`recordings came at ${formatMultiple(speed)} their rate`] : []),
    ...(made ? [`curves, stages and spikes kept their rate and lasted ${lasted} as long`] : []),
  ];
  return say('Speed', `: ${parts.join('; ')}`, piece(formatMultiple(speed), 'warn'));
}

function windowOf({ head: { plan } }: Snapshot, say: Say): Line[] {
  if (plan.window === undefined) return [];
  return say('Window', ' of the plan: nothing else of it was sent', piece(formatWindow(plan.window), 'warn'));
}

function hostOf(target: string): string {
  return safe(URL.canParse(target) ? new URL(target).host : target);
}

/** A share of shares, where a tenth of a percent would be noise: `61 %`, `< 1 %`. */
function formatWhole(share: number): string {
  return share < 0.01 ? '< 1 %' : `${Math.round(share * 100)} %`;
}
