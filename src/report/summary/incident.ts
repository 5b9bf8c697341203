// The incident as the Summary has it.
import type { Judgement } from '../../judge/verdict.js';
import type { Head } from '../../measure/snapshot.js';
import type { Summary } from '../summary-schema.js';
import { TENANTS_LISTED } from './listed.js';
import { round } from './rounded.js';
import { surgeSummary, tenantHealthSummary, timelineSummary } from './story.js';

export function incidentSummary(head: Head, judgement: Judgement): Summary['incident'] {
  const { outages, course, hit } = judgement.incident;
  return {
    outages: outages.map((outage) => ({
      ...outage,
      ratePerSec: round(outage.ratePerSec, 3),
      multiple: round(outage.multiple, 3),
      multipleAtEnd: outage.multipleAtEnd === null ? null : round(outage.multipleAtEnd, 3),
    })),
    course: { ...course },
    hot: hit.hot.slice(0, TENANTS_LISTED).map((toll) => ({ ...toll })),
    bystanders: hit.bystanders && { ...hit.bystanders },
    untouched: hit.untouched,
    tenantHealth: tenantHealthSummary(head, judgement),
    surge: surgeSummary(judgement),
    timeline: timelineSummary(judgement),
  };
}
