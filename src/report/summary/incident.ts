// The incident as the Summary has it.
import type { Drain } from '../../judge/incident/drain.js';
import type { Goodput } from '../../judge/incident/goodput.js';
import type { Judgement } from '../../judge/verdict.js';
import type { Head } from '../../measure/snapshot.js';
import type { Summary } from '../summary-schema.js';
import { TENANTS_LISTED } from './listed.js';
import { round } from './rounded.js';
import { surgeSummary, tenantHealthSummary, timelineSummary } from './story.js';

export function incidentSummary(head: Head, judgement: Judgement): Summary['incident'] {
  const { incident } = judgement;
  const { outages, course, knee, goodput, scaler, headroom, hit } = incident;
  return {
    outages: outages.map((outage) => ({
      ...outage,
      ratePerSec: round(outage.ratePerSec, 3),
      multiple: round(outage.multiple, 3),
      multipleAtEnd: rounded(outage.multipleAtEnd),
      drain: outage.drain === null ? null : drainSummary(outage.drain),
    })),
    course: { ...course },
    knee: knee === null ? null : { ...knee, ratePerSec: round(knee.ratePerSec, 3) },
    goodput: goodput === null ? null : goodputSummary(goodput),
    scaler: scaler && {
      exceededAtS: round(scaler.exceededAtS, 3),
      reactedAtS: rounded(scaler.reactedAtS),
      reactionS: rounded(scaler.reactionS),
      enoughAtS: rounded(scaler.enoughAtS),
      enoughS: rounded(scaler.enoughS),
    },
    headroom: headroom.map(({ lagS, factor }) => ({ lagS, factor: rounded(factor) })),
    hot: hit.hot.slice(0, TENANTS_LISTED).map((toll) => ({ ...toll })),
    bystanders: hit.bystanders && { ...hit.bystanders },
    untouched: hit.untouched,
    tenantHealth: tenantHealthSummary(head, judgement),
    surge: surgeSummary(judgement),
    timeline: timelineSummary(judgement),
  };
}

function drainSummary(drain: Drain) {
  return { ...drain, drainS: rounded(drain.drainS), ratio: rounded(drain.ratio) };
}

function goodputSummary({ points, collapse, hysteresis }: Goodput) {
  return {
    points: points.map((point) => ({
      ...point,
      offeredPerSec: round(point.offeredPerSec, 3),
      okPerSec: round(point.okPerSec, 3),
    })),
    collapse: collapse && {
      ...collapse,
      offeredPerSec: round(collapse.offeredPerSec, 3),
      okPerSec: round(collapse.okPerSec, 3),
      share: round(collapse.share, 4),
    },
    hysteresis: hysteresis && { ...hysteresis, difference: round(hysteresis.difference, 4) },
  };
}

function rounded(figure: number | null): number | null {
  return figure === null ? null : round(figure, 3);
}
