// Loads a scenario and works out what it will send: the part that `plan`, `run` and `demo` share.
import { homedir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../problem.js';
import { type LoadedScenario, loadScenario, type Overrides } from '../scenario/load.js';
import type { Plan, PlanInputs, RecordingInput } from '../scenario/plan.js';
import { planId } from '../scenario/plan-id.js';
import { checkCeiling } from '../scenario/safety.js';
import { readWindow } from '../scenario/window.js';
import { forecastRate, type RateForecast, type RecordedForecast } from '../schedule/forecast.js';
import { forecastRecording } from '../schedule/forecast-recording.js';
import type { Shard } from '../schedule/lanes.js';
import { studyRecordings } from '../schedule/study.js';
import { withinWindow } from '../schedule/window.js';
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
  const inputs = await studyRecordings(plan, loaded.inputs, open);
  const whole = await forecast({ ...loaded, inputs }, shard);
  const prepared = overrides.window === undefined ? whole : await cut(whole, overrides.window);
  const over = checkCeiling(loaded.target, prepared.rate.peakPerSec);
  if (over !== undefined) throw new UserError([{ place: file, ...over }]);
  return prepared;
}

function open(input: RecordingInput) {
  return () => rowsOf(input);
}

async function forecast(loaded: LoadedScenario, shard: Shard): Promise<Prepared> {
  const { plan, inputs } = loaded;
  const recorded = await Promise.all(
    inputs.streams.map((input, i) =>
      input.kind === 'recording' ? forecastRecording(plan, i, input, open(input)) : undefined,
    ),
  );
  return { loaded, shard, rate: forecastRate(plan, inputs, recorded), recorded };
}

/** The part of a scenario that a window leaves, forecast anew: its phases are those of what is sent. */
async function cut({ loaded, shard, rate }: Prepared, window: string): Promise<Prepared> {
  const plan: Plan = { ...loaded.plan, window: readWindow(window, rate) };
  const inputs: PlanInputs = {
    streams: loaded.inputs.streams.map((input, i) => {
      const stream = plan.streams[i];
      return stream?.kind === 'recording' && input.kind === 'recording'
        ? withinWindow(plan, stream, input)
        : input;
    }),
  };
  return forecast({ ...loaded, plan, inputs, planId: planId(plan) }, shard);
}
