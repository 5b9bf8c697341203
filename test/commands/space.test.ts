// Memory and disk before a run: estimates, against what systems say that there is.
import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { availableIn, availableMemory, freeDisk, roomOf } from '../../src/commands/preflight/memory.js';
import {
  checkSpace,
  diskShortage,
  type Extent,
  extentOf,
  memoryOf,
  memoryShortage,
  resultBytesOf,
} from '../../src/commands/preflight/space.js';
import { prepare } from '../../src/commands/prepare.js';
import { UserError } from '../../src/problem.js';
import { WHOLE } from '../../src/schedule/lanes.js';
import { folderOf, GOOD } from '../scenario/support.js';

const SMALL: Extent = {
  durationS: 60,
  phases: 1,
  workers: 1,
  readers: 0,
  open: 100,
  stalled: 1_000,
  streams: [{ arrivals: 6_000, routes: 2, tenants: 0 }],
};

describe('what a plan takes', () => {
  it('of memory grows with connections, with what a stall holds up, and with what is kept', () => {
    const { bytes, stalledBytes } = memoryOf(SMALL);
    assert.ok(bytes > 120e6 && bytes < 140e6, `${bytes}`);
    assert.ok(stalledBytes - bytes > 8e6 && stalledBytes - bytes < 9e6);
    const more: Partial<Extent>[] = [
      { open: 200 },
      { durationS: 6_000 },
      { phases: 5 },
      { workers: 2 },
      { readers: 1 },
      { streams: [...SMALL.streams, ...SMALL.streams] },
      { streams: [{ arrivals: 6_000, routes: 2, tenants: 1_000 }] },
    ];
    for (const change of more)
      assert.ok(memoryOf({ ...SMALL, ...change }).bytes > bytes, JSON.stringify(change));
  });

  it('of disk never shrinks where something grows, and is bounded by its requests', () => {
    const extents = fc.record({
      durationS: fc.integer({ min: 1, max: 50_000 }),
      phases: fc.integer({ min: 1, max: 6 }),
      workers: fc.integer({ min: 1, max: 16 }),
      readers: fc.constant(0),
      open: fc.constant(0),
      stalled: fc.constant(0),
      streams: fc.array(
        fc.record({
          arrivals: fc.integer({ min: 0, max: 1e9 }),
          routes: fc.integer({ min: 1, max: 64 }),
          tenants: fc.integer({ min: 0, max: 20_000 }),
        }),
        { minLength: 1, maxLength: 4 },
      ),
    });
    fc.assert(
      fc.property(extents, (extent) => {
        const bytes = resultBytesOf(extent);
        const longer = { ...extent, durationS: extent.durationS + 10 };
        const more = extent.streams.map((stream) => ({ ...stream, arrivals: stream.arrivals + 1 }));
        assert.ok(Number.isSafeInteger(bytes));
        assert.ok(resultBytesOf(longer) >= bytes);
        assert.ok(resultBytesOf({ ...extent, streams: more }) >= bytes);
      }),
    );
    assert.ok(resultBytesOf({ ...SMALL, streams: [{ arrivals: 1, routes: 64, tenants: 10_000 }] }) < 200e3);
  });
});

describe('what there is', () => {
  it('of memory is what the machine says, and what the control group has left', () => {
    assert.equal(availableIn('MemTotal: 10 kB\nMemFree: 2 kB\nMemAvailable:    7 kB\n'), 7 * 1024);
    assert.equal(availableIn(''), undefined);
    const table: [limit: string, used: string, cached: string, room: number][] = [
      ['1000\n', '400\n', '0', 600],
      ['1000', '900', '300', 400],
      ['1000', '1200', '0', 0],
      ['max\n', '400', '0', Number.POSITIVE_INFINITY],
      ['', '', '0', Number.POSITIVE_INFINITY],
    ];
    for (const [limit, used, cached, room] of table) assert.equal(roomOf(limit, used, cached), room, limit);
    assert.ok(availableMemory() > 0);
  });

  it('of disk is told of the nearest folder that is there', () => {
    const free = freeDisk(join(tmpdir(), 'not', 'yet', 'there', 'result.ndjson'));
    assert.ok(free !== null && free > 0);
  });
});

describe('a run that needs more', () => {
  it('of memory is refused if it cannot fit, and warned of if a stall could fill what there is', () => {
    const level = (bytes: number, stalledBytes: number) =>
      memoryShortage({ bytes, stalledBytes }, 1_000)?.level ?? 'well';
    assert.deepEqual(
      [level(100, 800), level(100, 801), level(1_000, 5_000), level(1_001, 1_001)],
      ['well', 'warned', 'warned', 'refused'],
    );
  });

  it('of disk is refused if the result cannot fit, and warned of if it nearly fills it', () => {
    const level = (bytes: number, free: number | null) => diskShortage(bytes, free, 'x')?.level ?? 'well';
    assert.deepEqual(
      [level(800, 1_000), level(801, 1_000), level(1_001, 1_000), level(1e15, null)],
      ['well', 'warned', 'refused', 'well'],
    );
  });

  it('is refused with what to do', () => {
    const endless = { ...SMALL, durationS: 4e9, streams: [{ arrivals: 1e15, routes: 64, tenants: 10_000 }] };
    assert.throws(
      () => checkSpace(endless, join(tmpdir(), 'x.ndjson')),
      (error: unknown) => error instanceof UserError && /of memory.*\n.*more shards/.test(error.message),
    );
    assert.deepEqual(checkSpace({ ...SMALL, stalled: 0 }, join(tmpdir(), 'x.ndjson')), []);
  });

  it('is asked of a scenario as it is sharded', async (t) => {
    const folder = await folderOf(t, { 'scenario.yaml': GOOD });
    const file = join(folder, 'scenario.yaml');
    const whole = extentOf(await prepare(file, {}, WHOLE, {}), 1, 1e6);
    const half = extentOf(await prepare(file, {}, { i: 0, n: 2 }, {}), 1, 1e6);
    assert.equal(whole.streams.length, half.streams.length);
    const [a, b] = [whole.streams[0]?.arrivals ?? 0, half.streams[0]?.arrivals ?? 0];
    assert.ok(a > 0 && Math.abs(a / 2 - b) <= 1);
    assert.ok(whole.stalled >= half.stalled && whole.streams[0]?.routes === 1);
  });
});
