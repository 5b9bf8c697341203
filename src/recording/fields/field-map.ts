// The user's names for fields: which of a log's own keys or columns holds what we look for.

/** What a field can be to us. */
export const FIELD_NAMES = [
  'time',
  'duration',
  'method',
  'url',
  'path',
  'query',
  'request',
  'host',
  'status',
  'bytes',
  'client',
  'agent',
] as const;

export type FieldName = (typeof FIELD_NAMES)[number];

/** Units that a time or a duration may be said to be in. */
export const FIELD_UNITS = ['s', 'ms', 'us', 'ns'] as const;
export type FieldUnit = (typeof FIELD_UNITS)[number];

/** One field of the log: its key (dots go into nested objects) or column, and the unit of its numbers. */
export interface Field {
  readonly name: string;
  readonly unit: FieldUnit | null;
}

export type FieldMap = Readonly<Partial<Record<FieldName, Field>>>;

/**
 * Reads `duration=elapsed@ms` or `path=request.uri`; the unit follows the last `@`, if it is one.
 * @returns undefined for what is no such text
 */
export function parseField(text: string): { readonly of: FieldName; readonly field: Field } | undefined {
  const equals = text.indexOf('=');
  const of = FIELD_NAMES.find((name) => name === text.slice(0, equals).trim());
  const value = text.slice(equals + 1).trim();
  if (equals < 0 || of === undefined || value === '') return undefined;
  const at = value.lastIndexOf('@');
  const unit = at > 0 ? FIELD_UNITS.find((known) => known === value.slice(at + 1)) : undefined;
  return { of, field: unit === undefined ? { name: value, unit: null } : { name: value.slice(0, at), unit } };
}
