// Competition: other work on the same processors that does not move the figures must not make a run invalid.
import { availableParallelism } from 'node:os';
import { Child } from '../bench/processes.js';
import type { Section } from './outcomes.js';
import { Dice, findingsOf, runTrial, steady, Target, type Trial } from './trials.js';

const SPIN = 'for (;;);';
/** What the target takes for each answer, and what is asked of it. */
const SERVICE_MS = 50;
const GATE = 'gates: ["p99 < 500ms"]\n';
/** The p99 has moved if it is beyond so many times the quietest run's. */
const MOVED = 1.2;

export const competition: Section = {
  name: 'competition',
  async run(torture) {
    const target = await Target.start(SERVICE_MS);
    const trial = (name: string) =>
      runTrial({ folder: torture.folder, name, scenario: steady(target.url, 300, 6, GATE) });
    const alone = [await trial('alone-1'), await trial('alone-2'), await trial('alone-3')].map(p99Of);
    const quietMs = Math.min(...alone);
    torture.tell(`p99 alone ${quietMs.toFixed(1)} ms`);
    const wrong: string[] = [];
    let moved = 0;
    let invalid = 0;
    const times = torture.quick ? 2 : 20;
    for (let seed = 1; seed <= times; seed++) {
      const count = new Dice(seed, 'competition').between(1, 2 * availableParallelism());
      const others = startOthers(count, seed);
      const under = await trial(`competition-${seed}`);
      for (const other of others) await other.end('SIGKILL');
      const verdict = under.summary?.validity.verdict;
      const hasMoved = p99Of(under) > MOVED * quietMs;
      if (hasMoved) moved++;
      if (verdict === 'invalid') invalid++;
      if (verdict === undefined || (verdict === 'invalid' && !hasMoved))
        wrong.push(
          `seed ${seed}, ${count} others, p99 ${p99Of(under)} ms: exit ${under.exitCode}, ${findingsOf(under)}`,
        );
      torture.tell(`${seed} of ${times}, ${count} others, p99 ${p99Of(under)} ms: ${verdict}`);
    }
    await target.child.end();
    return [
      {
        what: 'other work on all processors: never invalid where the p99 stays within a fifth',
        times,
        wrong,
        seen: `it moved in ${moved}, ${invalid} were invalid`,
      },
    ];
  },
};

/** Half of them as important as we are, half not. */
function startOthers(count: number, seed: number): Child[] {
  const nice = seed % 2 === 0 ? '19' : '0';
  return Array.from(
    { length: count },
    () => new Child('nice', ['-n', nice, process.execPath, '-e', SPIN], { cores: null }),
  );
}

function p99Of({ summary }: Trial): number {
  const p99 = summary?.response.p99 ?? null;
  return typeof p99 === 'number' ? p99 : (p99?.atLeast ?? Number.POSITIVE_INFINITY);
}
