// What the torture has seen, as rows: what was done, how often, how often it came out right, and figures.

/** What a section is given. */
export interface Torture {
  /** A folder for what it writes; it goes when all is over. */
  readonly folder: string;
  /** Only to see that all of it works. */
  readonly quick: boolean;
  readonly tell: (text: string) => void;
}

export interface Section {
  readonly name: string;
  run(torture: Torture): Promise<readonly Row[]>;
}

export interface Row {
  readonly what: string;
  readonly times: number;
  /** What came out wrong, a sentence each. */
  readonly wrong: readonly string[];
  /** Figures that were seen, in a few words. */
  readonly seen: string;
}

export interface Outcome extends Row {
  readonly section: string;
}

export interface Saved {
  readonly setting: {
    /** ISO date. */
    readonly date: string;
    readonly commit: string;
    readonly cores: number;
    readonly node: string;
  };
  readonly outcomes: readonly Outcome[];
}

export function render(outcomes: readonly Outcome[]): string {
  return outcomes
    .map(
      ({ what, times, wrong, seen }) =>
        `  ${wrong.length === 0 ? '✓' : '✗'}  ${what}: ${rightOf(times, wrong)}, ${seen}`,
    )
    .join('\n');
}

function rightOf(times: number, wrong: readonly string[]): string {
  return `${times - wrong.length} of ${times}`;
}

/** The README's table, in Markdown. */
export function renderReadme({ setting, outcomes }: Saved): string {
  return [
    `${setting.date.slice(0, 10)}, ${setting.cores} shared cores, Node ${setting.node}:`,
    '',
    '| what was done | came out right | seen |',
    '| --- | --- | --- |',
    ...outcomes.map(({ what, times, wrong, seen }) => {
      const right = rightOf(times, wrong);
      return `| ${what} | ${wrong.length === 0 ? right : `**${right}**`} | ${seen} |`;
    }),
  ].join('\n');
}

/** Where the outcome of the README's table is kept, and where it stands. */
export const SAVED = new URL('./results/torture.json', import.meta.url);
export const README = new URL('../../README.md', import.meta.url);

const BEGIN = '<!-- torture: made by `npm run torture -- --readme` -->';
const END = '<!-- /torture -->';

/** A text with the table between its two marks made anew. @throws Error if it has not got them */
export function placeTable(text: string, saved: Saved): string {
  const from = text.indexOf(BEGIN);
  const to = text.indexOf(END, from);
  if (from < 0 || to < 0) throw new Error(`the README has no place for the table: ${BEGIN} … ${END}`);
  return `${text.slice(0, from)}${BEGIN}\n${renderReadme(saved)}\n${text.slice(to)}`;
}
