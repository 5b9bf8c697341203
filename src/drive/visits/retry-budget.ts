// The retry budget of a client: retries are at most a share of the requests of the last ten seconds.

/** How far back requests count, in whole seconds. */
export const WINDOW_S = 10;

/**
 * Requests put in, retries take out, both are forgotten after ten seconds: so retries are at most the share of all
 * requests as well, and a quiet hour saves up nothing for a storm. The rule of Finagle's RetryBudget, without its
 * minimum of retries.
 */
export class RetryBudget {
  /** By second modulo WINDOW_S. */
  readonly #requests = new Float64Array(WINDOW_S);
  readonly #retries = new Float64Array(WINDOW_S);
  #requestsInAll = 0;
  #retriesInAll = 0;
  /** The latest second that has been seen. */
  #second = 0;

  /** @param share 0 to 1 */
  constructor(private readonly share: number) {}

  /** A request that is no retry is sent. Times do not go back. */
  request(nowUs: number): void {
    const slot = this.#slotAt(nowUs);
    this.#requests[slot] = (this.#requests[slot] as number) + 1;
    this.#requestsInAll++;
  }

  /** Takes a retry out; false if none is left. */
  take(nowUs: number): boolean {
    const slot = this.#slotAt(nowUs);
    if (this.#retriesInAll + 1 > this.share * this.#requestsInAll) return false;
    this.#retries[slot] = (this.#retries[slot] as number) + 1;
    this.#retriesInAll++;
    return true;
  }

  #slotAt(nowUs: number): number {
    const second = Math.max(this.#second, Math.floor(nowUs / 1e6));
    const from = Math.max(this.#second + 1, second - WINDOW_S + 1);
    for (let s = from; s <= second; s++) this.#forget(s % WINDOW_S);
    this.#second = second;
    return second % WINDOW_S;
  }

  #forget(slot: number): void {
    this.#requestsInAll -= this.#requests[slot] as number;
    this.#retriesInAll -= this.#retries[slot] as number;
    this.#requests[slot] = this.#retries[slot] = 0;
  }
}
