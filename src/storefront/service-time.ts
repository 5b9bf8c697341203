// How long a page takes once it has a slot: log-normal by route, drawn by the request's number.
import { type DrawKey, draw, drawKey } from '../random.js';
import type { RouteName } from './routes.js';

/** A log-normal law: half take longer than the median; sigma is the spread of the logarithm. */
export interface ServiceTime {
  readonly medianUs: number;
  readonly sigma: number;
}

/** No request costs more than this, whatever is drawn: a log-normal has no end. */
const LONGEST_US = 60e6;

/** Draws service times; the same seed and request number give the same time on every machine. */
export class ServiceTimes {
  readonly #radius: DrawKey;
  readonly #angle: DrawKey;

  constructor(
    readonly laws: Readonly<Record<RouteName, ServiceTime>>,
    seed: number,
  ) {
    this.#radius = drawKey(seed, 'service', 'radius');
    this.#angle = drawKey(seed, 'service', 'angle');
  }

  /** Whole microseconds, at least 1. */
  drawUs(route: RouteName, seq: number): number {
    const { medianUs, sigma } = this.laws[route];
    // Box and Muller: two uniform draws make one normal one; 1 − u keeps the logarithm finite.
    const radius = Math.sqrt(-2 * Math.log(1 - draw(this.#radius, seq)));
    const normal = radius * Math.cos(2 * Math.PI * draw(this.#angle, seq));
    return Math.max(1, Math.round(Math.min(LONGEST_US, medianUs * Math.exp(sigma * normal))));
  }
}
