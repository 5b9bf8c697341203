// Connections before a run: what a plan needs of descriptors and ports, and what is refused for it.
import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import fc from 'fast-check';
import type { Machine } from '../../src/commands/preflight/machine.js';
import {
  connectionDemand,
  refuseShortage,
  resourcesNeeded,
  shortageOf,
} from '../../src/commands/preflight/resources.js';
import { prepare } from '../../src/commands/prepare.js';
import { UserError } from '../../src/problem.js';
import type { ConnectionPolicy, PlanStream } from '../../src/scenario/plan.js';
import { WHOLE } from '../../src/schedule/lanes.js';
import { folderOf, GOOD, load } from '../scenario/support.js';

const VISITOR: ConnectionPolicy = { kind: 'visitor', perVisitor: null, idleUs: 60e6 };
const MACHINE: Machine = { descriptors: 20_000, ports: 28_232, reusesPorts: 'loopback' };
const FAR = { loopback: false, addresses: 1, sources: 0 };

/** A stream of visits, from a scenario that draws it. */
async function streamOf(
  t: Parameters<typeof load>[0],
  requests: number,
  thinkS: number,
): Promise<PlanStream> {
  const { plan } = await load(t, { yaml: `${GOOD}visits: { requests: ${requests}, think: ${thinkS}s }\n` });
  return plan.streams[0] as PlanStream;
}

describe('the connections of a plan', () => {
  it('of visitors are new at first, then once a visit, and open for the pauses', async (t) => {
    const stream = await streamOf(t, 6, 8);
    const of = (rates: Float64Array, share = 1) =>
      connectionDemand(VISITOR, [{ stream, perSec: rates }], share);
    assert.deepEqual(of(new Float64Array(8).fill(600)), { open: 4800, newPerSec: 600, newPerMinute: 4800 });
    // Steady: 600 a second are 100 visits a second.
    const day = of(new Float64Array(3600).fill(600));
    assert.deepEqual([day?.open, day?.newPerSec], [4800, 600]);
    assert.ok(day !== null && day.newPerMinute > 9_000 && day.newPerMinute < 9_600);
    assert.equal(of(new Float64Array(3600).fill(600), 0.5)?.open, 2400);
  });

  it('of visitors who pause longer than connections are kept are new for every request', async (t) => {
    const stream = await streamOf(t, 6, 90);
    const perSec = new Float64Array(300).fill(60);
    const demand = connectionDemand(VISITOR, [{ stream, perSec }], 1);
    assert.deepEqual([demand?.newPerSec, demand?.newPerMinute], [60, 3600]);
    assert.ok(demand !== null && demand.open >= 3000 && demand.open <= 3660);
  });

  it('are never more than the requests so far, in plans shorter than connections are kept', async (t) => {
    const stream = await streamOf(t, 6, 90);
    const perSec = new Float64Array(10).fill(60);
    assert.equal(connectionDemand(VISITOR, [{ stream, perSec }], 1)?.open, 600);
  });

  it('of a rise are those of new visitors, who stay', async (t) => {
    const stream = await streamOf(t, 2, 40);
    const perSec = Float64Array.from({ length: 100 }, (_, s) => (s >= 40 && s < 65 ? 600 : 0));
    const demand = connectionDemand(VISITOR, [{ stream, perSec }], 1);
    assert.deepEqual(demand, { open: 15_000, newPerSec: 600, newPerMinute: 15_000 });
  });

  it('are counted at the worst second and minute of all streams together', async (t) => {
    const stream = await streamOf(t, 1, 8);
    const early = Float64Array.from({ length: 100 }, (_, s) => (s < 30 ? 100 : 0));
    const late = Float64Array.from({ length: 200 }, (_, s) => (s >= 50 ? 80 : 0));
    const rates = [early, late].map((perSec) => ({ stream, perSec }));
    assert.deepEqual(connectionDemand({ kind: 'fresh' }, rates, 1), {
      open: 100,
      newPerSec: 100,
      newPerMinute: 4800,
    });
  });

  it('of a pool are its size', () => {
    const demand = connectionDemand({ kind: 'pool', size: 200 }, [], 1);
    assert.deepEqual(demand, { open: 200, newPerSec: 0, newPerMinute: 0 });
  });

  it('of recordings alone are not known', () => {
    assert.equal(connectionDemand(VISITOR, [], 1), null);
  });

  it('are never more than requests, nor new ones in a minute more than sixty times those in a second', async (t) => {
    const stream = await streamOf(t, 4, 5);
    const rates = fc.array(fc.nat(1000), { minLength: 1, maxLength: 150 });
    fc.assert(
      fc.property(rates, (perSec) => {
        const demand = connectionDemand(VISITOR, [{ stream, perSec: Float64Array.from(perSec) }], 1);
        const all = perSec.reduce((a, b) => a + b, 0);
        if (demand === null) assert.equal(all, 0);
        else {
          assert.ok(demand.open <= all && demand.newPerMinute <= all);
          assert.ok(demand.newPerMinute <= Math.ceil(60 * demand.newPerSec));
          assert.ok(demand.newPerSec <= Math.max(...perSec));
        }
      }),
    );
  });
});

describe('what connections need', () => {
  const demand = { open: 4000, newPerSec: 500, newPerMinute: 30_000 };
  const portsFor = (machine: Partial<Machine>, ends: Partial<typeof FAR>) => {
    const need = resourcesNeeded(demand, { ...MACHINE, ...machine }, { ...FAR, ...ends }).find(
      ({ what }) => what === 'ports',
    );
    return [need?.needed, need?.available];
  };

  it('is a descriptor each, beside some for the process itself', () => {
    const [descriptors] = resourcesNeeded({ ...demand, open: 19_744 }, MACHINE, FAR);
    assert.ok(descriptors !== undefined);
    assert.equal(shortageOf(descriptors), undefined);
    const short = shortageOf({ ...descriptors, needed: 19_745 });
    assert.match(short ?? '', /need 19745 descriptors at once, and there are 19744/);
    assert.match(descriptors.hint, /ulimit -n/);
  });

  it('is a port each, and one for each that was closed within a minute', () => {
    assert.deepEqual(portsFor({}, {}), [34_000, 28_232]);
    assert.deepEqual(portsFor({}, { addresses: 3 }), [34_000, 84_696]);
  });

  it('is less where the system takes ports over', () => {
    assert.deepEqual(portsFor({ reusesPorts: 'always' }, {}), [4500, 28_232]);
    assert.deepEqual(portsFor({}, { loopback: true }), [4500, 28_232]);
    assert.deepEqual(portsFor({ reusesPorts: 'never' }, { loopback: true }), [34_000, 28_232]);
  });

  it('is by declared source, whatever it connects to', () => {
    assert.deepEqual(portsFor({ reusesPorts: 'always' }, { addresses: 4, sources: 2 }), [34_000, 56_464]);
  });

  it('is not known where the system does not say', () => {
    assert.deepEqual(
      resourcesNeeded(demand, { descriptors: null, ports: null, reusesPorts: 'never' }, FAR),
      [],
    );
  });
});

test('a run that this machine cannot hold is refused, with what to raise', async (t) => {
  const yaml = GOOD.replace('rate: 10', 'rate: 3000');
  const folder = await folderOf(t, { 'scenario.yaml': yaml });
  const prepared = await prepare(`${folder}/scenario.yaml`, {}, WHOLE, { XDG_CONFIG_HOME: folder });
  refuseShortage(prepared, { ...MACHINE, descriptors: 25_000 }, 1);
  const machine: Machine = { descriptors: 1024, ports: 10_000, reusesPorts: 'never' };
  assert.throws(
    () => refuseShortage(prepared, machine, 1),
    (error) => {
      assert.ok(error instanceof UserError);
      const [descriptors, ports] = error.problems;
      assert.match(descriptors?.message ?? '', /need 24000 descriptors at once, and there are 768/);
      assert.match(ports?.message ?? '', /need \d+ ports .*, and there are 10000/);
      assert.match(
        ports?.hint ?? '',
        /tcp_tw_reuse=1.*ip_local_port_range.*target\.sources.*pool: 200.*shards/,
      );
      return true;
    },
  );
});
