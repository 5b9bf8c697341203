// The stores' timeline: differences of running tallies that add up to them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { emptyTally } from '../../src/storefront/tally.js';
import { StoreTimeline } from '../../src/storefront/timeline.js';

describe('the timeline by store', () => {
  it('adds up to the tallies, and has no row where nothing happened', () => {
    const steps = fc.array(
      fc.record({ store: fc.constantFrom('a', 'b', 'c'), ok: fc.nat(5), failed: fc.nat(5) }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (moves) => {
        const timeline = new StoreTimeline();
        const tallies = new Map(['a', 'b', 'c'].map((name) => [name, emptyTally()]));
        moves.forEach(({ store, ok, failed }, atS) => {
          const tally = tallies.get(store) ?? emptyTally();
          tally.arrivals += ok + failed;
          tally.endings[200] += ok;
          tally.endings[503] += failed;
          timeline.push(atS, tallies);
        });
        const rows = timeline.read();
        for (const [store, tally] of tallies) {
          const own = rows.filter((row) => row.store === store);
          const sum = (field: 'arrivals' | 'ok' | 'failed') =>
            own.reduce((total, row) => total + row[field], 0);
          assert.deepEqual(
            [sum('arrivals'), sum('ok'), sum('failed')],
            [tally.arrivals, tally.endings[200], tally.endings[503]],
          );
        }
        assert.equal(rows.length, moves.filter(({ ok, failed }) => ok + failed > 0).length);
        assert.deepEqual(
          timeline.read(30),
          rows.filter(({ atS }) => atS >= 30),
        );
      }),
    );
  });
});
