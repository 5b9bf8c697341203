// Runs of drawn shops as counts by second alone: a tenth of what a whole run takes, so that many can be judged.

import { FINE } from '../../src/measure/buckets.js';
import { emptyCounts } from '../../src/measure/cell.js';
import { emptyDistribution } from '../../src/measure/distribution.js';
import { OUTCOME_INDEX } from '../../src/measure/outcome.js';
import { absorbCell, absorbClosed, emptySnapshot } from '../../src/measure/snapshot.js';
import { shapeOf } from '../../src/schedule/phases.js';
import { type Felt, poisson, simulate } from '../storefront/simulate.js';
import { type DrawnShop, type ShopRun, spikeLengthS, spikeRate } from './shop-run.js';
import { completed, headOf } from './snapshots.js';

/** As `runDrawnShop`, without responses, tenants and routes. */
export function countDrawnShop(seed: number, { options, spike }: DrawnShop): ShopRun {
  const forS = spikeLengthS(spike);
  const rate = (atS: number): number => spikeRate(spike, atS);
  const { platform, felt } = simulate(poisson(seed, forS, spike.basePerSec * spike.height, rate), options);
  const shape = shapeOf(
    Float64Array.from({ length: forS }, (_, s) => rate(s + 0.5)),
    1,
  );
  const { phases, normalPerSec, peakPerSec } = shape;
  const plannedTotal = felt.reduce((sum, { planned }) => sum + planned, 0);
  const snapshot = emptySnapshot(headOf({ durationS: forS, phases, normalPerSec, peakPerSec, plannedTotal }));
  felt.slice(0, forS).forEach((second, windowS) => {
    absorbCell(snapshot, cellOf(second, windowS));
  });
  for (const shard of snapshot.head.shards) absorbClosed(snapshot, { shard, closedS: forS });
  return { snapshot: completed(snapshot), platform };
}

function cellOf({ planned, ok }: Felt, windowS: number) {
  const counts = emptyCounts();
  counts.planned = planned;
  counts.outcomes[OUTCOME_INDEX.ok] = ok;
  counts.outcomes[OUTCOME_INDEX.bad_status] = planned - ok;
  const none = emptyDistribution(FINE);
  return { ...counts, stream: 0, route: 0, windowS, response: none, recordedDuration: none };
}
