// The incident as the Summary has it.
import type { Judgement } from '../../judge/verdict.js';
import type { Summary } from '../summary-schema.js';
import { TENANTS_LISTED } from './listed.js';
import { round } from './rounded.js';

export function incidentSummary({ incident: { outages, course, hit } }: Judgement): Summary['incident'] {
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
  };
}
