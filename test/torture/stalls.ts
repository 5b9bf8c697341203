// Stalls of the generator, which must be called its own and by their cause; and stalls of the target, which must not.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Row, Section, Torture } from './outcomes.js';
import { Dice, findingsOf, runTrial, steady, Target, type Trial, type TrialOptions } from './trials.js';

const RATE_PER_SEC = 300;
const SECONDS = 6;

type Stall = 'busy' | 'stopped' | 'hook';

/** The finding that names each. */
const CAUSES: Record<Stall, string> = { busy: 'loop_blocked', stopped: 'halted', hook: 'hook_blocked' };
const WORDS: Record<Stall, string> = {
  busy: 'a busy loop in a worker',
  stopped: 'the process stopped and continued',
  hook: 'a hook that blocks',
};

export const stalledGenerator: Section = {
  name: 'stalls',
  async run(torture) {
    const target = await Target.start();
    const rows: Row[] = [];
    for (const stall of Object.keys(CAUSES) as Stall[]) rows.push(await stalledBy(stall, torture, target));
    await target.child.end();
    return rows;
  },
};

async function stalledBy(stall: Stall, torture: Torture, target: Target): Promise<Row> {
  const wrong: string[] = [];
  const shares: number[] = [];
  const times = torture.quick ? 2 : 20;
  for (let seed = 1; seed <= times; seed++) {
    const dice = new Dice(seed, stall);
    const [atMs, forMs] = [dice.between(1_000, 3_500), dice.between(300, 1_500)];
    const trial = await runTrial({
      folder: torture.folder,
      name: `${stall}-${seed}`,
      ...arrange(stall, target.url, atMs, forMs, seed),
    });
    const cause = trial.summary?.validity.findings.find(
      ({ level, id }) => level === 'note' && id !== 'target_local',
    )?.id;
    const right =
      trial.exitCode === 3 && trial.summary?.validity.verdict === 'invalid' && cause === CAUSES[stall];
    if (!right) wrong.push(`seed ${seed}, ${forMs} ms: exit ${trial.exitCode}, ${findingsOf(trial)}`);
    shares.push(trial.summary?.generatorShare ?? 0);
    torture.tell(`${WORDS[stall]}, ${seed} of ${times}: ${right ? 'right' : 'WRONG'}`);
  }
  const least = Math.round(100 * Math.min(...shares));
  return {
    what: `${WORDS[stall]}, 0.3 to 1.5 s: invalid, and that cause named first`,
    times,
    wrong,
    seen: `ours at least ${least} % of the slowest 1 %`,
  };
}

function arrange(
  stall: Stall,
  url: string,
  atMs: number,
  forMs: number,
  seed: number,
): Pick<TrialOptions, 'scenario' | 'files' | 'during'> {
  if (stall === 'stopped') {
    return {
      scenario: steady(url, RATE_PER_SEC, SECONDS),
      during: async (child) => {
        await sleep(atMs);
        child.process.kill('SIGSTOP');
        await sleep(forMs);
        child.process.kill('SIGCONT');
      },
    };
  }
  const scenario = steady(url, RATE_PER_SEC, SECONDS, 'hooks: ./hooks.mjs\n');
  const spin = `const end = performance.now() + ${forMs}; while (performance.now() < end);`;
  const wait = `Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${forMs});`;
  // A thread loads its hooks about two seconds before due time 0.
  const after = atMs + 2_000;
  const hooks =
    stall === 'busy'
      ? `import { isMainThread } from 'node:worker_threads';
if (!isMainThread) setTimeout(() => { ${spin} }, ${after}).unref();
export function afterResponse() {}
`
      : `const from = performance.now() + ${after};
let blocked = false;
export function beforeRequest() {
  if (blocked || performance.now() < from) return;
  blocked = true;
  ${seed % 2 === 0 ? wait : spin}
}
`;
  return { scenario, files: { 'hooks.mjs': hooks } };
}

const FAULTS = ['stopped', 'slow', 'silent', 'away'] as const;

export const stalledTarget: Section = {
  name: 'target',
  async run(torture) {
    const wrong: string[] = [];
    const shares: number[] = [];
    const times = torture.quick ? 4 : 20;
    for (let seed = 1; seed <= times; seed++) {
      const trial = await stallOfTarget(seed, torture);
      const verdict = trial.summary?.validity.verdict;
      if (verdict === undefined || verdict === 'invalid' || trial.exitCode === 3)
        wrong.push(`seed ${seed}: exit ${trial.exitCode}, ${findingsOf(trial)}`);
      shares.push(trial.summary?.generatorShare ?? 1);
      torture.tell(`${seed} of ${times}: ${verdict}`);
    }
    const most = (100 * Math.max(...shares)).toFixed(1);
    return [
      {
        what: 'the target stopped, slow, silent or away for 0.3 to 1.5 s: never called ours',
        times,
        wrong,
        seen: `ours at most ${most} % of the slowest 1 %`,
      },
    ];
  },
};

async function stallOfTarget(seed: number, { folder }: Torture): Promise<Trial> {
  const dice = new Dice(seed, 'target');
  const [atMs, forMs] = [dice.between(1_000, 3_500), dice.between(300, 1_500)];
  const how = FAULTS[seed % FAULTS.length] as (typeof FAULTS)[number];
  const target = await Target.start();
  const trial = await runTrial({
    folder,
    name: `target-${seed}`,
    scenario: steady(target.url, RATE_PER_SEC, SECONDS, 'timeout: 1s\n'),
    during: async () => {
      await sleep(atMs);
      if (how !== 'stopped') {
        target.child.process.send({ kind: 'misbehave', how, forMs });
        return;
      }
      target.child.process.kill('SIGSTOP');
      await sleep(forMs);
      target.child.process.kill('SIGCONT');
    },
  });
  await target.child.end();
  return trial;
}
