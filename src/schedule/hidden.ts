// What must not be shown of a request or its answer: values from the environment, and who logs in.
import type { Plan, PlanInputs } from '../scenario/plan.js';
import { ESCAPES, type Secrets } from './template.js';
import { Visits } from './visits.js';

/** A value, and what is shown in its place. */
export type Hidden = readonly [value: string, shown: string];

/** A value this short is in any text by chance; to hide it there would tell more than to leave it. */
const LENGTH_MIN = 3;

/** The values of `${env:NAME}`. */
export function secretsHidden(secrets: Secrets): Hidden[] {
  return Object.entries(secrets).map(([name, value]) => [value, `\${env:${name}}`]);
}

/** The user that a visitor logs in as; none where nobody does. */
export function userHidden(plan: Plan, inputs: PlanInputs, streamIndex: number, visitor: number): Hidden[] {
  const stream = plan.streams[streamIndex];
  const input = inputs.streams[streamIndex];
  if (stream?.kind !== 'rate' || input?.kind !== 'rate' || input.users === undefined) return [];
  const { columns, count } = input.users;
  const user = new Visits(stream, streamIndex, plan.seed, plan.lanes).userOf(visitor, count);
  return Object.entries(columns).map(([name, values]) => [values[user] ?? '', `{user.${name}}`]);
}

/** Takes hidden values out of texts, as they are and as they are written in paths, forms and JSON; the longest first. */
export function hiding(hidden: readonly Hidden[]): (text: string) => string {
  const written = new Map<string, string>();
  for (const [value, shown] of hidden) {
    if (value.length < LENGTH_MIN) continue;
    for (const write of Object.values(ESCAPES)) written.set(write(value), shown);
  }
  const rules = [...written].sort(([a], [b]) => b.length - a.length);
  return (text) => rules.reduce((shown, [value, name]) => shown.replaceAll(value, () => name), text);
}
