// What a command may do to the terminal: the result to standard output, everything else to standard error.
// Both are the last place where text from outside can be made plain: only paint and the live view write escapes.
import { oneLine, stripLines } from '../plain-text.js';
import type { ColourLevel } from '../report/paint.js';
import { Redactor } from './redactor.js';

export interface Terminal {
  /** The result. */
  out(text: string): void;
  /** Diagnostics: lines of plain text, without what `hide` was told. */
  err(text: string): void;
  /** The live view, which moves the cursor: its texts are made safe by whoever draws it. */
  draw(text: string): void;
  /** Never shows these texts as diagnostics from now on, in whatever form a message quotes them. */
  hide(secrets: Readonly<Record<string, string>>): void;
  /** From now on a reader that goes away ends nothing: what is under way is done to its end, unread. */
  outlivesReaders(): void;
  /** Whether standard error is a terminal on which lines can be drawn over. */
  readonly interactive: boolean;
  /** Width of the terminal; 100 where there is none. */
  readonly columns: () => number;
  /** What colours standard output takes; 0 for a pipe, NO_COLOR, CI or a dumb terminal. */
  readonly colour: ColourLevel;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The process's own terminal. */
export function processTerminal(): Terminal {
  const { stdout, stderr, env } = process;
  const plain = (env.NO_COLOR ?? '') !== '' || (env.CI ?? '') !== '' || env.TERM === 'dumb';
  let outlives = false;
  // A reader that has gone away (a closed pipe) ends the command quietly, as it ends any other filter.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (!isGone(error)) throw error;
    if (!outlives) process.exit(0);
  });
  stderr.on('error', (error: NodeJS.ErrnoException) => {
    if (!isGone(error)) throw error;
  });
  const colour = stdout.isTTY === true && !plain ? colourLevel(stdout.getColorDepth()) : 0;
  let redactor = new Redactor({});
  return {
    out: (text) => void stdout.write(colour > 0 ? text : stripLines(text)),
    err: (text) => void stderr.write(stripLines(redactor.redact(text))),
    draw: (text) => void stderr.write(text),
    hide: (secrets) => {
      redactor = new Redactor(secrets);
    },
    outlivesReaders: () => {
      outlives = true;
    },
    interactive: stderr.isTTY === true && !plain,
    columns: () => stdout.columns ?? stderr.columns ?? 100,
    colour,
    env,
  };
}

/** A warning on one line of bounded length: it may quote what a log, a file or a target says. */
export function warn(terminal: Terminal, text: string): void {
  terminal.err(`warning: ${oneLine(text)}\n`);
}

/** A pipe without a reader, or a terminal that was closed. */
function isGone({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EPIPE' || code === 'EIO' || code === 'ERR_STREAM_DESTROYED';
}

function colourLevel(depth: number): ColourLevel {
  if (depth >= 24) return 3;
  return depth >= 8 ? 2 : depth >= 4 ? 1 : 0;
}
