// The planId: SHA-256 of the plan's canonical JSON, so that the same plan has the same name everywhere.
import { createHash } from 'node:crypto';
import type { Plan } from './plan.js';

/** The plan's name: 64 hexadecimal digits. */
export function planId(plan: Plan): string {
  return createHash('sha256').update(canonicalJson(plan)).digest('hex');
}

/** JSON with sorted keys and without blanks; what is undefined is left out. Throws on what JSON cannot say. */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Error(`a plan cannot hold ${value}`);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
    return `{${members.join(',')}}`;
  }
  const text = JSON.stringify(value);
  if (text === undefined) throw new Error(`a plan cannot hold ${typeof value}`);
  return text;
}
