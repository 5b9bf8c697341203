// Opens a plan's recording, the same way wherever it is read.

import { UserError } from '../problem.js';
import type { Row } from '../recording/row.js';
import type { RecordingInput } from '../scenario/plan.js';

/**
 * The rows of a recording that its stream may replay, in start order, in batches; opened anew at each call.
 * @throws UserError while iterating, if the file is damaged or no longer the one that the plan was made of
 */
export async function* rowsOf({ file, fingerprint, span }: RecordingInput): AsyncGenerator<Row[], void> {
  // Loaded by the threads that read, and by no other.
  const { openRecording } = await import('../recording/parquet/recording-file.js');
  const { fromUs, toUs } = span;
  const recording = await openRecording(file);
  try {
    if (recording.fingerprint !== fingerprint) throw changed(file);
    yield* recording.read({ ...(fromUs !== null && { fromUs }), ...(toUs !== null && { toUs }) });
  } finally {
    await recording.close();
  }
}

function changed(place: string): UserError {
  const message = 'is no longer the recording that the plan was made of: it changed since';
  return new UserError([
    { place, path: '', message, hint: 'Start again; leave the file as it is until the end.' },
  ]);
}
