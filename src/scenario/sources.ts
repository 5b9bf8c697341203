// Where a rate stream's rate comes from: a curve file, stages or a spike; cut, sped up and amplified.
import { parseMultiple, parseRatePerSec } from '../units.js';
import { amplifyCurve, areaOf, curveOfStages, cutCurve, fastForward, stagesOfSpike } from './curve.js';
import type { InputFiles } from './inputs.js';
import { parseInstantUs } from './instant.js';
import type { Curve, RateSource, Stage } from './plan.js';
import { type Path, type ProblemList, quote } from './problems.js';
import type { TypedSpike, TypedStage, TypedStream } from './schema.js';
import { readDuration } from './settings.js';

/** A stream numbers its arrivals below 2^40; this stays clear of it. */
const REQUESTS_MAX = 1e12;
const RATE_MAX = 1e7;

export interface ResolvedSource {
  readonly source: RateSource;
  readonly fromUs: number;
  readonly toUs: number | null;
  /** After cut, speed and amplification. */
  readonly curve: Curve;
}

/** Resolves the source of one rate stream; undefined if it is a problem. */
export async function readSource(
  path: Path,
  typed: TypedStream,
  scale: { readonly speed: number; readonly amplify: number },
  files: InputFiles,
): Promise<ResolvedSource | undefined> {
  const { problems } = files;
  const before = problems.count;
  const found = await readUncut(path, typed, files);
  if (found === undefined || problems.count > before) return undefined;
  const fromUs = readCut([...path, 'from'], typed.from, found.originUs, problems) ?? 0;
  const toUs = readCut([...path, 'to'], typed.to, found.originUs, problems);
  if (fromUs >= (toUs ?? found.curve.endUs)) {
    const key = toUs === null || fromUs < found.curve.endUs ? 'to' : 'from';
    const at = typed[key] === undefined ? 'from' : key;
    if (problems.count === before) {
      const length = `the source lasts ${found.curve.endUs / 1e6} s`;
      problems.add(
        [...path, at],
        `nothing is left between from and to: ${length}`,
        'times are from the start of the source',
      );
    }
    return undefined;
  }
  const cut = fastForward(cutCurve(found.curve, fromUs, toUs), scale.speed);
  const curve = amplifyCurve(cut, scale.amplify);
  const area = areaOf(curve);
  if (!(area > 0))
    problems.add(path, 'this stream sends nothing: its rate is 0 all the time', 'give it a rate above 0');
  if (area > REQUESTS_MAX)
    problems.add(path, `this stream would send more than ${REQUESTS_MAX} requests`, 'lower it');
  return { source: found.source, fromUs, toUs, curve };
}

interface UncutSource {
  readonly source: RateSource;
  readonly curve: Curve;
  readonly originUs: number | null;
}

async function readUncut(
  path: Path,
  typed: TypedStream,
  files: InputFiles,
): Promise<UncutSource | undefined> {
  if (typed.curve !== undefined) {
    const file = await files.curve(typed.curve, [...path, 'curve']);
    if (file === undefined) return undefined;
    const { digest, column, curve, originUs } = file;
    return { source: { kind: 'curve', digest, column }, curve, originUs };
  }
  if (typed.stages !== undefined) {
    const stages = readStages([...path, 'stages'], typed.stages, files.problems);
    return { source: { kind: 'stages', stages }, curve: curveOfStages(stages), originUs: null };
  }
  const spike = readSpike([...path, 'spike'], typed.spike ?? {}, files.problems);
  return spike && { source: spike, curve: curveOfStages(stagesOfSpike(spike)), originUs: null };
}

function readStages(path: Path, typed: readonly TypedStage[], problems: ProblemList): Stage[] {
  let reached = 0;
  return typed.map((stage, i) => {
    const at = [...path, i];
    if (stage.rate !== undefined && (stage.from !== undefined || stage.to !== undefined)) {
      problems.add(at, 'expected either rate, or from and to', 'write { rate: 100, for: 5m }');
    } else if (stage.rate === undefined && stage.to === undefined) {
      problems.add(at, 'has no rate; expected from and to, or rate', 'write { from: 0, to: 100, for: 10s }');
    }
    const from = readRate(
      [...at, stage.rate === undefined ? 'from' : 'rate'],
      stage.rate ?? stage.from ?? reached,
      problems,
    );
    const to = stage.to === undefined ? from : readRate([...at, 'to'], stage.to, problems);
    reached = to;
    return { from, to, forUs: readLength([...at, 'for'], stage.for, problems) };
  });
}

function readLength(path: Path, typed: string | number | undefined, problems: ProblemList): number {
  if (typed === undefined) {
    problems.add(path, 'is missing; expected a duration such as 10s');
    return 0;
  }
  const us = readDuration(path, typed, problems) ?? 0;
  if (us === 0 && problems.isSpoiled(path) === false)
    problems.add(path, 'a stage lasts longer than 0', 'write such as 10s');
  return us;
}

function readRate(path: Path, typed: string | number, problems: ProblemList): number {
  const rate = problems.read(path, () => parseRatePerSec(typed)) ?? 0;
  if (rate > RATE_MAX) problems.add(path, `a rate of ${rate}/s is beyond ${RATE_MAX}/s`);
  return rate;
}

function readSpike(
  path: Path,
  typed: TypedSpike,
  problems: ProblemList,
): Extract<RateSource, { kind: 'spike' }> | undefined {
  const before = problems.count;
  const missing = (['base', 'peak', 'at', 'rise', 'hold', 'fall'] as const).filter(
    (key) => typed[key] === undefined,
  );
  if (missing.length > 0) {
    const example = 'write { base: 20, peak: 5x, at: 10m, rise: 90s, hold: 30m, fall: 60m }';
    problems.add(path, `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing`, example);
    return undefined;
  }
  const lasting = (key: 'at' | 'rise' | 'hold' | 'fall') =>
    readDuration([...path, key], typed[key] ?? 0, problems) ?? 0;
  const base = readRate([...path, 'base'], typed.base ?? 0, problems);
  const peak = readPeak([...path, 'peak'], typed.peak ?? 0, base, problems);
  const [atUs, riseUs, holdUs, fallUs] = [lasting('at'), lasting('rise'), lasting('hold'), lasting('fall')];
  const leastUs = atUs + riseUs + holdUs + fallUs;
  const totalUs =
    typed.total === undefined ? leastUs + atUs : readDuration([...path, 'total'], typed.total, problems);
  if (problems.count > before || totalUs === undefined) return undefined;
  if (totalUs < leastUs) {
    const least = `at, rise, hold and fall are ${leastUs / 1e6} s together`;
    problems.add([...path, 'total'], `total is too short: ${least}`, 'leave it out, or make it longer');
  } else if (totalUs === 0) problems.add(path, 'the spike lasts 0 s');
  if (peak < base) {
    problems.add(
      [...path, 'peak'],
      `the peak of ${peak}/s is below the base of ${base}/s`,
      `for a multiple write ${peak}x`,
    );
  }
  return { kind: 'spike', base, peak, atUs, riseUs, holdUs, fallUs, totalUs };
}

function readPeak(path: Path, typed: string | number, base: number, problems: ProblemList): number {
  if (typeof typed === 'string' && /[x×]\s*$/i.test(typed)) {
    return base * (problems.read(path, () => parseMultiple(typed)) ?? 0);
  }
  return readRate(path, typed, problems);
}

/** An instant or an offset, as an offset from the source's own start; null where none is given. */
export function readCut(
  path: Path,
  typed: string | number | undefined,
  originUs: number | null,
  problems: ProblemList,
): number | null {
  if (typed === undefined) return null;
  const instantUs = isInstant(typed) ? parseInstantUs(String(typed)) : null;
  if (instantUs === null) return readDuration(path, typed, problems) ?? null;
  if (instantUs === undefined) {
    problems.add(path, `${quote(String(typed))} is not an instant`, 'write 2025-11-28T17:26:00Z');
    return null;
  }
  if (originUs !== null) return instantUs - originUs;
  problems.add(path, 'is an instant, but the source has only offsets', 'write an offset such as 10m');
  return null;
}

/** True for what is meant as an instant, well written or not. */
export function isInstant(typed: string | number): boolean {
  return typeof typed === 'string' && /^\s*\d{4}-/.test(typed);
}
