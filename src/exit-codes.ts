// What the process's exit code means; the one table of them.

/**
 * When several apply, the order of precedence is: interrupted, untrustworthy, gate failed, inconclusive, passed.
 * Untrustworthy wins over a failed gate: a slow laptop never fails a shop, and never passes one.
 */
export const ExitCode = {
  /** Every gate passed, or there was none. */
  passed: 0,
  /** A gate failed: the shop did not hold. Of a probe: an answer was not as expected. */
  gateFailed: 1,
  /** Bad input or usage; nothing was sent. */
  badInput: 2,
  /** The run is not trustworthy: the generator, or what lies before the shop, was the limit, or flashcrowd crashed. */
  untrustworthy: 3,
  /** A gate had no data, or too little, to be decided. */
  inconclusive: 4,
  /** The target could not be reached before the run. */
  unreachable: 5,
  /** Stopped by SIGHUP, as a terminal that closes sends it; the partial result is valid. */
  hungUp: 129,
  /** Stopped by Ctrl-C; the partial result is valid. */
  interrupted: 130,
  /** Stopped by SIGTERM; the partial result is valid. */
  terminated: 143,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
