// Opens a plan's recording, the same way wherever it is read.
import { openRecording } from '../recording/parquet/recording-file.js';
import type { Row } from '../recording/row.js';
import type { RecordingInput } from '../scenario/plan.js';

/** The rows of a recording that its stream may replay, in start order, in batches; opened anew at each call. */
export async function* rowsOf({ file, span }: RecordingInput): AsyncGenerator<Row[], void> {
  const { fromUs, toUs } = span;
  const recording = await openRecording(file);
  try {
    yield* recording.read({ ...(fromUs !== null && { fromUs }), ...(toUs !== null && { toUs }) });
  } finally {
    await recording.close();
  }
}
