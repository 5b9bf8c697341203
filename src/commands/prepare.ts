// Loads a scenario and works out what it will send: the part that `plan`, `run` and `demo` share.
import { homedir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../problem.js';
import { type LoadedScenario, loadScenario, type Overrides } from '../scenario/load.js';
import type { RecordingInput } from '../scenario/plan.js';
import { checkCeiling } from '../scenario/safety.js';
import { forecastRate, type RateForecast, type RecordedForecast } from '../schedule/forecast.js';
import { forecastRecording } from '../schedule/forecast-recording.js';
import type { Shard } from '../schedule/lanes.js';
import { studyRecordings } from '../schedule/study.js';
import { rowsOf } from '../workers/rows.js';

/** A scenario ready to be run or looked at. */
export interface Prepared {
  /** Its inputs completed by what recordings had to be studied for. */
  readonly loaded: LoadedScenario;
  readonly shard: Shard;
  /** The whole plan's rate over time and its phases. */
  readonly rate: RateForecast;
  /** By stream; undefined for rate streams. */
  readonly recorded: readonly (RecordedForecast | undefined)[];
}

/**
 * Loads and forecasts.
 * @throws UserError with every problem found
 */
export async function prepare(
  file: string,
  overrides: Overrides,
  shard: Shard,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Prepared> {
  const allowFile = join(env.XDG_CONFIG_HOME ?? join(homedir(), '.config'), 'flashcrowd', 'allowed-hosts');
  const loaded = await loadScenario(file, { allowFile, ...overrides }, env);
  const { plan } = loaded;
  if (shard.n > plan.lanes) {
    throw new UserError([
      {
        place: 'command line',
        path: '--shard',
        message: `the plan has ${plan.lanes} lanes and cannot be cut into ${shard.n} shards`,
        hint: `use at most ${plan.lanes} shards, or set lanes: in the scenario (up to 1024)`,
      },
    ]);
  }
  const open = (input: RecordingInput) => () => rowsOf(input);
  const inputs = await studyRecordings(plan, loaded.inputs, open);
  const recorded = await Promise.all(
    inputs.streams.map((input, i) =>
      input.kind === 'recording' ? forecastRecording(plan, i, input, open(input)) : undefined,
    ),
  );
  const rate = forecastRate(plan, inputs, recorded);
  const over = checkCeiling(loaded.target, rate.peakPerSec);
  if (over !== undefined) throw new UserError([{ place: file, ...over }]);
  return { loaded: { ...loaded, inputs }, shard, rate, recorded };
}
