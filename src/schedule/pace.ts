// The times of a paced recording: one arrival process over a whole curve, from its first arrival to its last.
import { type DrawKey, draw, drawKey } from '../random.js';
import type { Curve, Pace, Plan } from '../scenario/plan.js';
import { type AreaCurve, timeOfAreaUs, totalArea, withArea } from './area.js';

/**
 * Due times in order. `poisson`: their areas under the curve are running sums of Exp(1); `even`: they are ½, 1½, 2½ …
 * Unlike a rate stream's it is not cut into lanes: the lane of the n-th arrival is that of the visitor whose row it
 * takes, which only the rows say; so each shard walks all of it.
 */
export class PaceTimes {
  private readonly curve: AreaCurve;
  private readonly total: number;
  private readonly gaps: DrawKey | null;
  private area: number;
  private segment = 0;
  private number = 0;

  constructor(plan: Plan, streamIndex: number, pace: Pace, curve: Curve) {
    this.curve = withArea(curve);
    this.total = totalArea(this.curve);
    this.gaps = pace.arrivals === 'poisson' ? drawKey(plan.seed, streamIndex, 'gap') : null;
    this.area = this.gaps === null ? -0.5 : 0;
  }

  /** When the next arrival is due, whole microseconds; Infinity when there is none. */
  next(): number {
    this.area += this.gaps === null ? 1 : -Math.log(1 - draw(this.gaps, this.number++));
    if (this.area >= this.total) return Number.POSITIVE_INFINITY;
    while (this.area >= (this.curve.areaBefore[this.segment + 1] as number)) this.segment++;
    const dueUs = Math.floor(timeOfAreaUs(this.curve, this.segment, this.area));
    // Rounding may put the very last arrival on the end itself, which is no longer part of the curve.
    return Math.min(dueUs, Math.ceil(this.curve.endUs) - 1);
  }
}
