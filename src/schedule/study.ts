// What a plan has to know of a recording's rows before they become a schedule: popular ids, and how sharp bursts are.
import type { Plan, PlanInputs, RecordingInput, RecordingStream } from '../scenario/plan.js';
import { CloneShift } from './clone-shift.js';
import type { OpenRows } from './feed.js';
import { countOne } from './recorded.js';
import { IdFinder } from './recorded-ids.js';
import { RowJudge } from './row-judge.js';

/** Ids of one kind that get ranks; the others are mapped by their hash. */
export const RANKED_MAX = 100_000;
/** A longer id is a stranger's nonsense and gets no rank. */
const ID_LENGTH_MAX = 200;

/**
 * Completes the inputs of a plan by one reading of each recording that needs it.
 * @param open opens the rows of a stream's recording
 */
export async function studyRecordings(
  plan: Plan,
  inputs: PlanInputs,
  open: (input: RecordingInput) => OpenRows,
): Promise<PlanInputs> {
  const streams = await Promise.all(
    inputs.streams.map((input, i) => {
      const stream = plan.streams[i];
      if (stream?.kind !== 'recording' || input.kind !== 'recording') return input;
      return studyRecording(plan, stream, input, open(input));
    }),
  );
  return { streams };
}

async function studyRecording(
  plan: Plan,
  stream: RecordingStream,
  input: RecordingInput,
  open: OpenRows,
): Promise<RecordingInput> {
  const shift = stream.amplify > 1 && stream.pace === null ? new CloneShift() : null;
  const ranked = stream.ids.map((mapping) => (mapping.by === 'popularity' ? new IdFinder(mapping) : null));
  const counters = ranked.map(() => new PopularIds());
  if (shift === null && ranked.every((finder) => finder === null)) return input;
  // The ids that a row asks for are what is counted here: they are not to be mapped yet.
  const judge = new RowJudge(plan, stream, []);
  for await (const rows of open()) {
    for (const row of rows) {
      judge.meet(row);
      if (judge.reasonAgainst(row) !== '') continue;
      shift?.add(row.startUs - input.originUs);
      for (const [i, finder] of ranked.entries()) {
        for (const { id } of finder?.find(row.path) ?? []) counters[i]?.add(id);
      }
    }
  }
  return {
    ...input,
    ids: input.ids.map((lists, i) =>
      ranked[i] === null ? lists : { ...lists, recorded: counters[i]?.ranked() ?? [] },
    ),
    cloneShiftUs: shift?.choose(stream.amplify) ?? input.cloneShiftUs,
  };
}

/**
 * The most requested ids: exactly while there are at most twice as many as get ranks. Then the rarer half is forgotten
 * time and again, and an id that is new after that may have been forgotten, so it starts from the highest count among
 * those (as in space-saving, Metwally et al. 2005): no count is too low, and a popular id is never lost.
 */
export class PopularIds {
  private counts = new Map<string, number>();
  private floor = 0;

  constructor(private readonly rankedMax = RANKED_MAX) {}

  add(id: string): void {
    if (id.length > ID_LENGTH_MAX) return;
    if (this.floor > 0 && !this.counts.has(id)) this.counts.set(id, this.floor);
    countOne(this.counts, id);
    if (this.counts.size <= 2 * this.rankedMax) return;
    const sorted = this.sorted();
    this.floor = sorted[this.rankedMax]?.[1] ?? this.floor;
    this.counts = new Map(sorted.slice(0, this.rankedMax));
  }

  /** The most requested first, ties in the order of their texts. */
  ranked(): string[] {
    return this.sorted()
      .slice(0, this.rankedMax)
      .map(([id]) => id);
  }

  private sorted(): [string, number][] {
    return [...this.counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  }
}
