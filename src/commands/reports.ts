// Makes the reports that were asked for, each to its file or to standard output.
import { writeFile } from 'node:fs/promises';
import type { ExitCode } from '../exit-codes.js';
import type { Judgement } from '../judge/verdict.js';
import type { Snapshot } from '../measure/snapshot.js';
import { UserError } from '../problem.js';
import { jsonReport, summarise } from '../report/json.js';
import { paintFor } from '../report/paint.js';
import { textReport } from '../report/text.js';
import type { Terminal } from './terminal.js';

export const REPORT_FORMATS = ['text', 'json'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

/** `FORMAT` or `FORMAT=FILE`. */
export interface ReportRequest {
  readonly format: ReportFormat;
  /** Null: standard output. */
  readonly file: string | null;
}

/** What a report is made of. */
export interface Reported {
  readonly snapshot: Snapshot;
  readonly judgement: Judgement;
  readonly exitCode: ExitCode;
  readonly resultFiles: readonly string[];
}

/** Reads `text`, `json` or `json=summary.json`. */
export function readReportRequest(text: string): ReportRequest {
  const cut = text.indexOf('=');
  const format = cut < 0 ? text : text.slice(0, cut);
  const known = REPORT_FORMATS.find((name) => name === format);
  if (known !== undefined && cut !== text.length - 1) {
    return { format: known, file: cut < 0 ? null : text.slice(cut + 1) };
  }
  throw new UserError([
    {
      place: 'command line',
      path: '--report',
      message: `"${text}" is not a report; expected FORMAT or FORMAT=FILE`,
      hint: `formats: ${REPORT_FORMATS.join(', ')}`,
    },
  ]);
}

/** Writes every report; the text to standard output if none was asked for. */
export async function writeReports(
  requests: readonly ReportRequest[],
  reported: Reported,
  terminal: Terminal,
): Promise<void> {
  const wanted = requests.length === 0 ? [{ format: 'text', file: null } as const] : requests;
  for (const { format, file } of wanted) {
    const text = render(format, file === null, reported, terminal);
    if (file === null) {
      terminal.out(text);
      continue;
    }
    try {
      await writeFile(file, text);
    } catch (error) {
      terminal.err(
        `the report cannot be written to ${file} (${(error as NodeJS.ErrnoException).code}); here it is:\n`,
      );
      terminal.out(text);
    }
  }
}

function render(format: ReportFormat, toTerminal: boolean, reported: Reported, terminal: Terminal): string {
  const { snapshot, judgement, exitCode, resultFiles } = reported;
  if (format === 'json') return jsonReport(summarise(snapshot, judgement, exitCode));
  return textReport(snapshot, judgement, {
    width: toTerminal ? terminal.columns() : 100,
    paint: paintFor(toTerminal ? terminal.colour : 0),
    next: `flashcrowd report ${resultFiles.map(quoted).join(' ')} --format json`,
    exitCode,
  });
}

/** A file name as it can be pasted into a shell. */
function quoted(file: string): string {
  return /^[\w./=+-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`;
}
