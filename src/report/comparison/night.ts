// The two questions of a recorded incident, answered in words.
import type { Broken, ControlAnswer, NightAnswer, NightReason } from '../../judge/comparison/that-night.js';
import { lengthOf } from '../../judge/comparison/that-night.js';
import { formatCount, formatDuration, formatOffset, formatShare } from '../../units.js';
import { safe } from '../escape.js';
import { type Line, labelled, piece } from '../line.js';
import type { ComparedRun, ComparisonReport } from './comparison-json.js';

const LABEL = 12;
/** Runs that are told one by one. */
const TOLD_MAX = 6;

const REASONS: Readonly<Record<NightReason, string>> = {
  did_not_break: 'it did not break',
  broke_at_another_time: 'it broke at another time',
  too_mild: 'much less failed',
  too_short: 'it was over much sooner',
  too_long: 'it lasted much longer',
};

/** Did the control break as that night did, and did the candidate hold; nothing where nothing was recorded. */
export function nightLines(night: NightAnswer | null, { base }: ComparisonReport, width: number): Line[] {
  if (night === null) return [];
  const durationS = (base[0] as ComparedRun).head.durationS;
  const { recorded, controls, candidates } = night;
  if (recorded === null) return say('That night', 'nothing broke in what was recorded', width);
  const words = (outage: Broken) => outageWords(outage, durationS);
  return [
    ...say('That night', `it broke ${words(recorded)}`, width),
    ...controls.slice(0, TOLD_MAX).flatMap((control) => say('Control', controlWords(control, words), width)),
    ...more(controls.length, width),
    ...candidates
      .slice(0, TOLD_MAX)
      .flatMap(({ name, outage }) =>
        say(
          'Candidate',
          outage === null ? `${safe(name)} held` : `${safe(name)} did not hold: it broke ${words(outage)}`,
          width,
        ),
      ),
    ...more(candidates.length, width),
    ...say('The fix', fixWords(night), width),
  ];
}

function controlWords(
  { name, reproduced, outage, because }: ControlAnswer,
  words: (outage: Broken) => string,
): string {
  const how = outage === null ? '' : `: it broke ${words(outage)}`;
  if (reproduced === 'reproduced') return `${safe(name)} broke as that night did${how}`;
  return `${safe(name)} did not reproduce that night (${because.map((reason) => REASONS[reason]).join(', ')})${how}`;
}

function fixWords({ verdict, controls }: NightAnswer): string {
  if (verdict === 'shown') return 'held: what broke without it did not break with it';
  if (verdict === 'did_not_hold') return 'did not hold';
  const good = controls.filter(({ reproduced }) => reproduced === 'reproduced').length;
  const of =
    controls.length === 1
      ? 'the control did'
      : `${formatCount(good)} of ${formatCount(controls.length)} controls did`;
  return `not shown: that the candidate held says nothing as long as the control holds as well; ${of}${controls.length === 1 ? ' not break as that night did' : ' break as that night did'}`;
}

function outageWords(outage: Broken, durationS: number): string {
  const { startS, endS, failed, worst } = outage;
  const length = formatDuration(lengthOf(outage, durationS) * 1e6);
  const until = endS === null ? `and was not well ${length} later, at the end` : `for ${length}`;
  return `at ${formatOffset(startS * 1e6)} ${until}; ${formatShare(failed)} failed, ${formatShare(worst)} in its worst ten seconds`;
}

function more(n: number, width: number): Line[] {
  return n <= TOLD_MAX ? [] : say('', `and ${formatCount(n - TOLD_MAX)} more: see --json`, width);
}

function say(label: string, text: string, width: number): Line[] {
  return labelled(piece(label, 'bold'), LABEL, text, width);
}
