// The selector of a gate: names of a stream, a route, a tenant or a phase, checked against the plan.
import type { GateMetric, Selector } from './gate.js';
import { EXAMPLE, type GateNames, type GateProblem, unknownWord } from './gate-names.js';
import type { PhaseName } from './plan.js';
import { quote } from './problems.js';

const SELECTORS = ['stream', 'route', 'tenant', 'phase'] as const;
const PHASES: readonly PhaseName[] = ['before', 'onset', 'peak', 'decay', 'after', 'steady'];
/** What is of the whole run, with an example. */
const WHOLE: Readonly<Partial<Record<GateMetric['kind'], string>>> = {
  fidelity: 'fidelity > 99%',
  outage: 'outage < 5m',
  recovery: 'recovery < 5m',
  time_to_degrade: 'time_to_degrade > 60s',
};

/** Reads what stands between the brackets of a gate. */
export function parseSelector(text: string, metric: GateMetric, names: GateNames): Selector | GateProblem {
  const whole = WHOLE[metric.kind];
  if (whole !== undefined) {
    return { message: `${metric.kind} is of the whole run and takes no selector`, hint: `write ${whole}` };
  }
  const selector: { -readonly [key in keyof Selector]: Selector[key] } = {};
  for (const part of text.split(',')) {
    const at = part.indexOf('=');
    const keyText = part.slice(0, Math.max(0, at)).trim();
    const value = part.slice(at + 1).trim();
    if (keyText === '' || value === '') {
      return {
        message: `${quote(part.trim())} is no selector; expected key=name`,
        hint: 'write [stream=promo]',
      };
    }
    const key = SELECTORS.find((known) => known === keyText);
    if (key === undefined) return unknownWord(`${quote(keyText)} is no selector`, keyText, SELECTORS);
    if (selector[key] !== undefined)
      return { message: `${key} is here twice`, hint: 'write a gate for each' };
    const wrong = checkName(key, value, names);
    if (wrong !== undefined) return wrong;
    selector[key] = value;
  }
  return checkKept(selector, metric) ?? selector;
}

/** What is not kept cannot be selected. */
function checkKept(selector: Selector, metric: GateMetric): GateProblem | undefined {
  const { tenant, stream, route } = selector;
  if (metric.kind === 'healthy_tenants' && (tenant ?? stream ?? route) !== undefined) {
    return {
      message: 'healthy_tenants is of all tenants; it takes a phase alone',
      hint: 'write healthy_tenants > 99% or healthy_tenants[phase=peak] > 99%',
    };
  }
  if (tenant === undefined) return undefined;
  if (metric.kind !== 'errors') {
    return { message: 'of a tenant only errors can be gated: its other numbers are not kept', hint: EXAMPLE };
  }
  if (Object.keys(selector).length > 1) {
    return {
      message: 'tenant stands alone: tenants are not kept by stream, route or phase',
      hint: 'write two gates',
    };
  }
  return undefined;
}

function checkName(key: keyof Selector, value: string, names: GateNames): GateProblem | undefined {
  if (key === 'phase' && value === 'warmup') return { message: 'a warm-up is outside gates' };
  const phases = names.phases ?? PHASES;
  const known = { stream: names.streams, route: names.routes, phase: phases, tenant: undefined }[key];
  if (known === undefined || known.some((name) => name === value)) return undefined;
  return unknownWord(`no ${key} is named ${quote(value)}`, value, known);
}
