// Plays a script of events: how the shop is run at each instant.
import type { Change, ScriptedEvent } from './script.js';

/** How the shop is run at one instant. */
export interface Conditions {
  readonly stuck: boolean;
  readonly metricsLateUs: number;
  /** Instances that take no requests; Infinity for all. */
  readonly instancesDown: number;
  readonly priority: boolean;
  /** The share of slots and queue that a store may take; 1 is no isolation. */
  readonly isolation: number;
  /** Stores that have a share of their own. */
  readonly isolated: ReadonlyMap<string, number>;
}

/** An event as it happened, or will; seconds since the start of the platform. */
export interface EventView {
  readonly text: string;
  readonly kind: Change['kind'];
  /** null before the first request. */
  readonly fromS: number | null;
  /** null where it has no end, and before the first request. */
  readonly toS: number | null;
}

/** Plays the events: nothing happens before `begin`. Of two events on the same thing, the later in the list counts. */
export class Script {
  readonly #events: readonly ScriptedEvent[];
  readonly #speed: number;
  readonly #usual: Conditions;
  /** When anything changes, in the script's own time, earliest first, without repeats. */
  readonly #turnsUs: readonly number[];
  #turn = 0;
  #beganUs = Number.POSITIVE_INFINITY;
  #conditions: Conditions;

  /** @param usual how the shop is run where no event says otherwise */
  constructor(events: readonly ScriptedEvent[], speed: number, usual: Conditions) {
    this.#events = events;
    this.#speed = speed;
    this.#usual = usual;
    this.#conditions = usual;
    const turnsUs = events.flatMap(({ fromUs, toUs }) => (toUs === undefined ? [fromUs] : [fromUs, toUs]));
    this.#turnsUs = [...new Set(turnsUs)].sort((a, b) => a - b);
  }

  get conditions(): Conditions {
    return this.#conditions;
  }

  /** When conditions change next, microseconds; Infinity when they do not. */
  get nextUs(): number {
    const turnUs = this.#turnsUs[this.#turn];
    return turnUs === undefined ? Number.POSITIVE_INFINITY : this.#at(turnUs);
  }

  /** The script's time runs from here; only the first call counts. */
  begin(atUs: number): void {
    this.#beganUs = Math.min(this.#beganUs, atUs);
  }

  /**
   * Takes the turn that is due.
   * @returns instances that are lost in it
   */
  step(): number {
    const turnUs = this.#turnsUs[this.#turn++] as number;
    let conditions = this.#usual;
    let lost = 0;
    for (const event of this.#events) {
      const { fromUs, toUs = Number.POSITIVE_INFINITY } = event;
      if (event.kind === 'instances_lost') lost += fromUs === turnUs ? event.instances : 0;
      else if (fromUs <= turnUs && turnUs < toUs) conditions = under(conditions, event, this.#speed);
    }
    this.#conditions = conditions;
    return lost;
  }

  view(): EventView[] {
    const seconds = (us: number) => {
      const atUs = this.#at(us);
      return Number.isFinite(atUs) ? Math.round(atUs / 1e3) / 1e3 : null;
    };
    return this.#events.map(({ text, kind, fromUs, toUs = Number.POSITIVE_INFINITY }) => ({
      text,
      kind,
      fromS: seconds(fromUs),
      toS: seconds(toUs),
    }));
  }

  #at(scriptUs: number): number {
    return this.#beganUs + scriptUs / this.#speed;
  }
}

function under(conditions: Conditions, change: Change, speed: number): Conditions {
  switch (change.kind) {
    case 'autoscaler_stuck':
      return { ...conditions, stuck: true };
    case 'metrics_late':
      return { ...conditions, metricsLateUs: change.byUs / speed };
    case 'instances_down':
      return {
        ...conditions,
        instancesDown: change.instances === 'all' ? Number.POSITIVE_INFINITY : change.instances,
      };
    case 'dashboard_degraded':
      return { ...conditions, priority: true };
    case 'stores_isolated':
      return { ...conditions, isolation: change.share };
    case 'store_isolated':
      return {
        ...conditions,
        isolated: new Map([...conditions.isolated, [change.store, change.share]]),
      };
    case 'instances_lost':
      return conditions;
  }
}
