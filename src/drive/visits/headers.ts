// Headers of one exchange: names and values by turns, in lists that are shared and so replaced, never changed.

/** Takes some headers out of lists, once for each list in use. */
export class Without {
  readonly #known = new WeakMap<readonly string[], readonly string[]>();

  /** @param names in lower case */
  constructor(private readonly names: readonly string[]) {}

  /** The list without those headers; the list itself where it has none of them. */
  of(headers: readonly string[]): readonly string[] {
    let rest = this.#known.get(headers);
    if (rest === undefined) {
      const kept = headers.filter((_, i) => !this.names.includes((headers[i - (i % 2)] ?? '').toLowerCase()));
      rest = kept.length === headers.length ? headers : kept;
      this.#known.set(headers, rest);
    }
    return rest;
  }
}

/** The value of a header; null where it is not there. */
export function headerValue(headers: readonly string[], name: string): string | null {
  for (let i = 0; i < headers.length; i += 2) {
    const own = headers[i] as string;
    if (own.length === name.length && own.toLowerCase() === name) return headers[i + 1] ?? null;
  }
  return null;
}

/** The list with a header in place of those of its name; null stands for an empty list and for no header. */
export function withHeader(
  headers: readonly string[] | null,
  name: string,
  value: string | null,
): readonly string[] | null {
  if (headers === null) return value === null ? null : [name, value];
  const others = headers.filter((_, i) => headers[i - (i % 2)] !== name);
  if (value !== null) others.push(name, value);
  return others.length === 0 ? null : others;
}
