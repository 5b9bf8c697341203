// What a command may do to the terminal: the result to standard output, everything else to standard error.
import type { ColourLevel } from '../report/paint.js';

export interface Terminal {
  /** The result. */
  out(text: string): void;
  /** Progress and diagnostics. */
  err(text: string): void;
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
  // A reader that has gone away (a closed pipe) ends the command quietly, as it ends any other filter.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    interactive: stderr.isTTY === true && !plain,
    columns: () => stdout.columns ?? stderr.columns ?? 100,
    colour: stdout.isTTY === true && !plain ? colourLevel(stdout.getColorDepth()) : 0,
    env,
  };
}

function colourLevel(depth: number): ColourLevel {
  if (depth >= 24) return 3;
  return depth >= 8 ? 2 : depth >= 4 ? 1 : 0;
}
