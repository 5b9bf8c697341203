// The live view of a run: what its threads say and what has closed, told to the terminal until it is over.
import { monotonicNowUs } from '../drive/pacing/clock.js';
import { Progress } from '../live/progress.js';
import { COARSE } from '../measure/buckets.js';
import { addDistributions, emptyDistribution, quantile } from '../measure/distribution.js';
import type { Snapshot } from '../measure/snapshot.js';
import { paintFor } from '../report/paint.js';
import { formatReading } from '../report/words.js';
import type { Pool } from '../workers/pool.js';
import type { Prepared } from './prepare.js';
import type { Terminal } from './terminal.js';

/** @param startUs due time 0 on the process's monotonic clock */
export function showProgress(
  { loaded, rate }: Prepared,
  pool: Pool,
  snapshot: Snapshot,
  startUs: number,
  terminal: Terminal,
) {
  let stopping = false;
  const progress = new Progress({
    write: terminal.interactive ? terminal.draw : terminal.err,
    interactive: terminal.interactive,
    columns: terminal.columns,
    paint: paintFor(terminal.interactive ? terminal.colour : 0),
    totals: () => pool.pulse(),
    state: (history) => {
      const { ok, failed, inFlight } = pool.pulse();
      const atUs = Math.max(0, monotonicNowUs() - startUs);
      const last = history.at(-1) ?? { planned: 0, ok: 0, failed: 0 };
      return {
        scenario: loaded.name,
        target: loaded.target.url,
        atUs,
        durationS: rate.durationS,
        phases: rate.phases,
        plannedPerSec: rate.perSec[Math.floor(atUs / 1e6)] ?? 0,
        normalPerSec: rate.normalPerSec,
        peakPerSec: rate.peakPerSec,
        last,
        inFlight,
        ok,
        failed,
        p99: recentP99(snapshot),
        history,
        stopping,
      };
    },
  });
  return {
    stop: () => progress.stop(),
    stopping: () => {
      stopping = true;
    },
  };
}

/** Response p99 of the last five seconds that have closed. */
function recentP99(snapshot: Snapshot): string {
  let recent = emptyDistribution(COARSE);
  let last = -1;
  for (const windowS of snapshot.seconds.keys()) last = Math.max(last, windowS);
  for (let second = Math.max(0, last - 4); second <= last; second++) {
    const closed = snapshot.seconds.get(second);
    if (closed !== undefined) recent = addDistributions(recent, closed.response);
  }
  return recent.count === 0 ? '' : formatReading(quantile(recent, 0.99));
}
