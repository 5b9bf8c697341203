// Measures the engine beside the tools people load servers with: npm run bench [-- --quick] [--only ceiling,tls]
//
// Sides take turns inside each round, and ratios are taken within rounds: machines differ, and so do minutes on a
// shared one. `--save` keeps the figures where the README's table is made from; `--readme` writes that table.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { PACED_SECTIONS } from './paced.js';
import { endChildrenOnExit, isInstalled, isPinned } from './processes.js';
import { placeTable, README, renderAll, renderTargets, SAVED } from './render.js';
import { FigureBook, type Results, type Setting } from './results.js';
import { type Bench, LOOP_SECTIONS } from './sections.js';
import { makeCertificate } from './servers.js';

const SECTIONS = [...LOOP_SECTIONS, ...PACED_SECTIONS];

/** How long things take: enough to say something, or only to see that all of it works. */
const FULL = { rounds: 3, warmCpuS: 1.8, loopMs: 1_500, pacedS: 6 };
const QUICK = { rounds: 1, warmCpuS: 0.8, loopMs: 600, pacedS: 3 };

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    save: { type: 'boolean', default: false },
    readme: { type: 'boolean', default: false },
  },
});

endChildrenOnExit();
if (flags.readme) writeTable();
else await measure();

async function measure(): Promise<void> {
  const wanted = flags.only?.split(',') ?? SECTIONS.map(({ name }) => name);
  const unknown = wanted.filter((name) => !SECTIONS.some((section) => section.name === name));
  if (unknown.length > 0) {
    const known = SECTIONS.map(({ name, about }) => `  ${name.padEnd(12)}${about}`).join('\n');
    throw new Error(`there is no section ${unknown.join(', ')}; there are\n${known}`);
  }
  const lengths = flags.quick ? QUICK : FULL;
  const folder = mkdtempSync(join(tmpdir(), 'flashcrowd-bench-'));
  const book = new FigureBook();
  const notes = new Set<string>();
  // Whatever ends the bench, its files go.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const tls = makeCertificate(folder);
  for (const section of SECTIONS.filter(({ name }) => wanted.includes(name))) {
    const failed = (what: string, error: unknown) => {
      notes.add(`${what}: ${(error as Error).message}`);
      process.exitCode = 1;
    };
    const bench: Bench = {
      ...lengths,
      folder,
      book,
      tls,
      note: (text) => notes.add(text),
      attempt: async (side, generator, measurement) => {
        try {
          await measurement();
        } catch (error) {
          failed(`${section.name}, ${side}`, error);
        } finally {
          await generator.end('SIGKILL');
        }
      },
      progress: (text) => process.stderr.write(`${section.name}: ${text}\n`),
    };
    try {
      await section.run(bench);
    } catch (error) {
      failed(section.name, error);
    }
  }
  const results = { setting: settingOf(lengths.rounds, [...notes]), figures: book.figures };
  if (flags.save) writeFileSync(SAVED, `${JSON.stringify(results, null, 1)}\n`);
  console.log(`${renderTargets(results)}\n${renderAll(results)}`);
}

/** Puts the saved figures into the README. */
function writeTable(): void {
  const results = JSON.parse(readFileSync(SAVED, 'utf8')) as Results;
  writeFileSync(README, placeTable(readFileSync(README, 'utf8'), results));
}

function settingOf(rounds: number, notes: readonly string[]): Setting {
  const git = ['-C', fileURLToPath(new URL('.', import.meta.url)), 'rev-parse', '--short', 'HEAD'];
  return {
    date: new Date().toISOString(),
    commit: execFileSync('git', git, { encoding: 'utf8' }).trim(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    pinned: isPinned,
    node: process.version,
    server: isInstalled('nginx') ? 'nginx' : 'receiver.ts',
    rounds,
    notes,
  };
}
