// The streams of a scenario: their names and kinds, then each resolved with its input.
import { readData } from './data.js';
import type { Scope } from './flows.js';
import type { InputFiles } from './inputs.js';
import { checkName } from './names.js';
import { didYouMean } from './nearest.js';
import { type RateInput, type RateStream, STREAMS_MAX } from './plan.js';
import { type Path, type ProblemList, quote } from './problems.js';
import type { RouteTable } from './routes.js';
import type { TypedScenario, TypedStream } from './schema.js';
import { readFactor, type Visits } from './settings.js';
import { readSource } from './sources.js';
import { Placeholders, type SecretStore, stretches } from './templates.js';
import { readVisit } from './visits.js';

export const AMPLIFY_MAX = 10_000;
const SOURCES = ['curve', 'stages', 'spike', 'recording'] as const;
/** Keys that would say again what a recording says itself; with a pace, arrivals are the pace's. */
const ONLY_RATE = ['tenant', 'requests', 'flow', 'dependent', 'login', 'data', 'visits'] as const;
const ONLY_RECORDING = [
  ['where', 'where filters recordings, and this is none'],
  ['fold', 'fold leaves out retries of recordings, and this is none'],
  ['ids', 'ids are those of recordings, and this is none'],
] as const;

/** A stream with its name, kind and final amplification. */
export interface Draft {
  readonly path: Path;
  readonly name: string;
  readonly typed: TypedStream;
  /** Null where it has no source, or several. */
  readonly kind: 'rate' | 'recording' | null;
  readonly amplify: number;
}

/** What all rate streams share. */
export interface Shared {
  readonly speed: number;
  readonly visits: Visits;
  readonly data: Awaited<ReturnType<typeof readData>>;
  readonly routes: RouteTable;
  readonly files: InputFiles;
  readonly secrets: SecretStore;
  /** Shared data that some stream uses. */
  readonly usedData: Set<string>;
  /** Routes that may be sent other methods than GET and HEAD. */
  readonly writes: readonly string[];
}

/** @param amplify from the command line: `5` for every stream, `promo=5` for one; each multiplies */
export function draftStreams(
  typed: TypedScenario['streams'],
  amplify: readonly (string | number)[],
  problems: ProblemList,
): Draft[] {
  if (typed.length > STREAMS_MAX)
    problems.add(['streams'], `more than ${STREAMS_MAX} streams`, 'make it several runs');
  const names = typed.map(({ name }, i) => name ?? `stream-${i + 1}`);
  const factors = readAmplify(amplify, names, problems);
  return typed.map((stream, i) => {
    const path = ['streams', i];
    const name = names[i] as string;
    if (
      stream.name !== undefined &&
      checkName([...path, 'name'], name, problems) &&
      names.indexOf(name) < i
    ) {
      problems.add([...path, 'name'], `another stream is named ${quote(name)}`, 'give each its own name');
    }
    const own = readFactor([...path, 'amplify'], stream.amplify, AMPLIFY_MAX, problems);
    return {
      path,
      name,
      typed: stream,
      kind: kindOf(path, stream, problems),
      amplify: own * (factors[i] as number),
    };
  });
}

function readAmplify(
  typed: readonly (string | number)[],
  names: readonly string[],
  problems: ProblemList,
): number[] {
  const spot = { option: '--amplify' };
  const factors = names.map(() => 1);
  for (const item of typed) {
    const text = String(item);
    const split = text.lastIndexOf('=');
    const name = split < 0 ? undefined : text.slice(0, split);
    if (name !== undefined && !names.includes(name)) {
      problems.add(spot, `no stream is named ${quote(name)}`, didYouMean(name, names));
      continue;
    }
    const factor = readFactor(spot, text.slice(split + 1), AMPLIFY_MAX, problems);
    for (const [i, other] of names.entries()) {
      if (name === undefined || name === other) factors[i] = (factors[i] as number) * factor;
    }
  }
  return factors;
}

function kindOf(path: Path, typed: TypedStream, problems: ProblemList): Draft['kind'] {
  const given = SOURCES.filter((source) => typed[source] !== undefined);
  const recording = typed.recording !== undefined;
  if (given.length !== 1 && !(recording && given.length === 2)) {
    const found = given.length === 0 ? 'none of them is here' : `${given.join(' and ')} are all here`;
    problems.add(path, `expected one of ${SOURCES.join(', ')}; ${found}`, 'a stream has one source of load');
    return null;
  }
  const misplaced: readonly (readonly [keyof TypedStream, string])[] = recording
    ? [...ONLY_RATE, ...(given.length === 1 ? (['arrivals'] as const) : [])].map((key) => [
        key,
        `a recording has its own ${key}`,
      ])
    : ONLY_RECORDING;
  for (const [key, message] of misplaced) {
    if (typed[key] !== undefined) problems.add([...path, key], message, 'leave it out', 'key');
  }
  return recording ? 'recording' : 'rate';
}

/** Resolves one rate stream; undefined if its source is a problem. */
export async function readRateStream(
  draft: Draft,
  shared: Shared,
): Promise<{ stream: RateStream; input: RateInput } | undefined> {
  const { path, name, typed, amplify } = draft;
  const { files } = shared;
  const { problems } = files;
  const own = await readData([...path, 'data'], typed.data, files);
  const data = new Map([...shared.data, ...own]);
  const names = [...data.keys()];
  const scope: Scope = {
    known: [...names, 'seq', 'visitor', ...(typed.tenant === undefined ? [] : ['tenant'])],
    missing: { tenant: 'this stream has no tenant' },
  };
  const visit = await readVisit(draft, scope, names, shared);
  const used = new Set([...visit.used, ...readTenant(draft, names, problems)]);
  for (const unused of own.keys()) {
    if (!used.has(unused)) problems.warnings.push(`stream ${name}: no request uses {${unused}}`);
  }
  for (const key of used) if (data.has(key) && !own.has(key)) shared.usedData.add(key);
  const source = await readSource(path, typed, { speed: shared.speed, amplify }, files);
  if (source === undefined || visit.complete === false) return undefined;
  const present = [...data].filter(([key]) => used.has(key));
  return {
    stream: {
      kind: 'rate',
      name,
      amplify,
      source: source.source,
      arrivals: typed.arrivals ?? 'poisson',
      fromUs: source.fromUs,
      toUs: source.toUs,
      data: Object.fromEntries(present.map(([key, resolved]) => [key, resolved.source])),
      tenant: typed.tenant ?? null,
      ...visit.parts,
    },
    input: {
      kind: 'rate',
      curve: source.curve,
      values: Object.fromEntries(
        present.flatMap(([key, { values }]) => (values === null ? [] : [[key, values]])),
      ),
      ...(visit.users !== undefined && { users: visit.users }),
    },
  };
}

/** Checks a stream's tenant; returns the data it uses. */
function readTenant({ path, typed }: Draft, data: readonly string[], problems: ProblemList): Set<string> {
  const at = [...path, 'tenant'];
  const reason = 'a tenant is drawn once a visitor';
  const placeholders = new Placeholders([...data, 'visitor'], { seq: reason, tenant: reason });
  if (typed.tenant === undefined) return placeholders.used;
  placeholders.check(at, typed.tenant, problems);
  const fixed = stretches(typed.tenant).every(({ kind, text }) => kind !== 'text' || /^[\w.~-]+$/.test(text));
  if (typed.tenant === '' || !fixed) {
    problems.add(
      at,
      `${quote(typed.tenant)} is no tenant`,
      'use letters, digits and . _ ~ -, and {placeholders}',
    );
  }
  return placeholders.used;
}
