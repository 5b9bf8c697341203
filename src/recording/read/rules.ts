// How a recording is made of logs: what the user says of them, in the form in which it is part of a plan.
import { type Problem, UserError } from '../../problem.js';
import { type FieldMap, parseField } from '../fields/field-map.js';
import type { Format, FormatOptions } from '../formats/format.js';
import { formatsNamed } from '../formats/index.js';
import { Zone } from './zone.js';

/**
 * What decides which rows a log becomes, besides its bytes. Canonical: a key is absent where the log itself, or the
 * default, decides.
 */
export interface ReadRules {
  /** A format's id, or an nginx `log_format` or Apache `LogFormat` string. */
  readonly format?: string;
  /** Zone of stamps that have none: an offset or an IANA name. */
  readonly zone?: string;
  /** What stamps mark, where that is not as the format has it. */
  readonly stamp?: 'start' | 'end';
  /** `time=ts`, `duration=took@ms`: the log's names for what we look for. */
  readonly fields?: readonly string[];
  /** Query keys and headers that are kept though they look like secrets. */
  readonly keep?: readonly string[];
  /** Put in order on disk first, for logs far out of order. */
  readonly sort?: boolean;
}

/** The same, understood. */
export interface CompiledRules {
  readonly formats: readonly Format[] | undefined;
  readonly options: FormatOptions;
  readonly zoneGiven: boolean;
  readonly stamp: 'start' | 'end' | null;
  readonly keep: readonly string[];
  readonly sort: boolean;
}

/** @throws UserError, its places being the names of the rules */
export function compileRules(rules: ReadRules): CompiledRules {
  const problems: Problem[] = [];
  const wrong = (path: string, message: string, hint?: string) =>
    problems.push({ place: 'recording', path, message, ...(hint !== undefined && { hint }) });
  let formats: readonly Format[] | undefined;
  if (rules.format !== undefined) {
    const named = formatsNamed(rules.format);
    if (typeof named === 'string') wrong('format', named);
    else formats = named;
  }
  const zone = rules.zone === undefined ? Zone.UTC : Zone.parse(rules.zone);
  if (zone === undefined) {
    wrong('zone', `"${rules.zone}" is no time zone`, 'write Europe/Berlin, America/New_York, +0200 or UTC');
  }
  const fields = readFields(rules.fields ?? [], wrong);
  if (problems.length > 0) throw new UserError(problems);
  return {
    formats,
    options: { zone: zone ?? Zone.UTC, fields },
    zoneGiven: rules.zone !== undefined,
    stamp: rules.stamp ?? null,
    keep: rules.keep ?? [],
    sort: rules.sort ?? false,
  };
}

function readFields(
  texts: readonly string[],
  wrong: (path: string, message: string, hint?: string) => void,
): FieldMap | null {
  if (texts.length === 0) return null;
  const fields: Record<string, FieldMap[keyof FieldMap]> = {};
  for (const text of texts) {
    const parsed = parseField(text);
    const hint = 'write time=ts, duration=took@ms, path=request.uri';
    if (parsed === undefined) wrong('fields', `"${text}" is not what=NAME`, hint);
    else fields[parsed.of] = parsed.field;
  }
  return fields as FieldMap;
}
