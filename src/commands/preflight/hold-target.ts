// Holds the target of a run while it is loaded, so that two runs do not hit it from one machine by accident.
import { UserError } from '../../problem.js';
import { safe } from '../../report/escape.js';
import type { Prepared } from '../prepare.js';
import { type Terminal, warn } from '../terminal.js';
import { type Holder, lockFolder, lockTarget, thisProcess } from './target-lock.js';

/**
 * Does what is to be done while nobody else on this machine loads the target.
 * @param force says so only, where somebody does
 * @throws UserError naming who has it
 */
export async function holdingTarget<T>(
  { loaded, shard }: Pick<Prepared, 'loaded' | 'shard'>,
  force: boolean,
  terminal: Terminal,
  work: () => Promise<T>,
): Promise<T> {
  const claim = { target: loaded.target.url, scenario: loaded.name, planId: loaded.planId, shard };
  const folder = lockFolder(terminal.env);
  let locking = await lockTarget(folder, claim, false, thisProcess());
  if (locking.kind === 'taken') {
    const message = `${loaded.target.url} is being loaded from this machine already: ${wordsOf(locking.by)}`;
    if (!force) {
      const hint = `wait for it, end it (kill ${locking.by.pid}), or pass --force to load the target with both`;
      throw new UserError([{ place: 'this machine', path: '', message, hint }]);
    }
    warn(terminal, `${message}; this run goes on by --force`);
    locking = await lockTarget(folder, claim, true, thisProcess());
  }
  if (locking.kind === 'unable')
    warn(terminal, `whether another run loads the target is not known (${safe(locking.reason)})`);
  try {
    return await work();
  } finally {
    if (locking.kind === 'held') locking.lock.release();
  }
}

function wordsOf({ pid, since, scenario, planId, shard }: Holder): string {
  const part = shard.n > 1 ? `, shard ${shard.i}/${shard.n}` : '';
  return `process ${pid}, since ${safe(since)}, scenario ${safe(scenario)}, plan ${safe(planId.slice(0, 8))}${part}`;
}
