// What a command may do to the terminal: the result to standard output, everything else to standard error.
import type { ColourLevel } from '../report/paint.js';

export interface Terminal {
  /** The result. */
  out(text: string): void;
  /** Progress and diagnostics. */
  err(text: string): void;
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
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    outlivesReaders: () => {
      outlives = true;
    },
    interactive: stderr.isTTY === true && !plain,
    columns: () => stdout.columns ?? stderr.columns ?? 100,
    colour: stdout.isTTY === true && !plain ? colourLevel(stdout.getColorDepth()) : 0,
    env,
  };
}

/** A pipe without a reader, or a terminal that was closed. */
function isGone({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EPIPE' || code === 'EIO' || code === 'ERR_STREAM_DESTROYED';
}

function colourLevel(depth: number): ColourLevel {
  if (depth >= 24) return 3;
  return depth >= 8 ? 2 : depth >= 4 ? 1 : 0;
}
