// What the visits of a rate stream are made of: how many requests, how far apart, and which visitors log in first.
import { type DrawKey, draw, drawKey } from '../random.js';
import type { RateStream } from '../scenario/plan.js';

/**
 * A visit is a row of positions: first those of the login, which a visitor who does not log in leaves out, then those
 * of the flow or mix. Everything is a pure function of the visitor's number, L·v + lane.
 */
export class Visits {
  /** How many positions are the login's. */
  readonly loginSteps: number;
  /** Positions in all; the last one ends the visit. */
  readonly length: number;
  /** The think times that occur, microseconds. */
  readonly thinksUs: readonly number[];
  /** Which of them follows a position; of all later positions the last one. */
  readonly #thinkAt: Int32Array;
  readonly #share: number;
  readonly #start: DrawKey;
  readonly #rotation: number;

  constructor(
    stream: RateStream,
    streamIndex: number,
    seed: number,
    private readonly lanes: number,
  ) {
    const login = stream.login?.steps ?? [];
    this.loginSteps = login.length;
    this.length = login.length + stream.visits.requests;
    const each = [...login, ...(stream.flow?.steps ?? [stream.visits])].map(({ thinkUs }) => thinkUs);
    this.thinksUs = [...new Set(each)];
    this.#thinkAt = Int32Array.from(each, (thinkUs) => this.thinksUs.indexOf(thinkUs));
    this.#share = stream.login?.share ?? 0;
    this.#start = drawKey(seed, streamIndex, 'login');
    this.#rotation = draw(drawKey(seed, streamIndex, 'users'), 0);
  }

  /** Which of `thinksUs` follows a position. */
  thinkAfter(position: number): number {
    return this.#thinkAt[Math.min(position, this.#thinkAt.length - 1)] as number;
  }

  /** The position that a visitor begins at. */
  startOf(visitor: number): number {
    return this.logsIn(visitor) ? 0 : this.loginSteps;
  }

  /**
   * Whether a visitor logs in: every lane takes its share of its visitors at even steps from a drawn start (systematic
   * sampling), so that the share is exact and a user's place in the row of users needs no counting.
   */
  logsIn(visitor: number): boolean {
    if (this.loginSteps === 0) return false;
    return this.#share === 1 || this.#usersBefore(visitor + this.lanes) > this.#usersBefore(visitor);
  }

  /**
   * Which user a visitor who logs in is, from 0. A user belongs to one lane, where users are taken in turn: two
   * visitors are the same user at once only if there are too few; with fewer users than lanes some share one.
   */
  userOf(visitor: number, users: number): number {
    const lane = visitor % this.lanes;
    const own = Math.ceil((users - lane) / this.lanes);
    const place = own > 0 ? lane + this.lanes * (this.#usersBefore(visitor) % own) : lane;
    // Another seed begins elsewhere in the file.
    return (place + Math.floor(this.#rotation * users)) % users;
  }

  /** How many visitors of the lane before this one log in. */
  #usersBefore(visitor: number): number {
    const lane = visitor % this.lanes;
    const before = Math.floor(visitor / this.lanes);
    return this.#share === 1 ? before : Math.floor(before * this.#share + draw(this.#start, lane));
  }
}
