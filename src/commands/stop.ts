// What ends a run early: Ctrl-C and SIGTERM, which stop it and let what is under way drain; a second one quits.
import { ExitCode } from '../exit-codes.js';
import type { Pool } from '../workers/pool.js';

/** The first signal stops and drains; the second quits. */
export function stopOnSignal(pool: Pool, drainUs: number, onStop: () => void) {
  let code: ExitCode | undefined;
  const stop = (of: ExitCode) => () => {
    if (code !== undefined) process.exit(code);
    code = of;
    onStop();
    pool.stop('interrupted', drainUs);
  };
  const onInt = stop(ExitCode.interrupted);
  const onTerm = stop(ExitCode.terminated);
  process.on('SIGINT', onInt);
  process.on('SIGTERM', onTerm);
  return {
    exitCode: () => code,
    off: () => {
      process.off('SIGINT', onInt);
      process.off('SIGTERM', onTerm);
    },
  };
}
