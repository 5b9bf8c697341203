// Gates on tenants: the errors of one, and how many of all were well.
import type { Snapshot } from '../../measure/snapshot.js';
import { tenantPhaseAt } from '../../measure/tenants.js';
import type { Gate } from '../../scenario/gate.js';
import type { Incident } from '../incident/incident.js';
import { decided, type GateResult, NOTHING_DUE, noData } from './result.js';
import { ofShare } from './shares.js';

/** Errors of one tenant over the run, from the slices of its time line; the warm-up is left out. */
export function tenantErrors(snapshot: Snapshot, gate: Gate, bound: number, tenant: string): GateResult {
  const { stream, route, phase } = gate.selector;
  if (gate.metric.kind !== 'errors' || (stream ?? route ?? phase) !== undefined) {
    return noData(gate, 'of a tenant, only errors over the whole run are kept');
  }
  const { phases } = snapshot.head;
  const slices = [...(snapshot.tenants.get(tenant)?.slices ?? [])]
    .filter(([sliceS]) => phases[tenantPhaseAt(phases, sliceS)]?.name !== 'warmup')
    .sort(([a], [b]) => a - b)
    .map(([, { planned, ok }]) => ({ n: planned, hits: planned - ok }));
  if (slices.length === 0) return noData(gate, NOTHING_DUE);
  return ofShare(gate, bound, [slices]);
}

/** The lowest share of tenants that were well at one time: over the run, or in a phase. */
export function healthyTenants(
  snapshot: Snapshot,
  gate: Gate,
  bound: number,
  { tenantHealth }: Incident,
): GateResult {
  if (tenantHealth === null) return noData(gate, 'the plan has no tenants');
  const { phase } = gate.selector;
  const index = snapshot.head.phases.findIndex(({ name }) => name === phase);
  const share = phase === undefined ? tenantHealth.lowest?.share : tenantHealth.lowestByPhase[index];
  if (share === undefined || share === null)
    return noData(gate, 'no tenant has enough requests in a minute there to tell');
  return decided(gate, bound, share, tenantHealth.known);
}
