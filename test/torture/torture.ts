// Does to the built CLI what nights do to it, and counts what came out right: npm run torture [-- --quick] [--only stalls]
//
// `--save` keeps the outcome where the README's table is made from; `--readme` writes that table.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { endChildrenOnExit } from '../bench/processes.js';
import { competition } from './competition.js';
import { faults } from './faults.js';
import { kills } from './kills.js';
import { memory } from './memory.js';
import { nginx } from './nginx.js';
import { type Outcome, placeTable, README, render, SAVED, type Section, type Torture } from './outcomes.js';
import { stalledGenerator, stalledTarget } from './stalls.js';

const SECTIONS: readonly Section[] = [
  stalledGenerator,
  stalledTarget,
  competition,
  kills,
  nginx,
  faults,
  memory,
];

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    save: { type: 'boolean', default: false },
    readme: { type: 'boolean', default: false },
  },
});

endChildrenOnExit();
if (flags.readme) writeFileSync(README, placeTable(readFileSync(README, 'utf8'), saved()));
else await torture();

async function torture(): Promise<void> {
  const wanted = flags.only?.split(',') ?? SECTIONS.map(({ name }) => name);
  const unknown = wanted.filter((name) => !SECTIONS.some((section) => section.name === name));
  if (unknown.length > 0)
    throw new Error(
      `there is no section ${unknown.join(', ')}; there are ${SECTIONS.map(({ name }) => name).join(', ')}`,
    );
  const folder = mkdtempSync(join(tmpdir(), 'flashcrowd-torture-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const outcomes: Outcome[] = [];
  for (const section of SECTIONS.filter(({ name }) => wanted.includes(name))) {
    const tell: Torture = {
      folder,
      quick: flags.quick,
      tell: (text) => process.stderr.write(`${section.name}: ${text}\n`),
    };
    for (const row of await section.run(tell)) {
      const outcome = { section: section.name, ...row };
      outcomes.push(outcome);
      console.log(render([outcome]));
      for (const wrong of row.wrong) console.log(`      ✗ ${wrong}`);
    }
  }
  if (outcomes.some(({ wrong }) => wrong.length > 0)) process.exitCode = 1;
  if (flags.save) save(outcomes, wanted);
}

/** Sections that were not asked for keep what they had. */
function save(outcomes: readonly Outcome[], done: readonly string[]): void {
  const git = ['-C', fileURLToPath(new URL('.', import.meta.url)), 'rev-parse', '--short', 'HEAD'];
  const kept = saved().outcomes.filter(({ section }) => !done.includes(section));
  const order = SECTIONS.map(({ name }) => name);
  const all = [...kept, ...outcomes].sort((a, b) => order.indexOf(a.section) - order.indexOf(b.section));
  const setting = {
    date: new Date().toISOString(),
    commit: execFileSync('git', git, { encoding: 'utf8' }).trim(),
    cores: availableParallelism(),
    node: process.version,
  };
  writeFileSync(SAVED, `${JSON.stringify({ setting, outcomes: all }, null, 1)}\n`);
}

function saved() {
  return JSON.parse(readFileSync(SAVED, 'utf8')) as Parameters<typeof placeTable>[1];
}
