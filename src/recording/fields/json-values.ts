// Reads values out of parsed JSON of which nothing is known.

export type JsonObject = Readonly<Record<string, unknown>>;

/** The object; an empty one for anything else. */
export function objectAt(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null ? (value as JsonObject) : {};
}

export function listAt(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function textAt(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The number if it is one from 0 on. */
export function countAt(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value) ? value : undefined;
}
