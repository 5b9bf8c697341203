// What is done to the shop while it runs: a scripted night of failures and of operators' hands, one event a line.
import { parseDurationUs, UnitError } from '../units.js';

/** What an event does to the shop. */
export type Change =
  /** The group accepts orders, and no instance comes until it is over; then those that were ordered start to boot. */
  | { readonly kind: 'autoscaler_stuck' }
  /** The autoscaler learns so much later what it sees; it goes on with the last that it saw. */
  | { readonly kind: 'metrics_late'; readonly byUs: number }
  /** So many instances are gone, and what is in them is finished first; the autoscaler has to replace them. */
  | { readonly kind: 'instances_lost'; readonly instances: number }
  /** So many instances take no requests, as in a restart; the autoscaler does not know. */
  | { readonly kind: 'instances_down'; readonly instances: number | 'all' }
  /** Storefront pages before the dashboard. */
  | { readonly kind: 'dashboard_degraded' }
  /** No store may take more than this share of slots and queue. */
  | { readonly kind: 'stores_isolated'; readonly share: number }
  /** One store may not. */
  | { readonly kind: 'store_isolated'; readonly store: string; readonly share: number };

/** Times are in the platform's own time, since the first request: `speed` divides them. */
export type ScriptedEvent = Change & {
  /** As it was written. */
  readonly text: string;
  readonly fromUs: number;
  /** Absent: for good. */
  readonly toUs?: number;
};

/** Events of one script, at most. */
export const EVENTS_MAX = 200;

const FORMS: readonly { readonly form: string; readonly pattern: RegExp; readonly read: Reader }[] = [
  {
    form: 'autoscaler stuck',
    pattern: /^autoscaler stuck$/,
    read: () => ({ kind: 'autoscaler_stuck' }),
  },
  {
    form: 'metrics late by 2m',
    pattern: /^metrics late by (\S+)$/,
    read: (by) => ({ kind: 'metrics_late', byUs: parseDurationUs(by) }),
  },
  {
    form: '2 instances lost',
    pattern: /^(\d{1,5}) instances? lost$/,
    read: (n) => ({ kind: 'instances_lost', instances: Number(n) }),
  },
  {
    form: '2 instances down, all instances down',
    pattern: /^(all|\d{1,5}) instances? down$/,
    read: (n) => ({ kind: 'instances_down', instances: n === 'all' ? 'all' : Number(n) }),
  },
  {
    form: 'dashboard degraded',
    pattern: /^dashboard degraded$/,
    read: () => ({ kind: 'dashboard_degraded' }),
  },
  {
    form: 'stores isolated to 20%',
    pattern: /^stores isolated to (\S+)$/,
    read: (share) => ({ kind: 'stores_isolated', share: readShare(share) }),
  },
  {
    form: 'store NAME isolated to 20%',
    pattern: /^store ([a-z0-9][a-z0-9-]{0,62}) isolated to (\S+)$/,
    read: (store, share) => ({ kind: 'store_isolated', store, share: readShare(share) }),
  },
];

type Reader = (first: string, second: string) => Change;

/** What an event may look like, for a person who wrote another one. */
export const EVENT_HINT = `write WHAT from 60s to 3m, WHAT from 60s, or WHAT at 60s where it has no end; WHAT is one of: ${FORMS.map(({ form }) => form).join(', ')}`;

const LINE = /^(.+?) (?:from (\S+)(?: to (\S+))?|at (\S+))$/;

/**
 * Reads one event, such as `autoscaler stuck from 60s to 180s`, `2 instances lost at 90s`, `dashboard degraded from 5m`.
 * @throws UnitError that says what is wrong with it; `EVENT_HINT` says what would be right
 */
export function parseEvent(line: string): ScriptedEvent {
  const text = line.trim().replace(/\s+/g, ' ');
  const [, what = '', from, to, at] = LINE.exec(text) ?? [];
  for (const { pattern, read } of FORMS) {
    const match = pattern.exec(what);
    if (match === null) continue;
    const change = read(match[1] ?? '', match[2] ?? '');
    const fromUs = parseDurationUs(from ?? at ?? '');
    if (change.kind === 'instances_lost') {
      if (at === undefined)
        throw new UnitError(`"${text}" has no length: what is lost is lost at an instant`);
      return { ...change, text, fromUs };
    }
    if (at !== undefined) throw new UnitError(`"${text}" lasts: say from when, and to when if it ends`);
    if (to === undefined) return { ...change, text, fromUs };
    const toUs = parseDurationUs(to);
    if (toUs <= fromUs) throw new UnitError(`"${text}" ends before it begins`);
    return { ...change, text, fromUs, toUs };
  }
  throw new UnitError(`"${text.slice(0, 200)}" is no event`);
}

function readShare(text: string): number {
  const [, number, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text) ?? [];
  const share = percent === '%' ? Number(number) / 100 : Number(number);
  if (share >= 0.001 && share <= 1) return share;
  throw new UnitError(`"${text}" is not a share; write 20% or 0.2, up to 100%`);
}
