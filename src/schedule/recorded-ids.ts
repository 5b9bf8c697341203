// Sends recorded ids as others: finds them in paths and queries, and looks up what each is sent as.
import { drawKey, hashText } from '../random.js';
import { CapturePattern, Pattern } from '../recording/pattern.js';
import type { IdLists, IdMapping } from '../scenario/plan.js';
import { ESCAPES } from './template.js';

/** An id in a path, at `[from, to)`; `id` is without percent-encoding. */
export interface FoundId {
  readonly from: number;
  readonly to: number;
  readonly id: string;
}

/** A path as it is sent, and the indexes of the mappings that changed it. */
export interface MappedPath {
  readonly path: string;
  readonly kinds: readonly number[];
}

type Place =
  | { readonly kind: 'path'; readonly pattern: CapturePattern }
  /** `path` null: any. */
  | { readonly kind: 'query'; readonly path: Pattern | null; readonly parameter: string };

/** Mapped paths that are remembered, as paths repeat, and the longest of them. */
const CACHE_MAX = 20_000;
const CACHED_LENGTH_MAX = 1_000;

/** Finds the ids of one mapping. */
export class IdFinder {
  private readonly places: readonly Place[];

  constructor(mapping: Pick<IdMapping, 'name' | 'in'>) {
    this.places = mapping.in.map((text) => placeOf(text, mapping.name));
  }

  /** The ids in a path with query, in no order; time is linear in the path. */
  find(path: string): FoundId[] {
    const hash = path.indexOf('#');
    const end = hash < 0 ? path.length : hash;
    const question = path.indexOf('?');
    const pathEnd = question < 0 || question > end ? end : question;
    const bare = path.slice(0, pathEnd);
    const found: FoundId[] = [];
    for (const place of this.places) {
      if (place.kind === 'path') {
        const span = place.pattern.find(bare);
        if (span !== null) found.push({ from: span[0], to: span[1], id: decoded(bare.slice(...span)) });
      } else if (pathEnd < end && (place.path === null || place.path.test(bare))) {
        addParameters(path, pathEnd + 1, end, place.parameter, found);
      }
    }
    return found;
  }
}

/** Maps the ids of all mappings of a stream. */
export class IdMapper {
  private readonly kinds: readonly {
    readonly finder: IdFinder;
    readonly lookUp: (id: string) => string | null;
  }[];
  private readonly cache = new Map<string, MappedPath | null>();

  /** @param lists parallel to the mappings */
  constructor(seed: number, mappings: readonly IdMapping[], lists: readonly IdLists[]) {
    this.kinds = mappings.map((mapping, i) => {
      const list = lists[i];
      if (list === undefined) throw new Error(`the ids of ${mapping.name} were not read`);
      return { finder: new IdFinder(mapping), lookUp: lookUpOf(seed, mapping, list) };
    });
  }

  /** The path as it is sent; null if it holds an id that the mapping's table does not. */
  map(path: string): MappedPath | null {
    if (path.length > CACHED_LENGTH_MAX) return this.mapUncached(path);
    let mapped = this.cache.get(path);
    if (mapped === undefined) {
      mapped = this.mapUncached(path);
      if (this.cache.size >= CACHE_MAX) this.cache.clear();
      this.cache.set(path, mapped);
    }
    return mapped;
  }

  private mapUncached(path: string): MappedPath | null {
    const changes: { from: number; to: number; text: string }[] = [];
    const kinds: number[] = [];
    for (const [kind, { finder, lookUp }] of this.kinds.entries()) {
      const found = finder.find(path);
      if (found.length > 0) kinds.push(kind);
      for (const { from, to, id } of found) {
        const staging = lookUp(id);
        if (staging === null) return null;
        changes.push({ from, to, text: ESCAPES.path(staging) });
      }
    }
    // Where two places overlap, the one that begins first counts, and of those the one that was named first.
    changes.sort((a, b) => a.from - b.from);
    let out = '';
    let at = 0;
    for (const { from, to, text } of changes) {
      if (from < at) continue;
      out += path.slice(at, from) + text;
      at = to;
    }
    return { path: out + path.slice(at), kinds };
  }
}

function lookUpOf(seed: number, mapping: IdMapping, { staging, recorded }: IdLists) {
  const key = drawKey(seed, 'id', mapping.name);
  const byHash = (id: string) => staging[hashText(key, id) % staging.length] as string;
  if (mapping.by === 'hash') return byHash;
  const places = new Map(recorded.map((id, i) => [id, i]));
  if (mapping.by === 'table') {
    return (id: string) => {
      const place = places.get(id);
      return place === undefined ? null : (staging[place] as string);
    };
  }
  return (id: string) => {
    const rank = places.get(id);
    return rank === undefined ? byHash(id) : (staging[rank % staging.length] as string);
  };
}

function placeOf(text: string, name: string): Place {
  const question = text.indexOf('?');
  if (question < 0) return { kind: 'path', pattern: new CapturePattern(text, name) };
  const path = question === 0 ? null : new Pattern(text.slice(0, question));
  return { kind: 'query', path, parameter: text.slice(question + 1, text.indexOf('=', question)) };
}

/** Finds the values of a query's parameter in `path[from, end)`. */
function addParameters(path: string, from: number, end: number, parameter: string, found: FoundId[]): void {
  for (let at = from; at < end; ) {
    const next = path.indexOf('&', at);
    const to = next < 0 || next > end ? end : next;
    const equals = path.indexOf('=', at);
    if (equals >= 0 && equals + 1 < to && decoded(path.slice(at, equals)) === parameter) {
      found.push({ from: equals + 1, to, id: decoded(path.slice(equals + 1, to).replaceAll('+', ' ')) });
    }
    at = to + 1;
  }
}

/** Without percent-encoding; as it is where that is broken. */
function decoded(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
