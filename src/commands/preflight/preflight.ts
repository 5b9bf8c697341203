// All that is looked at before a run, in order: what it takes of this machine, whether the target is there, what it speaks.
import type { TransportKind, TransportOption } from '../../drive/transports/choose.js';
import { loadHooks } from '../../drive/visits/hook-module.js';
import { lanesOf } from '../../schedule/lanes.js';
import { VERSION } from '../../version.js';
import type { Prepared } from '../prepare.js';
import { defaultOut } from '../results/result-writer.js';
import { type Terminal, warn } from '../terminal.js';
import { askCeiling, type CeilingAnswer, refuseCeiling } from './ceiling.js';
import { type Machine, readMachine } from './machine.js';
import { planResources, type Resources } from './plan-resources.js';
import { negotiate, wishOf } from './protocol.js';
import { type Reached, reachTarget } from './reach.js';
import { refuseShortage } from './resources.js';
import { checkSpace, extentOf } from './space.js';

/** What of a run's options decides whether and how it may start. */
export interface Wanted {
  readonly workers?: number;
  readonly transport?: TransportOption;
  readonly startAt?: Date;
  readonly out?: string;
  readonly force?: boolean;
}

/** A run that may start. */
export interface Ready {
  readonly machine: Machine;
  readonly resources: Resources;
  readonly reached: Reached;
  readonly transport: TransportKind;
  readonly ceiling: CeilingAnswer;
  /** The name of this run, sent with every request. */
  readonly run: string;
  /** The result file. */
  readonly out: string;
}

/**
 * Looks at everything, and warns of what a reader should know.
 * @throws UserError for what this machine cannot do, UnreachableError if the target is not there; nothing was sent
 */
export async function preflight(prepared: Prepared, wanted: Wanted, terminal: Terminal): Promise<Ready> {
  const { loaded, rate, shard } = prepared;
  const machine = readMachine();
  const peakPerSec = rate.peakPerSec / shard.n;
  const lanes = lanesOf(shard, loaded.plan.lanes).length;
  const resources = planResources(loaded, peakPerSec, lanes, wanted.workers, machine);
  const { workers, inFlightMax } = resources;
  for (const warning of [...loaded.warnings, ...resources.warnings]) warn(terminal, warning);
  const now = new Date();
  const out = wanted.out ?? defaultOut(loaded.name, now);
  for (const warning of checkSpace(extentOf(prepared, workers, inFlightMax), out)) warn(terminal, warning);
  if (loaded.hooksFile !== null) await loadHooks(loaded.hooksFile);
  const run = `${loaded.planId.slice(0, 8)}-${(wanted.startAt ?? now).getTime().toString(36)}`;
  const wish = wishOf(loaded.target, wanted.transport);
  const reached = await reachTarget(loaded, VERSION, run);
  for (const warning of reached.warnings) warn(terminal, warning);
  refuseShortage(prepared, machine, reached.target.addresses.length);
  const transport = await negotiate(wish, reached.target);
  const { secure } = loaded.target;
  const ceiling = askCeiling({ peakPerSec, workers, transport, secure }, terminal.env, now.getTime());
  for (const warning of refuseCeiling(ceiling, wanted.force === true)) warn(terminal, warning);
  return { machine, resources, reached, transport, ceiling, run, out };
}
