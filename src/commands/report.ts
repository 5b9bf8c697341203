// `flashcrowd report`: judges results again and reports them; several shards of one run are merged.
import type { ExitCode } from '../exit-codes.js';
import { judge } from '../judge/verdict.js';
import { type ReportRequest, writeReports } from './reports.js';
import { readResults } from './results/results.js';
import { type Terminal, warn } from './terminal.js';

/**
 * Reports one result, or several as one.
 * @returns the exit code that the run had, or would have had as a whole
 */
export async function reportCommand(
  files: readonly string[],
  reports: readonly ReportRequest[],
  terminal: Terminal,
): Promise<ExitCode> {
  const { snapshot, warnings } = await readResults(files);
  for (const warning of warnings) warn(terminal, warning);
  const judgement = judge(snapshot, snapshot.head.gates);
  await writeReports(
    reports,
    { snapshot, judgement, exitCode: judgement.exitCode, resultFiles: files },
    terminal,
  );
  return judgement.exitCode;
}
