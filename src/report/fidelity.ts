// The fidelity section of the details: sent against planned, as one score and its parts.
import { type Fidelity, partsOf } from '../judge/validity/fidelity.js';
import type { Judgement } from '../judge/verdict.js';
import { formatCount, formatDuration, formatOffset, formatShare } from '../units.js';
import { fact, type Line, piece } from './line.js';

export function fidelity({ fidelity: of }: Judgement, width: number): Line[] {
  if (of === null) return [];
  const { seconds } = of;
  const off =
    seconds.off === 0
      ? `all ${formatCount(seconds.of)} with about as many as planned`
      : `${formatCount(seconds.off)} of ${formatCount(seconds.of)} had more or fewer than planned`;
  const bursts = burstsOf(of);
  return [
    [piece('FIDELITY', 'bold')],
    ...fact('as planned', scoreOf(of), width),
    ...fact('on time', partsOf(of), width),
    ...(of.lag === null ? [] : fact('lag', lagOf(of.lag), width)),
    ...(seconds.of === 0 ? [] : fact('seconds', off, width)),
    ...(bursts === '' ? [] : fact('bursts', bursts, width)),
  ];
}

function scoreOf({ score, worst, toFire }: Fidelity): string {
  const whole = `${formatShare(score)} of ${formatCount(toFire)}`;
  if (worst === null) return whole;
  return `${whole}; ${formatShare(worst.score)} in the worst ten seconds, from ${formatOffset(worst.fromS * 1e6)}`;
}

function lagOf({ p50Us, p99Us }: NonNullable<Fidelity['lag']>): string {
  return `p50 ${formatDuration(p50Us)}, p99 ${formatDuration(p99Us)}`;
}

/** `1.02 of 1.01 planned in 0.1 s`: the index of dispersion for counts, where there are enough windows for one. */
function burstsOf({ dispersion }: Fidelity): string {
  return dispersion
    .flatMap(({ windowS, planned, sent }) =>
      planned === null || sent === null
        ? []
        : [`dispersion ${sent.toFixed(2)} in ${windowS} s, planned ${planned.toFixed(2)}`],
    )
    .join('; ');
}
