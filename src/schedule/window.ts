// The window of a plan: the stretch of its due times that is sent.
import type { Plan, PlanWindow, RecordingInput, RecordingStream } from '../scenario/plan.js';

const ALL: PlanWindow = { fromUs: 0, toUs: Number.POSITIVE_INFINITY };

/** The plan's window, or one that holds everything. */
export function windowOf({ window }: Plan): PlanWindow {
  return window ?? ALL;
}

/**
 * The input of a recording with no more to read than the window needs. The rows before it are read all the same where
 * they say which of its rows are retries, and where each row takes the next of another source's times.
 */
export function withinWindow(plan: Plan, stream: RecordingStream, input: RecordingInput): RecordingInput {
  if (plan.window === undefined || stream.pace !== null) return input;
  const { fromUs, toUs } = plan.window;
  // Rounding of due times is to either side.
  const beyondUs = input.cloneShiftUs + plan.speed;
  const startUs = Math.floor(input.originUs + fromUs * plan.speed - beyondUs);
  const endUs = Math.ceil(input.originUs + toUs * plan.speed + beyondUs);
  const { span } = input;
  return {
    ...input,
    span: {
      fromUs: stream.fold ? span.fromUs : Math.max(span.fromUs ?? startUs, startUs),
      toUs: Math.min(span.toUs ?? endUs, endUs),
    },
  };
}
