// What ends a run early: Ctrl-C, SIGTERM and a closed terminal stop it and let what is under way drain.
import { ExitCode } from '../exit-codes.js';
import type { Pool } from '../workers/pool.js';

/**
 * The first signal stops and drains; the second quits. SIGHUP never quits: a terminal that closes may send it twice,
 * itself and by its shell.
 */
export function stopOnSignal(pool: Pool, drainUs: number, onStop: () => void) {
  let code: ExitCode | undefined;
  const stop = (of: ExitCode) => () => {
    if (code !== undefined) {
      if (of !== ExitCode.hungUp) process.exit(code);
      return;
    }
    code = of;
    onStop();
    pool.stop('interrupted', drainUs);
  };
  const onInt = stop(ExitCode.interrupted);
  const onTerm = stop(ExitCode.terminated);
  const onHup = stop(ExitCode.hungUp);
  process.on('SIGINT', onInt);
  process.on('SIGTERM', onTerm);
  process.on('SIGHUP', onHup);
  return {
    exitCode: () => code,
    off: () => {
      process.off('SIGINT', onInt);
      process.off('SIGTERM', onTerm);
      process.off('SIGHUP', onHup);
    },
  };
}
