// A terminal that remembers what it was told, and shows nothing.
import type { Terminal } from '../../src/commands/terminal.js';

export interface RememberingTerminal extends Terminal {
  /** What went to standard output. */
  readonly texts: string[];
}

export function rememberingTerminal(): RememberingTerminal {
  const texts: string[] = [];
  return {
    texts,
    out: (text) => texts.push(text),
    err: () => {},
    draw: () => {},
    hide: () => {},
    outlivesReaders: () => {},
    interactive: false,
    columns: () => 100,
    colour: 0,
    env: {},
  };
}
