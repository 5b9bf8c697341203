// The lock of a target: who is in whose way, what a kill leaves behind, and folders that are not ours.
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { isAlive, startOf } from '../../src/commands/preflight/process-identity.js';
import {
  type Claim,
  conflict,
  lockFolder,
  lockTarget,
  type Processes,
  thisProcess,
} from '../../src/commands/preflight/target-lock.js';

const CLAIM: Claim = {
  target: 'http://shop:80',
  scenario: 'promo',
  planId: 'a'.repeat(64),
  shard: { i: 0, n: 1 },
};

/** Processes by number; each started once. */
class Simulated {
  readonly alive = new Map<number, string>();

  start(pid: number, started = `boot:${pid}`): Processes {
    this.alive.set(pid, started);
    return {
      pid,
      started,
      isAlive: (other, since) => this.alive.get(other) === since,
      now: () => new Date(1_764_000_000_000 + pid),
    };
  }
}

function folderOf(t: TestContext): string {
  const base = mkdtempSync(join(tmpdir(), 'flashcrowd-'));
  t.after(() => rmSync(base, { recursive: true, force: true }));
  return join(base, 'flashcrowd', 'runs');
}

const ask = async (folder: string, who: Processes, claim: Partial<Claim> = {}, force = false) => {
  const locking = await lockTarget(folder, { ...CLAIM, ...claim }, force, who);
  return locking.kind === 'taken' ? locking.by.pid : locking.kind;
};

describe('two runs', () => {
  it('are in each other’s way at one target, unless they are disjoint shards of one plan', () => {
    const table: [string, Partial<Claim>, boolean][] = [
      ['the same', {}, true],
      ['another target', { target: 'http://shop:81' }, false],
      ['another plan', { planId: 'b' }, true],
      ['the same shard', { shard: { i: 0, n: 2 } }, true],
      ['the other half', { shard: { i: 1, n: 2 } }, false],
      ['a quarter of the other half', { shard: { i: 3, n: 4 } }, false],
      ['a quarter of this half', { shard: { i: 2, n: 4 } }, true],
      ['the other half of another plan', { planId: 'b', shard: { i: 1, n: 2 } }, true],
    ];
    for (const [name, other, expected] of table) {
      const half = { ...CLAIM, shard: { i: 0, n: 2 } };
      assert.equal(conflict(half, { ...CLAIM, ...other }), expected, name);
      assert.equal(conflict({ ...CLAIM, ...other }, half), expected, name);
    }
  });

  it('at one target: the second is told who the first is, and has it once that has released it', async (t) => {
    const folder = folderOf(t);
    const processes = new Simulated();
    const first = await lockTarget(folder, CLAIM, false, processes.start(100));
    assert.ok(first.kind === 'held');
    const second = await lockTarget(folder, CLAIM, false, processes.start(200));
    assert.ok(second.kind === 'taken');
    const { pid, scenario, since, state } = second.by;
    assert.deepEqual([pid, scenario, state, since], [100, 'promo', 'running', '2025-11-24T16:00:00.100Z']);
    first.lock.release();
    first.lock.release();
    assert.equal(await ask(folder, processes.start(200)), 'held');
  });

  it('at two targets, or as disjoint shards, both go on; with --force any do', async (t) => {
    const folder = folderOf(t);
    const processes = new Simulated();
    assert.equal(await ask(folder, processes.start(1), { shard: { i: 0, n: 2 } }), 'held');
    assert.equal(await ask(folder, processes.start(2), { shard: { i: 1, n: 2 } }), 'held');
    assert.equal(await ask(folder, processes.start(3), { target: 'https://other' }), 'held');
    assert.equal(await ask(folder, processes.start(4)), 1);
    assert.equal(await ask(folder, processes.start(4), {}, true), 'held');
    assert.equal(readdirSync(folder).length, 4);
  });

  it('that ask at the same moment: one has it', async (t) => {
    const folder = folderOf(t);
    const processes = new Simulated();
    const pids = [11, 12, 13, 14, 15, 16];
    const came = await Promise.all(pids.map((pid) => ask(folder, processes.start(pid))));
    assert.deepEqual(came.filter((what) => what === 'held').length, 1, came.join());
  });

  it('where the first still asks: an earlier one waits until that has given way', async (t) => {
    const folder = folderOf(t);
    const processes = new Simulated();
    const later = processes.start(60);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const file = join(folder, '60.run');
    const asking = {
      ...CLAIM,
      pid: 60,
      started: later.started,
      since: later.now().toISOString(),
      state: 'asking',
    };
    writeFileSync(file, JSON.stringify(asking));
    const earlier = ask(folder, processes.start(50));
    rmSync(file);
    assert.equal(await earlier, 'held');
    writeFileSync(file, JSON.stringify({ ...asking, since: '2020-01-01T00:00:00.000Z' }));
    assert.equal(await ask(folder, processes.start(70)), 50);
  });
});

describe('what is left behind', () => {
  it('by a kill blocks nobody, and is removed', async (t) => {
    const folder = folderOf(t);
    const processes = new Simulated();
    assert.equal(await ask(folder, processes.start(100)), 'held');
    processes.alive.delete(100);
    assert.equal(await ask(folder, processes.start(200)), 'held');
    assert.deepEqual(readdirSync(folder), ['200.run']);
  });

  it('by a process whose number another one has now blocks nobody', async (t) => {
    const folder = folderOf(t);
    const processes = new Simulated();
    assert.equal(await ask(folder, processes.start(100, 'boot:1')), 'held');
    processes.start(100, 'boot:2');
    assert.equal(await ask(folder, processes.start(200)), 'held');
  });

  it('as no file of ours is not believed: broken, too long, a link, a pipe of another shape', async (t) => {
    const folder = folderOf(t);
    const processes = new Simulated();
    assert.equal(await ask(folder, processes.start(100)), 'held');
    const whole = readFileSync(join(folder, '100.run'), 'utf8');
    const elsewhere = join(folder, '..', 'elsewhere');
    writeFileSync(elsewhere, whole);
    rmSync(join(folder, '100.run'));
    symlinkSync(elsewhere, join(folder, '1.run'));
    writeFileSync(join(folder, '2.run'), whole.slice(0, 30));
    writeFileSync(join(folder, '3.run'), whole.padEnd(5_000));
    writeFileSync(join(folder, '4.run'), '{"pid":-1}');
    mkdirSync(join(folder, '5.run'));
    assert.equal(await ask(folder, processes.start(200)), 'held');
    assert.ok(existsSync(elsewhere));
  });
});

describe('the folder of locks', () => {
  it('is the user’s own', () => {
    assert.equal(lockFolder({ XDG_RUNTIME_DIR: '/run/user/1' }), '/run/user/1/flashcrowd/runs');
    const user = process.getuid?.() ?? 'user';
    assert.equal(lockFolder({}), join(tmpdir(), `flashcrowd-${user}`, 'runs'));
  });

  it('is made private, and not used where it is a link or others may write there', async (t) => {
    const folder = folderOf(t);
    const processes = new Simulated();
    assert.equal(await ask(folder, processes.start(1)), 'held');
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    assert.equal(statSync(join(folder, '1.run')).mode & 0o777, 0o600);
    chmodSync(folder, 0o777);
    assert.equal(await ask(folder, processes.start(2)), 'unable');
    const link = join(folder, '..', 'link');
    symlinkSync(folder, link);
    assert.equal(await ask(link, processes.start(3)), 'unable');
    assert.equal(await ask(join(folder, '1.run', 'below'), processes.start(4)), 'unable');
  });
});

describe('a process', () => {
  it('is told from an earlier one of its number', () => {
    const { pid, started } = thisProcess();
    assert.equal(started, startOf(pid));
    assert.ok(isAlive(pid, started));
    assert.ok(isAlive(pid, null));
    // A number beyond what systems give.
    assert.ok(!isAlive(2 ** 30, null));
    if (started !== null) assert.ok(!isAlive(pid, `${started}0`));
  });
});
