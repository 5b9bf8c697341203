// Memory: twelve hours in simulation and ten minutes for real, with 64 routes and 10,000 tenants, stay flat.
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Child } from '../bench/processes.js';
import { type LongRun, wideScenario } from '../support/long-run.js';
import type { Row, Section, Torture } from './outcomes.js';
import { findingsOf, runTrial, Target } from './trials.js';

/** What one hour may add to what is held after the first, garbage aside. */
const MB_AN_HOUR_MAX = 4;
const RATE_PER_SEC = 500;
const SAMPLE_MS = 5_000;
/** By then every tenant and every route has been seen. */
const SETTLED_MINUTE = 3;
/** What is resident varies with when garbage is collected. */
const RESIDENT_MAX = 1.2;

export const memory: Section = {
  name: 'memory',
  run: async (torture) => [await simulated(torture), await real(torture)],
};

/** In a process of its own, so that nothing but the run is in its memory. */
const SCRIPT = `
import { simulateHours } from ${JSON.stringify(new URL('../support/long-run.ts', import.meta.url).href)};
console.log(JSON.stringify(await simulateHours(Number(process.argv[1]))));
`;

async function simulated({ quick, tell }: Torture): Promise<Row> {
  const hours = quick ? 2 : 12;
  tell(`${hours} hours in simulation`);
  const args = ['--import', 'tsx', '--input-type=module', '-e', SCRIPT, String(hours)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const { heapMbByHour, requests } = JSON.parse(stdout) as LongRun;
  const [first = 0] = heapMbByHour;
  const last = heapMbByHour.at(-1) ?? Number.POSITIVE_INFINITY;
  const grew = (last - first) / (hours - 1) > MB_AN_HOUR_MAX;
  return {
    what: `${hours} hours in simulation, 64 routes, 10,000 tenants: little is added`,
    times: 1,
    wrong: grew ? [`MB by hour: ${heapMbByHour.join(', ')}`] : [],
    seen: `${(requests / 1e6).toFixed(1)} million requests, ${Math.round(first)} MB held after an hour, ${Math.round(last)} MB in the end`,
  };
}

async function real({ folder, quick, tell }: Torture): Promise<Row> {
  const minutes = quick ? 1 : 10;
  const target = await Target.start();
  const byMinute: number[][] = [];
  const trial = await runTrial({
    folder,
    name: 'wide',
    scenario: wideScenario(target.url, RATE_PER_SEC, `${minutes}m`),
    during: (child) => watch(child, byMinute, tell),
  });
  await target.child.end();
  const resident = byMinute.map((samples) => Math.round(median(samples)));
  const settled = resident[Math.min(SETTLED_MINUTE, minutes) - 1] ?? 0;
  const last = resident.at(-1) ?? Number.POSITIVE_INFINITY;
  const wrong: string[] = [];
  if (last > RESIDENT_MAX * settled) wrong.push(`MB by minute: ${resident.join(', ')}`);
  if (trial.summary?.complete !== true) wrong.push(`exit ${trial.exitCode}, ${findingsOf(trial)}`);
  return {
    what: `${minutes} minutes at ${RATE_PER_SEC}/s, 64 routes, 10,000 tenants: resident memory stays`,
    times: 1,
    wrong: wrong.slice(0, 1),
    seen: `${settled} MB in minute ${Math.min(SETTLED_MINUTE, minutes)}, ${last} MB in the last`,
  };
}

/** Notes resident memory in MB, by minute, until the run is over. */
async function watch(child: Child, byMinute: number[][], tell: Torture['tell']): Promise<void> {
  const startMs = performance.now();
  for (;;) {
    await sleep(SAMPLE_MS);
    if (!child.isRunning) return;
    const minute = Math.floor((performance.now() - startMs) / 60_000);
    const samples = (byMinute[minute] ??= []);
    samples.push(child.rssBytes() / 1e6);
    if (samples.length === 1) tell(`minute ${minute}: ${Math.round(samples[0] ?? 0)} MB resident`);
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
