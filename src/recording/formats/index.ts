// The list of input formats, and which of them a file is in.
import { type Problem, UserError } from '../../problem.js';
import type { Format, Sample } from './format.js';
import { combined, combinedTimed } from './ncsa.js';

/** Every format; on a tie the earlier wins. */
export const FORMATS: readonly Format[] = [combinedTimed, combined];

const SAMPLE_LINES = 256;
/** A file fits when at least this share of its first lines does: logs are mixed, but not that mixed. */
const FIT_MIN = 0.1;

/** The first lines of a block of `length` bytes of whole lines. */
export function sampleOf(bytes: Buffer, length: number): Sample {
  const lines: [number, number][] = [];
  for (let from = 0; from < length && lines.length < SAMPLE_LINES; ) {
    const end = bytes.indexOf(10, from);
    const to = end > from && bytes[end - 1] === 13 ? end - 1 : end;
    if (to > from) lines.push([from, to]);
    from = end + 1;
  }
  return { bytes, lines };
}

/**
 * Chooses the format of a file by its first lines.
 * @throws UserError when none fits
 */
export function detectFormat(file: string, sample: Sample): Format {
  let best: Format | undefined;
  let bestScore = 0;
  for (const format of FORMATS) {
    const score = format.detect(sample);
    if (score > bestScore) {
      best = format;
      bestScore = score;
    }
  }
  if (!best || bestScore < FIT_MIN) throw new UserError([unfitting(file, sample)]);
  return best;
}

function unfitting(file: string, sample: Sample): Problem {
  const [from, to] = sample.lines[0] ?? [0, 0];
  const shown = showBytes(sample.bytes, from, to);
  return {
    place: `${file}:1`,
    path: '',
    message: `no known log format fits; the first line is ${shown}`,
    hint: `Expected ${[...new Set(FORMATS.map((format) => format.expects))].join('; or ')}.`,
  };
}

/** A line from a log as quoted, printable ASCII, cut at 120 characters: safe on a terminal. */
export function showBytes(bytes: Buffer, from: number, to: number): string {
  const text = bytes.toString('latin1', from, Math.min(to, from + 120));
  const cut = to > from + 120 ? '…' : '';
  const safe = text.replace(/[^\x20-\x7e]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return `"${safe}${cut}"`;
}
