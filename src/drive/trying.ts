// Trying: what is known of an operation of which something is sent again; made only for those that failed.
import type { Tries } from '../measure/operation.js';

/** Instants are microseconds from the run's start. */
export class Trying implements Tries {
  retries = 0;
  reloads = 0;
  overBudget = 0;
  retryAfters = 0;
  firedUs: number;
  wasSent = false;
  /** When the person asked for the page: when it was first fired, or reloaded. */
  loadUs: number;
  /** The number of the client's attempt in this load of the page, from 1. */
  attempt = 1;
  /** What is to come, when, and whether a Retry-After has said so. */
  next: 'retry' | 'reload' = 'retry';
  atUs = 0;
  asked = false;

  /** @param firedUs when the first attempt was fired */
  constructor(firedUs: number) {
    this.firedUs = this.loadUs = firedUs;
  }

  /** Attempts beside the first. */
  get made(): number {
    return this.retries + this.reloads;
  }

  /** What was to come is fired. */
  fired(nowUs: number): void {
    this.firedUs = nowUs;
    if (this.next === 'reload') {
      this.reloads++;
      this.attempt = 1;
      this.loadUs = nowUs;
      return;
    }
    this.retries++;
    this.attempt++;
    if (this.asked) this.retryAfters++;
  }
}
