// Gates: what the scenario asks of the shop, held against a snapshot. No data is never a pass.
import { type Snapshot, sumGroups } from '../../measure/snapshot.js';
import type { Gate } from '../../scenario/gate.js';
import { findIncident, type Incident } from '../incident/incident.js';
import { fidelityOf, partsOf } from '../validity/fidelity.js';
import { outage, recovery, timeToDegrade } from './course.js';
import { maximum, mean, quantile } from './latency.js';
import { againstRecorded } from './recorded.js';
import { decided, exactly, type GateResult, NOTHING_DUE, noData } from './result.js';
import { selects, unknownName } from './selection.js';
import { errors, shed, slower, slowTicks } from './shares.js';
import { healthyTenants, tenantErrors } from './tenants.js';
import { throughput } from './throughput.js';
import { worstWindow } from './windows.js';

export type { GateResult } from './result.js';
export { isDurationMetric } from './terms.js';

/**
 * Holds a gate against a snapshot that was read for it. A declared warm-up is outside gates.
 * @param incident what befell the shop, where it is known already
 * @throws Error where the gate is none of the snapshot's head: what it needs by the second was not counted then
 */
export function evaluateGate(
  snapshot: Snapshot,
  gate: Gate,
  incident: () => Incident = () => findIncident(snapshot),
): GateResult {
  const { bound, selector, metric } = gate;
  const unknown = unknownName(snapshot, selector);
  if (unknown !== null) return noData(gate, unknown);
  if (typeof bound === 'object') return againstRecorded(snapshot, gate, bound);
  if (selector.tenant !== undefined) return tenantErrors(snapshot, gate, bound, selector.tenant);
  if (gate.overS !== undefined) return worstWindow(snapshot, gate, gate.overS, bound);
  switch (metric.kind) {
    case 'errors':
      return errors(snapshot, gate, bound);
    case 'shed':
      return shed(snapshot, gate, bound);
    case 'slower':
      return slower(snapshot, gate, bound, metric.thanUs);
    case 'throughput':
      return throughput(snapshot, gate, bound);
    case 'fidelity':
      return fidelity(snapshot, gate, bound);
    case 'outage':
      return outage(snapshot, gate, bound, incident());
    case 'recovery':
      return recovery(snapshot, gate, bound, incident());
    case 'time_to_degrade':
      return timeToDegrade(snapshot, gate, bound, incident());
    case 'healthy_tenants':
      return healthyTenants(snapshot, gate, bound, incident());
  }
  const { counts, response } = sumGroups(snapshot, selects(snapshot.head, selector));
  if (counts.planned === 0) return noData(gate, NOTHING_DUE);
  switch (metric.kind) {
    case 'max':
      return maximum(gate, exactly(bound), response);
    case 'mean':
      return mean(snapshot, gate, exactly(bound), response);
    case 'quantile':
      return quantile(gate, metric.q, exactly(bound), response, slowTicks(snapshot, gate, bound));
  }
}

/** Told with its parts. */
function fidelity(snapshot: Snapshot, gate: Gate, bound: number): GateResult {
  const of = fidelityOf(snapshot);
  if (of === null) return noData(gate, 'nothing was to be fired there through the last closed window');
  return { ...decided(gate, bound, of.score, of.toFire), reason: partsOf(of) };
}
