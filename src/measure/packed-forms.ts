// How seconds, slices, emissions and health lines are packed: exactly, whatever numbers they hold.
import { COARSE, type Layout } from './buckets.js';
import {
  type Counts,
  emptyCounts,
  emptyInducedCounts,
  emptyRecordedCounts,
  type Slice,
  type Tail,
} from './cell.js';
import type { Distribution } from './distribution.js';
import type { Emission } from './emission.js';
import { healthJson, healthOf } from './line-codec.js';
import { OUTCOMES } from './outcome.js';
import type { Form } from './packed-map.js';
import { Packer, Unpacker } from './packing.js';
import type { Second } from './snapshot.js';
import type { Health } from './vitals.js';

const packer = new Packer();

/** Which parts of counts follow: bits of a number. */
const RECORDED = 1;
const INDUCED = 2;

/** Some 20 bytes a stream in which anything was due, and 2 for each bucket of the response. */
export const SECOND_FORM: Form<Second> = {
  pack({ streams, response }) {
    packer.number(streams.length);
    for (const counts of streams) packCounts(counts);
    packDistribution(response);
    return packer.take();
  },
  unpack(text) {
    const from = new Unpacker(text);
    const streams = Array.from({ length: from.number() }, () => unpackCounts(from));
    return { streams, response: unpackDistribution(from, COARSE) };
  },
};

export const SLICE_FORM: Form<Slice> = {
  pack(slice) {
    for (const n of [slice.stream, slice.phase, slice.sliceS, slice.tainted, slice.taintedFailures])
      packer.number(n);
    for (const part of [slice.slip, slice.lag, slice.wait, slice.service]) packDistribution(part);
    packTail(slice.tail);
    return packer.take();
  },
  unpack(text) {
    const from = new Unpacker(text);
    return {
      stream: from.number(),
      phase: from.number(),
      sliceS: from.number(),
      tainted: from.number(),
      taintedFailures: from.number(),
      slip: unpackDistribution(from, COARSE),
      lag: unpackDistribution(from, COARSE),
      wait: unpackDistribution(from, COARSE),
      service: unpackDistribution(from, COARSE),
      tail: unpackTail(from),
    };
  },
};

export const EMISSION_FORM: Form<Emission> = {
  pack({ sliceS, due, fired, again }) {
    packer.number(sliceS);
    packList(due);
    packList(fired);
    packList(again);
    return packer.take();
  },
  unpack(text) {
    const from = new Unpacker(text);
    return {
      sliceS: from.number(),
      due: unpackList(from),
      fired: unpackList(from),
      again: unpackList(from),
    };
  },
};

/** Lines of health come once in ten seconds and worker: as the result file has them. */
export const HEALTH_FORM: Form<Health> = {
  pack: (health) => JSON.stringify(healthJson(health)),
  unpack: (text) => healthOf(JSON.parse(text) as Record<string, unknown>),
};

function packCounts(counts: Counts): void {
  const { planned, sent, attempts, bytes, cacheHits, cacheMisses, statuses, induced, recorded } = counts;
  packer.number(planned);
  packer.number(counts.outcomes.reduce((n, count) => n + (count === 0 ? 0 : 1), 0));
  counts.outcomes.forEach((count, i) => {
    if (count === 0) return;
    packer.number(i);
    packer.number(count);
  });
  for (const n of [sent, attempts, bytes, cacheHits, cacheMisses]) packer.number(n);
  packMap(statuses);
  packer.number((recorded === null ? 0 : RECORDED) + (induced === null ? 0 : INDUCED));
  if (induced !== null) {
    const { retries, reloads, overBudget, retryAfters, leavers } = induced;
    for (const n of [retries, reloads, overBudget, retryAfters, leavers]) packer.number(n);
  }
  if (recorded === null) return;
  packer.number(recorded.planned);
  packer.number(recorded.failed);
  packer.number(recorded.unknownIds);
  packMap(recorded.statuses);
}

function unpackCounts(from: Unpacker): Counts {
  const counts = emptyCounts();
  counts.planned = from.number();
  for (let n = from.number(); n > 0; n--) {
    const outcome = from.number();
    if (outcome >= OUTCOMES.length) throw new Error(`no outcome ${outcome}`);
    counts.outcomes[outcome] = from.number();
  }
  counts.sent = from.number();
  counts.attempts = from.number();
  counts.bytes = from.number();
  counts.cacheHits = from.number();
  counts.cacheMisses = from.number();
  unpackMap(from, counts.statuses);
  const parts = from.number();
  if ((parts & INDUCED) !== 0) {
    counts.induced = emptyInducedCounts();
    counts.induced.retries = from.number();
    counts.induced.reloads = from.number();
    counts.induced.overBudget = from.number();
    counts.induced.retryAfters = from.number();
    counts.induced.leavers = from.number();
  }
  if ((parts & RECORDED) === 0) return counts;
  counts.recorded = emptyRecordedCounts();
  counts.recorded.planned = from.number();
  counts.recorded.failed = from.number();
  counts.recorded.unknownIds = from.number();
  unpackMap(from, counts.recorded.statuses);
  return counts;
}

/** Distances between buckets and their counts, then the exact figures. */
function packDistribution(of: Distribution): void {
  packer.number(of.buckets.length);
  let last = 0;
  for (let i = 0; i < of.buckets.length; i++) {
    const bucket = of.buckets[i] as number;
    packer.number(bucket - last);
    packer.number(of.counts[i] as number);
    last = bucket;
  }
  for (const n of [of.count, of.sumUs, of.maxUs, of.cuts]) packer.number(n);
  if (of.cuts > 0) packer.number(of.cutMinUs);
}

function unpackDistribution(from: Unpacker, layout: Layout): Distribution {
  const n = from.number();
  const buckets = new Uint16Array(n);
  const counts = new Float64Array(n);
  let bucket = 0;
  for (let i = 0; i < n; i++) {
    bucket += from.number();
    buckets[i] = bucket;
    counts[i] = from.number();
  }
  const count = from.number();
  const sumUs = from.number();
  const maxUs = from.number();
  const cuts = from.number();
  const cutMinUs = cuts > 0 ? from.number() : Number.POSITIVE_INFINITY;
  return { layout, buckets, counts, count, sumUs, maxUs, cuts, cutMinUs };
}

function packTail({ buckets, parts }: Tail): void {
  packList(buckets);
  for (const { count, responseUs, oursUs, waitUs, serviceUs } of parts)
    for (const n of [count, responseUs, oursUs, waitUs, serviceUs]) packer.number(n);
}

function unpackTail(from: Unpacker): Tail {
  const buckets = unpackList(from);
  const parts = buckets.map(() => ({
    count: from.number(),
    responseUs: from.number(),
    oursUs: from.number(),
    waitUs: from.number(),
    serviceUs: from.number(),
  }));
  return { buckets, parts };
}

function packList(list: readonly number[]): void {
  packer.number(list.length);
  for (const n of list) packer.number(n);
}

function unpackList(from: Unpacker): number[] {
  return Array.from({ length: from.number() }, () => from.number());
}

function packMap(map: ReadonlyMap<number, number>): void {
  packer.number(map.size);
  for (const [key, n] of map) {
    packer.number(key);
    packer.number(n);
  }
}

function unpackMap(from: Unpacker, into: Map<number, number>): void {
  for (let n = from.number(); n > 0; n--) {
    const key = from.number();
    into.set(key, from.number());
  }
}
