// Opens a plan's recording, the same way wherever it is read.
import type { Row } from '../recording/row.js';
import type { RecordingInput } from '../scenario/plan.js';

/** The rows of a recording that its stream may replay, in start order, in batches; opened anew at each call. */
export async function* rowsOf({ file, span }: RecordingInput): AsyncGenerator<Row[], void> {
  // Loaded by the threads that read, and by no other.
  const { openRecording } = await import('../recording/parquet/recording-file.js');
  const { fromUs, toUs } = span;
  const recording = await openRecording(file);
  try {
    yield* recording.read({ ...(fromUs !== null && { fromUs }), ...(toUs !== null && { toUs }) });
  } finally {
    await recording.close();
  }
}
