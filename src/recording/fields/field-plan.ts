// Finds out which keys or columns of a log hold what, from its first entries: by the user's map, or by their names.

import type { StampKind } from '../formats/format.js';
import type { Zone } from '../read/zone.js';
import { ALIASES, type AliasOf, durationUnitOf, markOf, namesOf, TIME_ALIASES } from './field-aliases.js';
import type { Field, FieldMap, FieldName, FieldUnit } from './field-map.js';
import { readInstant } from './instants.js';
import { readHost } from './request.js';
import { given } from './row-maker.js';
import { stepOf } from './stamp-step.js';

/** A key, as the path that leads to it, or a column. */
export type Source = readonly string[];

/** The text at a source of one entry; undefined where it has none. */
export type Getter = (source: Source) => string | undefined;

/** A key or column of the first entries, with the texts that it has there. */
export interface Leaf {
  readonly source: Source;
  readonly texts: string[];
}

/** Which source holds what; of several the first that has something wins, entry by entry. */
export interface FieldPlan {
  readonly time: Source;
  readonly timeUnit: FieldUnit | null;
  readonly duration: Source | null;
  /** For durations without a unit of their own. */
  readonly durationUnit: FieldUnit;
  readonly fields: ReadonlyMap<AliasOf, readonly Source[]>;
  readonly stamp: StampKind;
  readonly resolutionUs: number;
  /** How stamps are to be understood, in words. */
  readonly words: string;
}

/** Fields that say what was asked for, best first: a server's own request line was not normalised. */
export const TARGETS = ['request', 'url', 'path'] as const;

/** Sources that are tried for one field. */
const SOURCES_MAX = 4;

const METHOD = /^[A-Z]{3,20}$/;
const TARGET = /^(?:\/|https?:\/\/)/i;

/** What a value must look like for its key to be taken; the rest may be anything. */
const FITS: Readonly<Partial<Record<AliasOf, (text: string) => boolean>>> = {
  request: (text) => /^[A-Z]{3,20} \S/.test(text),
  method: (text) => METHOD.test(text),
  url: (text) => TARGET.test(text),
  path: (text) => TARGET.test(text),
  host: (text) => text !== '_' && readHost(text) !== undefined,
  scheme: (text) => /^https?$/i.test(text),
  status: (text) => /^-?\d{1,3}$/.test(text),
  bytes: (text) => /^\d+$/.test(text),
};

/** @returns null when the entries have no times, or no requests */
export function planFields(leaves: readonly Leaf[], map: FieldMap | null, zone: Zone): FieldPlan | null {
  const time = findTime(leaves, map?.time, zone);
  if (time === undefined) return null;
  const fields = new Map<AliasOf, readonly Source[]>();
  for (const of of ALIASES.keys()) fields.set(of, sourcesOf(of, leaves, map, time.leaf));
  if (!TARGETS.some((of) => fields.get(of)?.length)) return null;
  const duration = findDuration(leaves, map?.duration, time.leaf);
  const stamp = time.mark ?? markBeside(leaves, duration);
  const resolutionUs = stepOf(time.leaf.texts, zone, time.unit);
  return {
    time: time.leaf.source,
    timeUnit: time.unit,
    duration: duration?.leaf.source ?? null,
    durationUnit: duration?.unit ?? 'ms',
    fields,
    stamp,
    resolutionUs,
    words: wordsFor(stamp, duration !== undefined),
  };
}

interface Time {
  readonly leaf: Leaf;
  readonly unit: FieldUnit | null;
  readonly mark: 'start' | 'end' | undefined;
}

function findTime(leaves: readonly Leaf[], field: Field | undefined, zone: Zone): Time | undefined {
  const isTime = (leaf: Leaf, unit: FieldUnit | null) =>
    mostly(leaf, (text) => !Number.isNaN(readInstant(text, zone, unit)));
  if (field !== undefined) {
    const leaf = leaves.find((one) => one.source.join('.') === field.name && isTime(one, field.unit));
    const mark = leaf && namesOf(leaf.source).map(markOf).find(Boolean);
    return leaf && { leaf, unit: field.unit, mark };
  }
  for (const alias of TIME_ALIASES) {
    const leaf = leaves.find((one) => namesOf(one.source).includes(alias) && isTime(one, null));
    if (leaf !== undefined) return { leaf, unit: null, mark: markOf(alias) };
  }
  return undefined;
}

interface Duration {
  readonly leaf: Leaf;
  readonly unit: FieldUnit;
  readonly rank: number;
}

function findDuration(leaves: readonly Leaf[], field: Field | undefined, time: Leaf): Duration | undefined {
  let best: Duration | undefined;
  for (const leaf of leaves) {
    if (leaf === time || !mostly(leaf, (text) => readSpanUs(text, 'ms') !== undefined)) continue;
    for (const name of namesOf(leaf.source)) {
      const known = durationUnitOf(name);
      if (field !== undefined) {
        if (leaf.source.join('.') === field.name) {
          return { leaf, unit: field.unit ?? known?.unit ?? 'ms', rank: 0 };
        }
      } else if (known !== undefined && known.rank < (best?.rank ?? Number.POSITIVE_INFINITY)) {
        best = { leaf, ...known };
      }
    }
  }
  return best;
}

/** What a stamp marks whose own name does not say it. */
function markBeside(leaves: readonly Leaf[], duration: Duration | undefined): StampKind {
  const has = (name: string) => leaves.some((leaf) => namesOf(leaf.source).includes(name));
  if (has('threadname') && has('elapsed')) return 'start';
  const [name] = duration ? namesOf(duration.leaf.source).slice(-1) : [];
  if (name === 'requesttime') return 'end';
  return name === 'responsetime' && has('reqmethod') ? 'end' : 'unknown';
}

function sourcesOf(of: AliasOf, leaves: readonly Leaf[], map: FieldMap | null, time: Leaf): Source[] {
  const fits = FITS[of] ?? (() => true);
  const mapped = of === 'scheme' ? undefined : map?.[of satisfies FieldName];
  if (mapped !== undefined) {
    return leaves.filter(({ source }) => source.join('.') === mapped.name).map(({ source }) => source);
  }
  // Where the user says what the target is, no other key is taken for it.
  if (map !== null && TARGETS.some((one) => one === of) && TARGETS.some((one) => map[one] !== undefined))
    return [];
  const found: Source[] = [];
  for (const alias of ALIASES.get(of) ?? []) {
    for (const leaf of leaves) {
      const named = leaf !== time && namesOf(leaf.source).includes(alias);
      if (named && mostly(leaf, fits) && !found.includes(leaf.source)) found.push(leaf.source);
    }
  }
  return found.slice(0, SOURCES_MAX);
}

/** Whether half of a key's values are such, of those that are anything, and at least one is. */
function mostly(leaf: Leaf, fits: (text: string) => boolean): boolean {
  const texts = leaf.texts.filter((text) => given(text) !== undefined);
  return texts.length > 0 && texts.filter(fits).length * 2 >= texts.length;
}

const SPAN = /^(\d{1,15}(?:[.,]\d{1,20})?(?:e-?\d{1,2})?)\s*(ns|us|µs|\xc2\xb5s|ms|s|sec)?$/i;
const US_PER: Readonly<Record<FieldUnit, number>> = { s: 1e6, ms: 1e3, us: 1, ns: 1e-3 };

/** A duration such as `0.25`, `12ms`, `0.058927s` or `0,25`, as whole microseconds; undefined for anything else. */
export function readSpanUs(text: string | undefined, unit: FieldUnit): number | undefined {
  const [, digits, own] = SPAN.exec(text ?? '') ?? [];
  if (digits === undefined) return undefined;
  const said = own?.toLowerCase().replace('sec', 's');
  const of = said === undefined ? unit : said === 's' || said === 'ms' || said === 'ns' ? said : 'us';
  return Math.round(Number(digits.replace(',', '.')) * US_PER[of]);
}

function wordsFor(stamp: StampKind, timed: boolean): string {
  if (stamp === 'start') return 'stamps mark the start of each request';
  if (stamp === 'end') {
    return timed
      ? 'stamps mark the end of each request; moved back by its duration'
      : 'stamps mark the end of each request, and there are no durations: starts are late by each response time';
  }
  return 'the log does not say whether its stamps mark the start or the end of a request; taken for the start';
}
