// A first reading of a recording: when, how much, which routes; enough to plan with, none of its rows kept.
import { type Problem, UserError } from '../problem.js';
import type { UnreadLine } from './file.js';
import { type ReadOptions, readRecording } from './reader.js';
import { type TemplateCount, TemplateTable } from './templates.js';

/** How to survey: as the recording will be read, with the stream's cut. */
export interface SurveyOptions extends Omit<ReadOptions, 'files'> {
  /** UTC microseconds; rows that start before are not replayed. Null: no cut. */
  readonly fromUs?: number | null;
  /** UTC microseconds; rows that start at it or after are not replayed. Null: no cut. */
  readonly toUs?: number | null;
}

/** What a first reading found; the first fields are a plan's `RecordingInput`. */
export interface RecordingSurvey {
  readonly kind: 'recording';
  readonly files: readonly string[];
  /** The instant whose due time is 0: `fromUs`, else the start of the first row. UTC microseconds. */
  readonly originUs: number;
  /** The start of the last row before `toUs`, UTC microseconds. */
  readonly lastUs: number;
  readonly lines: number;
  /** Rows of the whole recording, cut or not. */
  readonly rows: number;
  readonly unread: Readonly<Record<string, number>>;
  readonly stampModel: string;
  /** The coarsest step of the files' stamps, microseconds. */
  readonly resolutionUs: number;
  /** Whether all files have time stamps. */
  readonly timed: boolean;
  /** SHA-256 of each file's bytes, hex, parallel to `files`. */
  readonly digests: readonly string[];
  /** The first lines of each reason in `unread`. */
  readonly examples: readonly UnreadLine[];
  /** Files that could not be read to their end, and why. */
  readonly cuts: readonly { readonly file: string; readonly why: string }[];
  /** Of the rows inside the cut: how many, their routes (most frequent first), hosts, and the busiest second. */
  readonly kept: number;
  readonly templates: readonly TemplateCount[];
  /** Rows whose template is not listed, as there were too many. */
  readonly untemplated: number;
  /** Rows by recorded host, most frequent first; empty for a log without hosts. */
  readonly hosts: readonly { readonly host: string; readonly count: number }[];
  readonly bots: number;
  readonly peak: { readonly atUs: number; readonly count: number };
}

/** Hosts that are counted; a log scanned by bots may hold any number. */
const HOSTS_MAX = 1_000;

/**
 * Reads all files once.
 * @throws UserError when a file cannot be read, no format fits, or nothing in them could be replayed
 */
export async function surveyRecording(
  files: readonly string[],
  options: SurveyOptions,
): Promise<RecordingSurvey> {
  const fromUs = options.fromUs ?? Number.NEGATIVE_INFINITY;
  const toUs = options.toUs ?? Number.POSITIVE_INFINITY;
  const reader = readRecording({ ...options, files });
  const table = new TemplateTable();
  const hosts = new Map<string, number>();
  let kept = 0;
  let bots = 0;
  let firstUs = 0;
  let lastUs = 0;
  let second = -1;
  let inSecond = 0;
  const peak = { atUs: 0, count: 0 };
  for await (const batch of reader) {
    for (const row of batch) {
      const startUs = row.startUs;
      if (startUs < fromUs || startUs >= toUs) continue;
      if (kept++ === 0) firstUs = startUs;
      lastUs = startUs;
      const now = Math.floor(startUs / 1e6);
      if (now !== second) {
        second = now;
        inSecond = 0;
      }
      if (++inSecond > peak.count) {
        peak.count = inSecond;
        peak.atUs = now * 1e6;
      }
      if (row.clientClass === 'bot') bots++;
      table.add(row.method, row.path);
      if (row.host !== undefined && (hosts.has(row.host) || hosts.size < HOSTS_MAX)) {
        hosts.set(row.host, (hosts.get(row.host) ?? 0) + 1);
      }
    }
  }
  const { lines, rows, unread, examples, stampModel, files: parts, ...span } = reader.summary;
  if (kept === 0) throw new UserError([nothingToReplay(files, lines, rows, unread, span)]);
  return {
    kind: 'recording',
    files,
    originUs: options.fromUs ?? firstUs,
    lastUs,
    lines,
    rows,
    unread,
    stampModel,
    resolutionUs: parts.reduce((max, part) => Math.max(max, part.resolutionUs), 1),
    timed: parts.every((part) => part.timed),
    digests: parts.map((part) => part.digest ?? ''),
    examples,
    cuts: parts.flatMap(({ file, cut }) => (cut === null ? [] : [{ file, why: cut }])),
    kept,
    templates: table.list(),
    untemplated: table.uncounted,
    hosts: [...hosts].map(([host, count]) => ({ host, count })).sort((a, b) => b.count - a.count),
    bots,
    peak,
  };
}

function nothingToReplay(
  files: readonly string[],
  lines: number,
  rows: number,
  unread: Readonly<Record<string, number>>,
  span: { readonly firstUs: number | null; readonly lastUs: number | null },
): Problem {
  const place = files.join(', ');
  if (span.firstUs !== null && span.lastUs !== null) {
    const message = `none of its ${rows} requests is between from and to`;
    const hint = `They start from ${instant(span.firstUs)} to ${instant(span.lastUs)}.`;
    return { place, path: '', message, hint };
  }
  const reasons = Object.entries(unread)
    .sort((a, b) => b[1] - a[1])
    .map(([reason, count]) => `${reason}: ${count}`);
  return lines === 0
    ? {
        place,
        path: '',
        message: 'is empty; a log was expected',
        hint: 'Check that the log was copied whole.',
      }
    : {
        place,
        path: '',
        message: `none of its ${lines} lines is a request that could be replayed (${reasons.join('; ')})`,
        hint: 'Check that this is an access log, not an error log.',
      };
}

function instant(us: number): string {
  return new Date(us / 1000).toISOString();
}
