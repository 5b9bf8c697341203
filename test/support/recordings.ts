// Made-up rows, plans of one recording, and what the schedule makes of them.
import fc from 'fast-check';
import type { Row } from '../../src/recording/row.js';
import type {
  IdLists,
  IdMapping,
  Plan,
  RecordingInput,
  RecordingStream,
  RouteClass,
} from '../../src/scenario/plan.js';
import { CLONE_SHIFT_MAX_US } from '../../src/scenario/plan.js';
import { feed, rowScheduleOf } from '../../src/schedule/feed.js';
import type { LaneShare, RecordedArrival } from '../../src/schedule/recorded.js';

export const ORIGIN_US = 1_764_000_000_000_000;

/** A GET of `/` by one client, some microseconds after the origin. */
export function row(sinceUs: number, rest: Partial<Row> = {}): Row {
  return {
    startUs: ORIGIN_US + sinceUs,
    durationUs: undefined,
    method: 'GET',
    host: undefined,
    path: '/',
    status: 200,
    bytes: undefined,
    client: 'c',
    clientClass: 'person',
    headers: undefined,
    body: undefined,
    ...rest,
  };
}

/** How many requests of one row each: n clients, one every ms. */
export function crowd(n: number): Row[] {
  return Array.from({ length: n }, (_, i) => row(i * 1_000, { client: `client ${i}` }));
}

function route(name: string, path: string | null, method: string | null = null): RouteClass {
  return { name, expect: [[200, 399]], match: path === null ? null : { method, path } };
}

export function planOf(stream: Partial<RecordingStream>, rest: Partial<Plan> = {}): Plan {
  const recording: RecordingStream = {
    kind: 'recording',
    name: 'night',
    amplify: 1,
    digests: ['0'],
    read: {},
    fromUs: null,
    toUs: null,
    where: null,
    hosts: null,
    writes: [],
    fold: false,
    ids: [],
    pace: null,
    ...stream,
  };
  return {
    format: 1,
    seed: 7,
    lanes: 16,
    speed: 1,
    timeoutUs: 10e6,
    connections: { kind: 'fresh' },
    headers: {},
    tenants: null,
    routes: [
      route('home', '/'),
      route('product', '/products/{id}', 'GET'),
      route('cart', '/cart/*'),
      route('images', '*.jpg'),
      route('other', null),
    ],
    // An empty stream in front, so that a stream's own number shows.
    streams: [{ ...recording, name: 'none' }, recording],
    ...rest,
  };
}

export const INPUT: RecordingInput = {
  kind: 'recording',
  file: '',
  fingerprint: '',
  span: { fromUs: null, toUs: null },
  originUs: ORIGIN_US,
  lines: 0,
  rows: 0,
  unread: {},
  stampModel: '',
  resolutionUs: 1,
  timed: true,
  curve: null,
  ids: [],
  cloneShiftUs: CLONE_SHIFT_MAX_US,
};

export interface Scheduled {
  readonly arrivals: RecordedArrival[];
  readonly dropped: Readonly<Record<string, number>>;
  readonly remapped: Readonly<Record<string, number>>;
  /** Times that the rows were opened. */
  readonly opened: number;
}

/** The schedule of the plan's second stream, its rows read in batches. */
export async function scheduled(
  plan: Plan,
  input: RecordingInput,
  rows: readonly Row[],
  lanes: LaneShare = { index: 0, count: 1 },
  batch = 7,
): Promise<Scheduled> {
  const schedule = rowScheduleOf(plan, 1, input, lanes);
  const arrivals: RecordedArrival[] = [];
  let opened = 0;
  async function* open() {
    opened++;
    for (let i = 0; i < rows.length; i += batch) yield rows.slice(i, i + batch);
  }
  const walk = feed(schedule, open, (arrival) => arrivals.push(arrival));
  while (!(await walk.next()).done);
  return {
    arrivals,
    dropped: Object.fromEntries(schedule.dropped),
    remapped: Object.fromEntries(schedule.remapped),
    opened,
  };
}

/** All shards of a schedule together: arrivals by number, counts added up. */
export async function union(
  plan: Plan,
  input: RecordingInput,
  rows: readonly Row[],
  n: number,
  batch: number,
): Promise<Omit<Scheduled, 'opened'>> {
  const arrivals: RecordedArrival[] = [];
  const dropped: Record<string, number> = {};
  const remapped: Record<string, number> = {};
  for (let index = 0; index < n; index++) {
    const part = await scheduled(plan, input, rows, { index, count: n }, batch);
    arrivals.push(...part.arrivals);
    for (const [why, count] of Object.entries(part.dropped)) dropped[why] = (dropped[why] ?? 0) + count;
    for (const [kind, count] of Object.entries(part.remapped)) remapped[kind] = (remapped[kind] ?? 0) + count;
  }
  return { arrivals: arrivals.sort(bySeq), dropped, remapped };
}

export const bySeq = (a: RecordedArrival, b: RecordedArrival) => a.seq - b.seq;

const aRow = fc
  .tuple(
    fc.nat(5_000_000),
    fc.nat(40),
    fc.constantFrom('/', '/products/7', '/products/a%2Fb?product_id=9', '/cart/add', '/x'),
    fc.boolean(),
    fc.constantFrom(200, 200, 503, 499),
  )
  .map(([us, client, path, post, status]) =>
    row(us, { client: `c${client}`, path, method: post ? 'POST' : 'GET', status }),
  );

/** Up to 120 rows of 41 clients in 5 s, in start order, among them retries and ids. */
export const someRows: fc.Arbitrary<Row[]> = fc
  .array(aRow, { maxLength: 120 })
  .map((rows) => rows.sort((a, b) => a.startUs - b.startUs));

/** A mapping of products in paths and queries, with its lists. */
export function products(
  by: IdMapping['by'],
  lists: Partial<IdLists> = {},
): { mapping: IdMapping; lists: IdLists } {
  const places = ['/products/{product}', '?product_id={product}'];
  return {
    mapping: { name: 'product', in: places, by, digest: '0', column: 'product' },
    lists: { staging: ['s1', 's2', 's3'], recorded: [], ...lists },
  };
}
