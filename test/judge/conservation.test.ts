// Conservation: every way in which a result can contradict itself is found, and nothing else is.
import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { brokenConservation } from '../../src/judge/validity/conservation.js';
import { COARSE } from '../../src/measure/buckets.js';
import { type Counts, emptyInducedCounts, type InducedCounts, type Slice } from '../../src/measure/cell.js';
import { emptyDistribution } from '../../src/measure/distribution.js';
import { countAgain, type Emission } from '../../src/measure/emission.js';
import { OUTCOME_INDEX } from '../../src/measure/outcome.js';
import {
  absorbTenant,
  emptySnapshot,
  type Group,
  type Second,
  type Snapshot,
} from '../../src/measure/snapshot.js';
import {
  completed,
  headOf,
  healthySnapshot,
  nightSnapshot,
  type Op,
  snapshotOf,
} from '../support/snapshots.js';

/** A minute with something of everything. */
function sound(): Snapshot {
  const outcomes = [
    'ok',
    'ok',
    'ok',
    'timeout',
    'bad_status',
    'unsent',
    'shed',
    'unfilled',
    'refused',
  ] as const;
  const ops = Array.from({ length: 2_700 }, (_, i): Op => {
    const outcome = outcomes[i % 9] as (typeof outcomes)[number];
    const recorded = i % 2 === 0 ? { recordedStatus: 200, recordedDurationUs: 50_000 } : {};
    return { windowS: i % 60, outcome, tenant: `t${i % 5}`, stallUs: i % 11, ...recorded };
  });
  return completed(snapshotOf(headOf(), ops));
}

/** A result to be changed. */
interface Draft {
  readonly groups: Snapshot['groups'];
  readonly seconds: Map<number, Second>;
  readonly slices: Map<string, Slice>;
  readonly emissions: Map<number, Emission>;
  /** The result that it was made of, for its tenants. */
  readonly snapshot: Snapshot;
}

function changed(change: (draft: Draft) => void): Snapshot {
  const snapshot = sound();
  const draft: Draft = {
    groups: snapshot.groups,
    seconds: new Map(snapshot.seconds),
    slices: new Map(snapshot.slices),
    emissions: new Map(snapshot.emissions),
    snapshot,
  };
  change(draft);
  const { seconds, slices, emissions } = emptySnapshot(snapshot.head);
  for (const [key, second] of draft.seconds) seconds.set(key, second);
  for (const [key, slice] of draft.slices) slices.set(key, slice);
  for (const [key, emission] of draft.emissions) emissions.set(key, emission);
  return { ...snapshot, seconds, slices, emissions };
}

const firstOf = <T>(map: ReadonlyMap<unknown, T>): T => {
  const [first] = map.values();
  assert.ok(first !== undefined);
  return first;
};
const group = ({ groups }: Pick<Snapshot, 'groups'>): Group => firstOf(groups);
const counts = (draft: Draft): Counts => group(draft).counts;
const slice = ({ slices }: Draft): Slice => firstOf(slices);
const emission = ({ emissions }: Draft): Emission => firstOf(emissions);
const addToTenant = ({ snapshot }: Draft, tenant: string, planned: number, ok: number) =>
  absorbTenant(snapshot, { tenant, sliceS: 0, planned, ok, response: emptyDistribution(COARSE) });

const BREACHES: readonly [string, (draft: Draft) => void, RegExp][] = [
  ['one more planned', (s) => counts(s).planned++, /planned, .* settled/],
  ['more sent than attempts', (s) => (counts(s).attempts = counts(s).sent - 1), /sent, .* attempts/],
  [
    'more sent than planned',
    (s) => (counts(s).sent = counts(s).attempts = counts(s).planned + 1),
    /sent, .* planned/,
  ],
  ['more answers than sent', (s) => counts(s).statuses.set(200, 1e6), /answers with a status, .* sent/],
  ['ok without an answer', (s) => counts(s).statuses.delete(200), /ok, .* answers with a status/],
  ['more hits than answers', (s) => (counts(s).cacheHits = 1e6), /hits and misses/],
  [
    'fewer than none of an outcome',
    (s) => {
      counts(s).outcomes[OUTCOME_INDEX.dns] = -1;
      counts(s).outcomes[OUTCOME_INDEX.ok] = (counts(s).outcomes[OUTCOME_INDEX.ok] as number) + 1;
    },
    /at least of each outcome/,
  ],
  [
    'recorded statuses that do not add up',
    (s) => counts(s).recorded?.statuses.set(500, 1),
    /recorded statuses/,
  ],
  [
    'more unknown ids than recorded',
    (s) => Object.assign(counts(s).recorded ?? {}, { unknownIds: 1e6 }),
    /unknown ids/,
  ],
  ['bytes that only one side has', (s) => counts(s).bytes++, /^bytes: seconds add up/],
  [
    'a response that nobody gave',
    (s) => group(s).response.merge(group(healthySnapshot()).response),
    /responses, .* ok or timed out/,
  ],
  [
    'a response of a second that nobody gave',
    (s) => Object.assign(firstOf(s.seconds), { response: { ...firstOf(s.seconds).response, count: 1 } }),
    /^second 0:00: 1 responses/,
  ],
  [
    'more slips than fired',
    (s) => Object.assign(slice(s), { slip: { ...slice(s).lag, count: 1e6 } }),
    /slipped, .* fired/,
  ],
  ['more in stalls than fired', (s) => (slice(s).tainted = 1e6), /in stalls, .* fired/],
  [
    'more failed in stalls than were in them',
    (s) => (slice(s).taintedFailures = slice(s).tainted + 1),
    /failed in stalls/,
  ],
  [
    'a longer tail than was fired',
    (s) =>
      Object.assign(slice(s), {
        tail: { buckets: [1], parts: [{ count: 1e6, responseUs: 0, oursUs: 0, waitUs: 0, serviceUs: 0 }] },
      }),
    /in the tail/,
  ],
  ['a tenant with more ok than planned', (s) => addToTenant(s, 't0', 0, 1e6), /tenant "t0": 1,000,/],
  [
    'a tenant whose slices do not add up',
    (s) => Object.assign(s.snapshot.tenants.get('t0') ?? {}, { planned: 1e6 }),
    /planned in its slices/,
  ],
  ['more for tenants than in all', (s) => addToTenant(s, 'x', 2_700, 0), /all tenants: .* planned in all/],
  ['fired before it was due', (s) => (emission(s).fired[0] = 1e6), /fired by then, of/],
  ['fewer than none fired', (s) => (emission(s).fired[3] = -1), /fewer than none/],
  ['one due too few', (s) => (emission(s).due[99] = (emission(s).due[99] as number) - 1), /unsent or shed/],
  ['one due too many', (s) => (emission(s).due[99] = (emission(s).due[99] as number) + 1), /unsent or shed/],
  [
    'one fired too few',
    (s) => (emission(s).fired[99] = (emission(s).fired[99] as number) - 1),
    /fired, .* lags/,
  ],
  [
    'an attempt made again that no second has',
    (s) => induceIn(s, { retries: 1 }),
    /the run is complete: 1 attempts made again, 0 by the second/,
  ],
  ['an attempt made again that no operation has', (s) => countAgain(emission(s), 3, 2), /0 attempts .* 2 by/],
  ['more waits than retries', (s) => induceIn(s, { retryAfters: 1 }), /1 retries after a Retry-After, 0/],
  ['a slice of lags that is missing', (s) => s.slices.delete(firstKey(s.slices)), /fired, .* lags/],
  ['emissions that are missing', (s) => s.emissions.clear(), /fired, .* lags/],
  [
    'an unfilled one that is due',
    (s) => {
      const { due } = emission(s);
      due[0] = (due[0] as number) + 1;
    },
    /unfilled or abandoned, .* not to be fired/,
  ],
  [
    'one that is not due without a reason',
    (s) => {
      const { due } = emission(s);
      due[99] = (due[99] as number) - 1;
    },
    /not to be fired, .* unfilled, abandoned, stopped/,
  ],
];

/** In a second and a group alike. */
function induceIn({ seconds, groups }: Draft, induced: Partial<InducedCounts>): void {
  const [second] = seconds.values();
  const [group] = groups.values();
  for (const counts of [second?.streams[0], group?.counts])
    if (counts !== undefined) counts.induced = { ...emptyInducedCounts(), ...induced };
}

function firstKey(map: ReadonlyMap<string, unknown>): string {
  return [...map.keys()][0] as string;
}

describe('a result', () => {
  it('is sound as it was measured, whatever became of the requests', () => {
    assert.deepEqual(brokenConservation(sound()), []);
    assert.deepEqual(brokenConservation(nightSnapshot()), []);
  });

  for (const [what, breakIt, says] of BREACHES) {
    it(`is not sound with ${what}`, () => {
      assert.match(brokenConservation(changed(breakIt)).join('\n'), new RegExp(says, 'm'));
    });
  }

  it('that was killed may lack what had not settled', () => {
    const lacking = changed(({ emissions, slices, seconds }) => {
      emissions.delete(50);
      for (const key of [...slices.keys()]) if (key.endsWith('/50')) slices.delete(key);
      for (const key of [...seconds.keys()]) if (key > 10) seconds.delete(key);
    });
    const killed = { ...lacking, ends: [] };
    const broken = brokenConservation(killed).filter((sentence) => !sentence.includes('seconds add up'));
    assert.deepEqual(broken, []);
  });
});

test('of a result of which nothing adds up a hundred places are told', () => {
  const snapshot = changed(({ seconds }) => {
    for (const { streams } of seconds.values())
      for (const counts of streams) Object.assign(counts, { planned: 1e9, attempts: -1 });
  });
  assert.equal(brokenConservation(snapshot).length, 100);
});
