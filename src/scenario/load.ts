// From a scenario file and the command line to a plan: read, checked as typed, checked as meant, every problem at once.
import { basename, dirname, extname } from 'node:path';
import type { Gate } from './gate.js';
import { type InputFile, InputFiles } from './inputs.js';
import type { Plan, PlanInputs } from './plan.js';
import { planId } from './plan-id.js';
import { ProblemList } from './problems.js';
import type { OpenRecordings } from './recordings.js';
import { resolveScenario } from './resolve.js';
import { readScenarioText } from './scenario-text.js';
import { readShape } from './shape.js';
import type { Target } from './target.js';
import { refuseSecrets, SecretStore } from './templates.js';
import { readYaml } from './yaml.js';

/** What the command line says; each wins over the file. */
export interface Overrides {
  readonly target?: string;
  readonly label?: string;
  readonly seed?: number | string;
  /** `5` multiplies every stream, `promo=5` one; several multiply. */
  readonly amplify?: readonly (string | number)[];
  readonly speed?: number | string;
  readonly timeout?: number | string;
  /** `visitor`, `fresh` or `pool=200`. */
  readonly connections?: string;
  readonly ceiling?: number | string;
  /** `10m..20m`, `onset..decay`: what of the plan is sent. It takes the whole plan to know, so whoever forecasts it reads this. */
  readonly window?: string;
  /** A PEM file of authorities to trust, relative to where the command runs. */
  readonly ca?: string;
  /** Takes any certificate. */
  readonly insecure?: boolean;
  /** Hosts that may be loaded in this run, though they are not this machine. */
  readonly allowHosts?: readonly string[];
  /** The user's own list of such hosts; it need not exist. */
  readonly allowFile?: string;
}

/** A scenario, resolved: everything a run needs to know before it starts. */
export interface LoadedScenario {
  readonly name: string;
  readonly label?: string;
  /** The scenario file, as it was named. */
  readonly file: string;
  readonly target: Target;
  readonly plan: Plan;
  readonly planId: string;
  readonly inputs: PlanInputs;
  readonly inputFiles: readonly InputFile[];
  readonly gates: readonly Gate[];
  /** Absolute path of the module of hooks; null for none. */
  readonly hooksFile: string | null;
  /** Most operations under way at once; null: not declared. Not part of the plan. */
  readonly maxInFlight: number | null;
  /** Highest planned rate of all rate streams together, requests a second; recordings are not in it. */
  readonly ratePeakPerSec: number;
  /** Values of `${env:NAME}` by NAME; never printed, never written. */
  readonly secrets: Readonly<Record<string, string>>;
  /** What is allowed and may surprise. */
  readonly warnings: readonly string[];
}

/** What loading needs from elsewhere; tests put their own. */
export interface Services {
  readonly open: OpenRecordings;
}

/**
 * Loads a scenario.
 * @param env where `${env:NAME}` is looked up
 * @throws UserError with every problem found
 */
export async function loadScenario(
  file: string,
  overrides: Overrides,
  env: Readonly<Record<string, string | undefined>>,
  services: Services = {
    // Formats, Parquet and all that reads them take 25 MB, which a run without a recording need not hold.
    open: async (files, rules) => {
      const { cacheFolder, openRecordings } = await import('../recording/library.js');
      return openRecordings(files, rules, cacheFolder(env));
    },
  },
): Promise<LoadedScenario> {
  const yaml = readYaml(await readScenarioText(file));
  const problems = new ProblemList(file, yaml.locate);
  for (const { line, column, message, hint } of yaml.errors) {
    problems.addElsewhere(`${file}:${line}:${column}`, message, hint);
  }
  problems.throwIfAny();
  refuseSecrets(yaml.value, [], problems);
  const typed = readShape(yaml.value, problems);
  if (typed === undefined) return fail(problems);
  const files = new InputFiles(dirname(file), problems);
  const secrets = new SecretStore(env, problems);
  const resolved = await resolveScenario(typed, overrides, files, secrets, services.open);
  if (resolved === undefined) return fail(problems);
  problems.throwIfAny();
  const label = overrides.label ?? typed.label;
  return {
    name: typed.name ?? basename(file, extname(file)),
    ...(label !== undefined && { label }),
    file,
    ...resolved,
    planId: planId(resolved.plan),
    inputFiles: files.list,
    secrets: secrets.values,
    warnings: problems.warnings,
  };
}

function fail(problems: ProblemList): never {
  problems.throwIfAny();
  throw new Error('a scenario could not be resolved and no problem says why');
}
