// The target's name while a run goes on: asked for again beside the requests, never on their way.

/** What a name stands for at one moment. */
export interface NameAnswer {
  /** IP addresses; at least one. */
  readonly addresses: readonly string[];
  /** How long that may be relied on, seconds; null where nobody said. */
  readonly ttlS: number | null;
}

/** Calls back after a time; gives what takes the call back. */
export type Schedule = (delayUs: number, callback: () => void) => () => void;

export interface ResolverOptions {
  /** The answer that the run starts with. */
  readonly first: NameAnswer;
  /** Asks anew; rejects where there is no answer. */
  readonly resolve: () => Promise<NameAnswer>;
  readonly schedule: Schedule;
  /** Whether an address may be used. */
  readonly accepts: (address: string) => boolean;
  /** The addresses in use are others now. */
  readonly changed: (addresses: readonly string[]) => void;
}

/** Shortest time between two questions. */
const REFRESH_MIN_US = 1e6;
const REFRESH_MAX_US = 60e6;
/** Where an answer says nothing of its age, and after a question without an answer. */
const REFRESH_US = 30e6;
const RETRY_US = 5e6;
/** Addresses of one answer that are used. */
const ADDRESSES_MAX = 256;

/**
 * Keeps a name's addresses up to date: new ones come into rotation, those that are gone leave it. While the name does
 * not resolve, the last known addresses stay in use.
 */
export class Resolver {
  readonly #options: ResolverOptions;
  #addresses: readonly string[];
  #cancel: (() => void) | null = null;
  #running = false;
  #failures = 0;
  #changes = 0;

  constructor(options: ResolverOptions) {
    this.#options = options;
    this.#addresses = options.first.addresses;
  }

  /** Those in use. */
  get addresses(): readonly string[] {
    return this.#addresses;
  }

  /** Questions that had no answer. */
  get failures(): number {
    return this.#failures;
  }

  /** How often the addresses became others. */
  get changes(): number {
    return this.#changes;
  }

  /** Asks again and again from now on, until it is stopped. */
  start(): void {
    this.#running = true;
    this.#askIn(delayUs(this.#options.first));
  }

  stop(): void {
    this.#running = false;
    this.#cancel?.();
    this.#cancel = null;
  }

  #askIn(afterUs: number): void {
    this.#cancel = this.#options.schedule(afterUs, () => {
      void this.#ask();
    });
  }

  async #ask(): Promise<void> {
    this.#cancel = null;
    const nextUs = await this.#options.resolve().then(
      (answer) => this.#take(answer),
      () => {
        this.#failures++;
        return RETRY_US;
      },
    );
    if (this.#running) this.#askIn(nextUs);
  }

  /** @returns when to ask again */
  #take(answer: NameAnswer): number {
    if (!this.#running) return REFRESH_MAX_US;
    const usable = answer.addresses.filter(this.#options.accepts).slice(0, ADDRESSES_MAX);
    if (usable.length === 0) {
      this.#failures++;
      return RETRY_US;
    }
    if (!sameSet(usable, this.#addresses)) {
      // What stays keeps its place, so that turns go on where they were.
      const staying = this.#addresses.filter((address) => usable.includes(address));
      this.#addresses = [...staying, ...usable.filter((address) => !staying.includes(address))];
      this.#changes++;
      this.#options.changed(this.#addresses);
    }
    return delayUs(answer);
  }
}

function delayUs({ ttlS }: NameAnswer): number {
  return ttlS === null ? REFRESH_US : Math.min(REFRESH_MAX_US, Math.max(REFRESH_MIN_US, ttlS * 1e6));
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((address) => b.includes(address));
}
