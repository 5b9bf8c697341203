// What ends a command early: Ctrl-C, SIGTERM and a closed terminal stop it and let what is under way drain.
import { ExitCode } from '../exit-codes.js';
import type { Pool } from '../workers/pool.js';

/** The signals that a command has got so far. */
export interface Signals {
  /** The exit code of the first one; undefined if there was none. */
  code(): ExitCode | undefined;
  /** Calls back at the first one, soon if it has come already; gives back what ends that. */
  onStop(callback: () => void): () => void;
  /** Leaves signals to the system again. */
  off(): void;
}

/**
 * Takes signals. The second one quits. SIGHUP never quits: a terminal that closes may send it twice, itself and by its
 * shell.
 */
export function listenForSignals(): Signals {
  let code: ExitCode | undefined;
  const callbacks = new Set<() => void>();
  const stop = (of: ExitCode) => () => {
    if (code !== undefined) {
      if (of !== ExitCode.hungUp) process.exit(code);
      return;
    }
    code = of;
    for (const callback of [...callbacks]) callback();
  };
  const onInt = stop(ExitCode.interrupted);
  const onTerm = stop(ExitCode.terminated);
  const onHup = stop(ExitCode.hungUp);
  process.on('SIGINT', onInt);
  process.on('SIGTERM', onTerm);
  process.on('SIGHUP', onHup);
  return {
    code: () => code,
    onStop: (callback) => {
      callbacks.add(callback);
      if (code !== undefined) queueMicrotask(() => callbacks.has(callback) && callback());
      return () => void callbacks.delete(callback);
    },
    off: () => {
      process.off('SIGINT', onInt);
      process.off('SIGTERM', onTerm);
      process.off('SIGHUP', onHup);
    },
  };
}

/**
 * The first signal stops the run and drains.
 * @param outer of a command that goes on after the run; the run's own unless given
 */
export function stopOnSignal(pool: Pool, drainUs: number, onStop: () => void, outer?: Signals) {
  const signals = outer ?? listenForSignals();
  const forget = signals.onStop(() => {
    onStop();
    pool.stop('interrupted', drainUs);
  });
  return {
    exitCode: () => signals.code(),
    off: () => {
      forget();
      if (outer === undefined) signals.off();
    },
  };
}
