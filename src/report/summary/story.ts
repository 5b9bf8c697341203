// Tenants over time, the surge and the timeline as the Summary has them.
import type { Source } from '../../judge/incident/surge.js';
import type { TenantToll } from '../../judge/incident/tenant-health.js';
import type { Judgement } from '../../judge/verdict.js';
import type { Head } from '../../measure/snapshot.js';
import { sentenceOf, stateOf } from '../story.js';
import type { Summary } from '../summary-schema.js';
import { round } from './rounded.js';

type InSummary = Summary['incident'];

export function tenantHealthSummary(head: Head, { incident }: Judgement): InSummary['tenantHealth'] {
  const { tenantHealth } = incident;
  if (tenantHealth === null) return null;
  const { known, broken, slices, below, lowest, lowestByPhase, isolation } = tenantHealth;
  const toll = ({ brokenS, ...rest }: TenantToll) => ({ ...rest, brokenS: round(brokenS, 1) });
  return {
    known,
    broken,
    slices: slices.map((slice) => ({
      ...slice,
      share: rounded(slice.share, 6),
      weighted: rounded(slice.weighted, 6),
    })),
    below: below.map((level) => ({ ...level })),
    lowest: lowest && { ...lowest, share: round(lowest.share, 6) },
    lowestByPhase: head.phases.map(({ name }, i) => ({
      phase: name,
      share: rounded(lowestByPhase[i] ?? null, 6),
    })),
    unwellAtS: tenantHealth.unwellAtS,
    wellAgainAtS: tenantHealth.wellAgainAtS,
    storeMinutesLost: round(tenantHealth.lostS / 60, 3),
    worstByShare: tenantHealth.worstByShare.map(toll),
    worstByTime: tenantHealth.worstByTime.map(toll),
    isolation: isolation && { ...isolation, ratio: rounded(isolation.ratio, 6) },
  };
}

export function surgeSummary({ incident: { surge } }: Judgement): InSummary['surge'] {
  if (surge === null) return null;
  const source = (of: Source) => ({
    ...of,
    normalPerSec: round(of.normalPerSec, 3),
    spikePerSec: round(of.spikePerSec, 3),
    shareOfAdded: round(of.shareOfAdded, 6),
    multiple: rounded(of.multiple, 3),
  });
  return {
    base: surge.base,
    normalPerSec: round(surge.normalPerSec, 3),
    spikePerSec: round(surge.spikePerSec, 3),
    grew: surge.grew.map(source),
    leading: surge.leading.map(source),
  };
}

export function timelineSummary(judgement: Judgement): InSummary['timeline'] {
  return judgement.timeline.map((entry) => {
    const { atS, at, recordedAt, kind, ...figures } = entry;
    const state = stateOf(entry, judgement);
    return { atS, at, recordedAt, kind, state, text: sentenceOf(entry, judgement), figures: plain(figures) };
  });
}

function plain(figures: Readonly<Record<string, number | string | boolean | null>>) {
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [
      name,
      typeof value === 'number' ? round(value, 6) : value,
    ]),
  );
}

function rounded(value: number | null, digits: number): number | null {
  return value === null ? null : round(value, digits);
}
