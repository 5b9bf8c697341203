// Opens a plan's recording, the same way wherever it is read.
import { readRecording } from '../recording/reader.js';
import type { Row } from '../recording/row.js';
import type { Plan, RecordingInput } from '../scenario/plan.js';

/** The rows of a recording in start order, in batches. */
export function rowsOf(plan: Plan, input: RecordingInput): AsyncIterable<Row[]> {
  return readRecording({ files: input.files, seed: plan.seed, clientKey: String(plan.seed) });
}
