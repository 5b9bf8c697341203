// Opens a plan's recording, the same way wherever it is read.
import { openRecording } from '../recording/recording-file.js';
import type { Row } from '../recording/row.js';
import type { Plan, RecordingInput } from '../scenario/plan.js';

/** The rows of a recording that a stream may replay, in start order, in batches; opened anew at each call. */
export async function* rowsOf(
  plan: Plan,
  streamIndex: number,
  input: RecordingInput,
): AsyncGenerator<Row[], void> {
  const stream = plan.streams[streamIndex];
  if (stream?.kind !== 'recording') throw new Error(`stream ${streamIndex} is no recording`);
  const { fromUs, toUs } = stream;
  const recording = await openRecording(input.file);
  try {
    yield* recording.read({ ...(fromUs !== null && { fromUs }), ...(toUs !== null && { toUs }) });
  } finally {
    await recording.close();
  }
}
