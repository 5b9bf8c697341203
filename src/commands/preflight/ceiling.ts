// How a plan stands to what this machine was calibrated to: refused, warned of, or well.
import type { TransportKind } from '../../drive/transports/choose.js';
import { judgeCeiling, useOf } from '../../judge/ceiling.js';
import type { CeilingUse } from '../../measure/calibration.js';
import { UserError } from '../../problem.js';
import { calibrationFile, findCalibration, keyOfProcess, readCalibrations } from '../calibration/cache.js';
import { coresOfProcess } from './cores.js';

/** What a run is, as far as a ceiling depends on it. */
export interface CeilingQuestion {
  /** Planned peak of this process's shard, requests a second. */
  readonly peakPerSec: number;
  readonly workers: number;
  readonly transport: TransportKind;
  readonly secure: boolean;
}

export interface CeilingAnswer {
  /** Null where this machine has no calibration for such a run. */
  readonly use: CeilingUse | null;
  /** Why it should not be run; null if it may. */
  readonly refused: string | null;
  readonly warnings: readonly string[];
}

const HINT =
  'use more shards (--shard 0/2 here, 1/2 on another machine) or a lower peak; --force sends it all the same; after a change of the machine, calibrate anew';

/** Looks up this machine's calibration and holds a plan against it. */
export function askCeiling(
  { peakPerSec, workers, transport, secure }: CeilingQuestion,
  env: Readonly<Record<string, string | undefined>>,
  nowMs: number,
): CeilingAnswer {
  const known = readCalibrations(calibrationFile(env));
  const key = keyOfProcess(coresOfProcess().usable, transport, secure);
  const calibration = findCalibration(known.entries, key);
  const use = calibration === undefined ? null : useOf(calibration, peakPerSec, workers);
  const command = `flashcrowd calibrate${transport === 'wire' ? '' : ` --transport ${transport}`}${secure ? ' --tls' : ''}`;
  const { refused, warnings } = judgeCeiling(use, peakPerSec, command, nowMs);
  return { use, refused, warnings: known.warning === null ? warnings : [known.warning, ...warnings] };
}

/**
 * What a user should know of it before a run.
 * @throws UserError for a run that this machine could not be believed in, unless it is forced
 */
export function refuseCeiling({ refused, warnings }: CeilingAnswer, force: boolean): readonly string[] {
  if (refused === null) return warnings;
  if (force) return [`${refused}; it goes on by --force`, ...warnings];
  throw new UserError([{ place: 'this machine', path: '', message: refused, hint: HINT }]);
}
