// Conservation: every arrival that was due settles exactly once, and every way of adding up gives the same sum.
import { addCounts, type Counts, emptyCounts, type Slice } from '../../measure/cell.js';
import { OUTCOME_INDEX, OUTCOMES, type Outcome } from '../../measure/outcome.js';
import { type Group, type Snapshot, sumGroups } from '../../measure/snapshot.js';
import { formatCount, formatOffset } from '../../units.js';
import { isComplete } from '../facts.js';

/** More are not listed: a result of which nothing adds up says so by its first. */
const LISTED_MAX = 100;
/** Characters of a tenant's name that are told. */
const NAME_MAX = 60;

/** What breaks the law, a sentence each, a hundred at most; empty for a sound result. Linear in the result. */
export function brokenConservation(snapshot: Snapshot): string[] {
  const broken = new Broken();
  const whole = emptyCounts();
  checkSeconds(snapshot, whole, broken);
  checkGroups(snapshot, whole, broken);
  checkSlices(snapshot, broken);
  checkTenants(snapshot, whole, broken);
  checkEmissions(snapshot, whole, broken);
  return broken.sentences;
}

/** Collects sentences; those of what is sound are never made. */
class Broken {
  readonly sentences: string[] = [];

  add(where: string, what: string): void {
    if (this.sentences.length < LISTED_MAX) this.sentences.push(`${where}: ${what}`);
  }

  /** a ≤ b */
  atMost(where: () => string, a: number, ofA: string, b: number, ofB: string): void {
    if (!(a <= b)) this.add(where(), `${formatCount(a)} ${ofA}, ${formatCount(b)} ${ofB}`);
  }

  /** a = b */
  equal(where: () => string, a: number, ofA: string, b: number, ofB: string): void {
    if (a !== b) this.add(where(), `${formatCount(a)} ${ofA}, ${formatCount(b)} ${ofB}`);
  }
}

/** @param whole all seconds are added to it */
function checkSeconds({ head, seconds }: Snapshot, whole: Counts, broken: Broken): void {
  for (const [windowS, second] of seconds) {
    let ranked = 0;
    for (const [stream, counts] of second.streams.entries()) {
      const where = () =>
        `second ${formatOffset(windowS * 1e6)} of stream ${head.plan.streams[stream]?.name ?? stream}`;
      checkCounts(counts, where, broken);
      ranked += rankedOf(counts);
      addCounts(whole, counts);
    }
    const where = () => `second ${formatOffset(windowS * 1e6)}`;
    broken.equal(where, second.response.count, 'responses', ranked, 'ok or timed out');
  }
}

/** @param whole all seconds together */
function checkGroups(snapshot: Snapshot, whole: Counts, broken: Broken): void {
  const { plan, plannedTotal } = snapshot.head;
  for (const group of snapshot.groups.values()) checkGroup(group, plan, broken);
  const byGroup = sumGroups(snapshot).counts;
  for (const [what, seconds, groups] of sums(whole, byGroup)) {
    if (seconds === groups) continue;
    broken.add(what, `seconds add up to ${formatCount(seconds)}, routes to ${formatCount(groups)}`);
  }
  if (isComplete(snapshot) && byGroup.planned !== plannedTotal) {
    const counted = formatCount(byGroup.planned);
    broken.add(
      'the run is complete',
      `the plan has ${formatCount(plannedTotal)} arrivals, ${counted} were due`,
    );
  }
}

function checkGroup(group: Group, { routes, streams }: Snapshot['head']['plan'], broken: Broken): void {
  const { counts, response } = group;
  const where = () =>
    `route ${routes[group.route]?.name ?? group.route} of stream ${streams[group.stream]?.name ?? group.stream}`;
  checkCounts(counts, where, broken);
  broken.equal(where, response.count, 'responses', rankedOf(counts), 'ok or timed out');
  broken.equal(where, response.cuts, 'responses cut', outcome(counts, 'timeout'), 'timed out');
  const recorded = counts.recorded?.planned ?? 0;
  broken.atMost(where, group.recordedDuration?.count ?? 0, 'recorded durations', recorded, 'recorded');
}

function checkCounts(counts: Counts, where: () => string, broken: Broken): void {
  const { planned, sent, attempts, recorded } = counts;
  let settled = 0;
  for (const n of counts.outcomes) {
    broken.atMost(where, 0, 'at least of each outcome', n, 'counted');
    settled += n;
  }
  const answered = total(counts.statuses);
  broken.equal(where, planned, 'planned', settled, 'settled');
  broken.atMost(where, sent, 'sent', planned, 'planned');
  broken.atMost(where, sent, 'sent', attempts, 'attempts');
  broken.atMost(where, answered, 'answers with a status', sent, 'sent');
  broken.atMost(where, outcome(counts, 'ok'), 'ok', answered, 'answers with a status');
  broken.atMost(where, counts.cacheHits + counts.cacheMisses, 'hits and misses', answered, 'answers');
  checkInduced(counts, where, broken);
  if (recorded === null) return;
  const { failed, unknownIds } = recorded;
  if (recorded.planned > planned || failed > recorded.planned || unknownIds > recorded.planned) {
    broken.add(
      where(),
      `${formatCount(planned)} planned, ${formatCount(recorded.planned)} recorded, ${formatCount(failed)} of them failed, ${formatCount(unknownIds)} with unknown ids`,
    );
  }
  broken.equal(where, total(recorded.statuses), 'recorded statuses', recorded.planned, 'recorded');
}

/** Of attempts made again, and of those who left. */
function checkInduced({ induced, planned }: Counts, where: () => string, broken: Broken): void {
  if (induced === null) return;
  const { retries, reloads, overBudget, retryAfters, leavers } = induced;
  broken.atMost(where, retryAfters, 'retries after a Retry-After', retries, 'retries');
  broken.atMost(where, leavers, 'visitors who left', planned, 'planned');
  for (const n of [retries, reloads, overBudget, retryAfters, leavers])
    broken.atMost(where, 0, 'at least of each count of what was induced', n, 'counted');
}

function checkSlices({ head, slices }: Snapshot, broken: Broken): void {
  for (const slice of slices.values()) {
    const where = () =>
      `ten seconds from ${formatOffset(slice.sliceS * 1e6)} of stream ${head.plan.streams[slice.stream]?.name ?? slice.stream}`;
    for (const [what, n] of partsOfFired(slice)) broken.atMost(where, n, what, slice.lag.count, 'fired');
    broken.atMost(where, slice.taintedFailures, 'failed in stalls', slice.tainted, 'in stalls');
  }
}

function partsOfFired({ slip, wait, service, tainted, tail }: Slice): [string, number][] {
  return [
    ['slipped', slip.count],
    ['waits', wait.count],
    ['services', service.count],
    ['in stalls', tainted],
    ['in the tail', tail.parts.reduce((sum, part) => sum + part.count, 0)],
  ];
}

/** @param whole all seconds together */
function checkTenants(snapshot: Snapshot, whole: Counts, broken: Broken): void {
  let [planned, ok] = [0, 0];
  for (const [name, totals] of snapshot.tenants) {
    planned += totals.planned;
    ok += totals.ok;
    checkTenant(() => `tenant ${JSON.stringify(name.slice(0, NAME_MAX))}`, totals, broken);
  }
  // Of a killed run the seconds may lack what the slices have: seconds wait for the slowest worker.
  if (!isComplete(snapshot)) return;
  const where = () => 'all tenants';
  broken.atMost(where, planned, 'planned', whole.planned, 'planned in all');
  broken.atMost(where, ok, 'ok', outcome(whole, 'ok'), 'ok in all');
}

/** What is kept of a tenant. */
interface TenantSums {
  readonly planned: number;
  readonly ok: number;
  readonly slices: ReadonlyMap<number, { readonly planned: number; readonly ok: number }>;
  readonly response: { readonly count: number };
}

function checkTenant(where: () => string, totals: TenantSums, broken: Broken): void {
  let [planned, ok] = [0, 0];
  for (const slice of totals.slices.values()) {
    planned += slice.planned;
    ok += slice.ok;
    broken.atMost(where, slice.ok, 'ok', slice.planned, 'planned');
  }
  broken.equal(where, planned, 'planned in its slices', totals.planned, 'planned');
  broken.equal(where, ok, 'ok in its slices', totals.ok, 'ok');
  broken.atMost(where, totals.response.count, 'responses', totals.planned, 'planned');
}

/**
 * Nothing is fired before it could be. Once all has settled, what could be fired either was or is unsent or shed, and
 * what could not be lacked a value of an answer before, was not let go by a hook, or was stopped before.
 * @param whole all seconds together
 */
function checkEmissions(snapshot: Snapshot, whole: Counts, broken: Broken): void {
  let [due, fired] = [0, 0];
  for (const emission of [...snapshot.emissions.values()].sort((a, b) => a.sliceS - b.sliceS)) {
    const where = () => `ten seconds from ${formatOffset(emission.sliceS * 1e6)}`;
    for (const [i, n] of emission.due.entries()) {
      due += n;
      fired += emission.fired[i] as number;
      if (n < 0 || (emission.fired[i] as number) < 0) broken.add(where(), 'fewer than none due or fired');
      if (fired > due) {
        broken.add(where(), `${formatCount(fired)} fired by then, of ${formatCount(due)} due`);
        return;
      }
    }
  }
  if (isComplete(snapshot)) checkFired(snapshot, whole, due, fired, broken);
}

function checkFired(
  { slices, emissions }: Snapshot,
  whole: Counts,
  due: number,
  fired: number,
  broken: Broken,
): void {
  const where = () => 'the run is complete';
  let lags = 0;
  for (const { lag } of slices.values()) lags += lag.count;
  let again = 0;
  for (const emission of emissions.values()) again += emission.again.reduce((sum, n) => sum + n, 0);
  const made = (whole.induced?.retries ?? 0) + (whole.induced?.reloads ?? 0);
  broken.equal(where, made, 'attempts made again', again, 'by the second');
  const never = outcome(whole, 'unsent') + outcome(whole, 'shed');
  const unfilled = outcome(whole, 'unfilled');
  const abandoned = outcome(whole, 'abandoned');
  const notToBeFired = whole.planned - due;
  const most = unfilled + abandoned + outcome(whole, 'hook') + outcome(whole, 'stopped');
  broken.equal(where, fired, 'fired', lags, 'lags');
  broken.equal(where, due - fired, 'due and not fired', never, 'unsent or shed');
  broken.atMost(where, unfilled + abandoned, 'unfilled or abandoned', notToBeFired, 'not to be fired');
  const why = 'unfilled, abandoned, stopped or failed in a hook';
  broken.atMost(where, notToBeFired, 'not to be fired', most, why);
}

function rankedOf(counts: Counts): number {
  return outcome(counts, 'ok') + outcome(counts, 'timeout');
}

function outcome({ outcomes }: Counts, name: Outcome): number {
  return outcomes[OUTCOME_INDEX[name]] as number;
}

function total(statuses: ReadonlyMap<number, number>): number {
  let sum = 0;
  for (const n of statuses.values()) sum += n;
  return sum;
}

function sums(a: Counts, b: Counts): [string, number, number][] {
  return [
    ['planned', a.planned, b.planned],
    ['sent', a.sent, b.sent],
    ['attempts', a.attempts, b.attempts],
    ['bytes', a.bytes, b.bytes],
    ['retries', a.induced?.retries ?? 0, b.induced?.retries ?? 0],
    ['reloads', a.induced?.reloads ?? 0, b.induced?.reloads ?? 0],
    ['statuses', total(a.statuses), total(b.statuses)],
    ['recorded', a.recorded?.planned ?? 0, b.recorded?.planned ?? 0],
    ...OUTCOMES.map((name, i): [string, number, number] => [
      name,
      a.outcomes[i] as number,
      b.outcomes[i] as number,
    ]),
  ];
}
