// TLS sessions: whose they are, what connections that belong to nobody share, and how many are kept in all.

/** Somebody's TLS sessions, to be resumed by server name. */
export interface TlsSessions {
  session(servername: string): Buffer | undefined;
  keepSession(servername: string, session: Buffer): void;
}

/** Server names whose session is shared. */
const NAMES_MAX = 4_096;

/** The sessions of a pool: the last one of each server name, as an edge proxy keeps them. */
export class SharedSessions implements TlsSessions {
  readonly #sessions = new Map<string, Buffer>();

  session(servername: string): Buffer | undefined {
    return this.#sessions.get(servername);
  }

  keepSession(servername: string, session: Buffer): void {
    if (this.#sessions.size < NAMES_MAX || this.#sessions.has(servername))
      this.#sessions.set(servername, session);
  }
}

/** A number of things that may be kept at once. */
export class Budget {
  #left: number;

  constructor(max: number) {
    this.#left = max;
  }

  /** Takes one, if there is one. */
  take(): boolean {
    if (this.#left === 0) return false;
    this.#left--;
    return true;
  }

  giveBack(count: number): void {
    this.#left += count;
  }
}
