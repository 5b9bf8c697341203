// Helpers of the scenario tests: files in a folder of their own, and a scenario's problems.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Problem } from '../../src/problem.js';
import { UserError } from '../../src/problem.js';
import { type LoadedScenario, loadScenario, type Overrides } from '../../src/scenario/load.js';

export type Files = Readonly<Record<string, string>>;

/** Writes files into a folder that goes away with the test; returns its path. */
export async function folderOf(t: TestContext, files: Files): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'scenario-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

export interface Given {
  readonly yaml: string;
  readonly files?: Files;
  readonly overrides?: Overrides;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Loads a scenario text with files beside it. */
export async function load(t: TestContext, given: Given): Promise<LoadedScenario> {
  const folder = await folderOf(t, { ...given.files, 'scenario.yaml': given.yaml });
  return loadScenario(join(folder, 'scenario.yaml'), given.overrides ?? {}, given.env ?? {});
}

/** The problems of a scenario that must not load; places without the folder. */
export async function problemsOf(t: TestContext, given: Given): Promise<Problem[]> {
  const folder = await folderOf(t, { ...given.files, 'scenario.yaml': given.yaml });
  try {
    await loadScenario(join(folder, 'scenario.yaml'), given.overrides ?? {}, given.env ?? {});
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return error.problems.map((problem) => ({ ...problem, place: problem.place.replace(`${folder}/`, '') }));
  }
  return [];
}

/** A scenario that loads; a test replaces or adds top-level blocks. */
export const GOOD = `target: http://127.0.0.1:8080
streams:
  - name: steady
    stages: [{ rate: 10, for: 60s }]
`;

/** A small combined log: n GETs of products a second apart, and one POST of a cart. */
export function accessLog(n: number): string {
  const at = (i: number) => `28/Nov/2025:17:26:${String(i).padStart(2, '0')} +0000`;
  const line = (i: number, request: string) =>
    `10.0.0.${i} - - [${at(i)}] "${request} HTTP/1.1" 200 12 "-" "Mozilla/5.0"`;
  const gets = Array.from({ length: n }, (_, i) => line(i, `GET /products/${100 + i}`));
  return `${[...gets, line(n, 'POST /cart')].join('\n')}\n`;
}
