// Kill -9 at any moment: what was written is readable, is called incomplete, and holds nothing that was not so.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Summary } from '../../src/report/summary-schema.js';
import type { Section } from './outcomes.js';
import { Dice, runCli, runTrial, steady, Target } from './trials.js';

const RATE_PER_SEC = 400;
const SECONDS = 6;
/** What `report` may answer with: it judges; what it cannot read is 2. */
const READABLE = [0, 1, 3, 4];

export const kills: Section = {
  name: 'kills',
  async run({ folder, quick, tell }) {
    const wrong: string[] = [];
    const lostS: number[] = [];
    const times = quick ? 3 : 30;
    for (let seed = 1; seed <= times; seed++) {
      const target = await Target.start();
      const afterMs = new Dice(seed, 'kill').between(0, SECONDS * 1_000);
      const { resultFile } = await runTrial({
        folder,
        name: `kill-${seed}`,
        scenario: steady(target.url, RATE_PER_SEC, SECONDS),
        args: ['--workers', String(1 + (seed % 2))],
        during: async (child) => {
          await sleep(afterMs);
          child.process.kill('SIGKILL');
        },
      });
      const seen = await target.requests();
      await target.child.end();
      const { code, stdout } = await runCli(['report', resultFile, '--format', 'json'], folder);
      const plan = await plannedBySecond(target.url, folder, seed);
      const said =
        code !== null && READABLE.includes(code)
          ? faultOf(JSON.parse(stdout) as Summary, plan, seen)
          : `exit ${code}`;
      if (said !== null) wrong.push(`seed ${seed}, killed after ${afterMs} ms: ${said}`);
      else lostS.push(afterMs / 1e3 - (JSON.parse(stdout) as Summary).closedS);
      tell(`${seed} of ${times}, after ${afterMs} ms: ${said ?? 'right'}`);
    }
    return [
      {
        what: 'kill -9 at a random moment: a readable result that says through when, each second as planned',
        times,
        wrong,
        seen: `at most ${Math.max(0, ...lostS).toFixed(1)} s were lost`,
      },
    ];
  },
};

/** The plan by second of due time, as `plan --arrivals` lists it. */
async function plannedBySecond(url: string, folder: string, seed: number): Promise<Map<number, number>> {
  const file = `${folder}/kill-${seed}/scenario.yaml`;
  if (!readFileSync(file, 'utf8').includes(url)) throw new Error('not the scenario that was run');
  const { stdout } = await runCli(['plan', file, '--arrivals'], folder);
  const planned = new Map<number, number>();
  for (const row of stdout.trim().split('\n').slice(1)) {
    const second = Math.floor(Number(row.split(',')[1]) / 1e6);
    planned.set(second, (planned.get(second) ?? 0) + 1);
  }
  return planned;
}

/** What is wrong with a result; null where nothing is. */
function faultOf(summary: Summary, plan: ReadonlyMap<number, number>, seen: number): string | null {
  const settled = Object.values(summary.outcomes).reduce((sum, n) => sum + n, 0);
  const due = [...plan].reduce((sum, [second, n]) => sum + (second < summary.closedS ? n : 0), 0);
  if (summary.complete) return 'it is called complete';
  if (settled !== summary.planned) return `${summary.planned} planned, ${settled} settled`;
  if (summary.planned !== due) return `${summary.planned} planned, the plan has ${due} by then`;
  if (summary.attempts > seen) return `${summary.attempts} attempts, the target saw ${seen}`;
  const other = summary.windows.find(({ atS, planned }) => planned !== (plan.get(atS) ?? 0));
  return other === undefined
    ? null
    : `second ${other.atS} has ${other.planned}, the plan ${plan.get(other.atS)}`;
}
