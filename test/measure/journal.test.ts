// Laws of the result as a journal: whatever was changed is refused, and every prefix is a result that invents nothing.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { mergeCommand } from '../../src/commands/merge.js';
import { type ReadResult, readResults } from '../../src/commands/results/results.js';
import { closedThroughS, isComplete } from '../../src/judge/facts.js';
import { brokenConservation } from '../../src/judge/validity/conservation.js';
import { judge } from '../../src/judge/verdict.js';
import type { ResultLine } from '../../src/measure/result-file.js';
import { type Snapshot, sumGroups } from '../../src/measure/snapshot.js';
import { UserError } from '../../src/problem.js';
import { summarise } from '../../src/report/json.js';
import { journalText, ResultFolder, simulateJournal } from '../support/journals.js';
import { rememberingTerminal } from '../support/terminal.js';

const folder = new ResultFolder();
after(() => folder.remove());

const { lines, head, dueUs } = await simulateJournal();
const text = journalText(lines);
const bytes = Buffer.from(text);
const rows = text.split('\n').slice(0, -1);
const TERMINAL = rememberingTerminal();

const planned = (snapshot: Snapshot) => sumGroups(snapshot).counts.planned;

/** Asserts the law of prefixes of what was read of one. */
function assertPrefix({ snapshot }: ReadResult): void {
  const { counts } = sumGroups(snapshot);
  const judgement = judge(snapshot);
  const summary = summarise(snapshot, judgement, judgement.exitCode);
  assert.equal(summary.complete, false);
  assert.deepEqual(brokenConservation(snapshot), []);
  assert.equal(
    counts.outcomes.reduce((sum, n) => sum + n, 0),
    counts.planned,
  );
  const closedUs = closedThroughS(snapshot) * 1e6;
  assert.equal(counts.planned, dueUs.filter((atUs) => atUs < closedUs).length);
  assert.ok(counts.planned <= snapshot.head.plannedTotal);
  for (const { sliceS } of snapshot.slices.values()) assert.ok(sliceS * 1e6 < closedUs);
  for (const [, { planned: due, slices }] of snapshot.tenants) {
    assert.ok(due <= counts.planned);
    for (const sliceS of slices.keys()) assert.ok(sliceS * 1e6 < closedUs);
  }
}

const refused = (what: RegExp) => (error: unknown) => error instanceof UserError && what.test(error.message);

describe('a result', () => {
  it('is read back whole', async () => {
    const { snapshot, warnings } = await folder.read(bytes);
    assert.ok(isComplete(snapshot));
    assert.deepEqual(warnings, []);
    assert.equal(planned(snapshot), head.plannedTotal);
    assert.equal(planned(snapshot), dueUs.length);
    assert.deepEqual(brokenConservation(snapshot), []);
    assert.ok(snapshot.slices.size > 3 && snapshot.tenants.size === 1);
  });

  it('is refused when any one bit of it has flipped', async () => {
    const bit = fc.record({ at: fc.nat(bytes.length - 1), bit: fc.nat(7) });
    await fc.assert(
      fc.asyncProperty(bit, async ({ at, bit: b }) => {
        const flipped = Buffer.from(bytes);
        flipped[at] = (flipped[at] as number) ^ (1 << b);
        await assert.rejects(folder.read(flipped), refused(/result\.ndjson/));
      }),
      { numRuns: 300, examples: [...Array(8).keys()].map((b) => [{ at: bytes.length - 1, bit: b }]) },
    );
  });

  for (const [what, changed, reason] of [
    ['a line is missing', rows.toSpliced(7, 1), /:8.*line 8 is missing/s],
    ['several lines are missing', rows.toSpliced(7, 3), /:8.*lines 8 to 10 are missing/s],
    ['a line comes twice', rows.toSpliced(7, 0, rows[6] as string), /:8.*line 7 .*twice/s],
    ['two lines changed places', rows.toSpliced(7, 2, rows[8] as string, rows[7] as string), /:8/],
    ['an empty line is in it', rows.toSpliced(7, 0, ''), /:8.*not a line of a result/s],
    ['words are in it', rows.toSpliced(7, 0, 'hello'), /:8.*not a line of a result/s],
    ['the head is missing', rows.slice(1), /:1.*not a head line/s],
    ['the head comes twice', rows.toSpliced(7, 0, rows[0] as string), /:8.*second head/s],
    ['it is empty', [], /empty/],
  ] as const) {
    it(`is refused when ${what}`, async () => {
      await assert.rejects(folder.read(changed.map((row) => `${row}\n`).join('')), refused(reason));
    });
  }

  it('is refused when a line is of another result, though it has the right place', async () => {
    const other: ResultLine[] = [{ kind: 'head', head: { ...head, label: 'other' } }, ...lines.slice(1)];
    const foreign = journalText(other).split('\n')[7] as string;
    const mixed = rows.with(7, foreign);
    await assert.rejects(folder.read(`${mixed.join('\n')}\n`), refused(/:8.*another result/s));
  });

  for (const [what, change, reason] of [
    ['of a newer version', { version: '99.0.0' }, /newer than this one.*update flashcrowd to 99\.0\.0/s],
    ['whose plan is not what its planId names', { planId: 'a'.repeat(64) }, /planId/],
    ['of a newer format', { format: 3, version: '9.1.0' }, /format 3.*update flashcrowd to 9\.1\.0/s],
    ['of an older format', { format: 1 }, /format 1.*run again/s],
  ] as const) {
    it(`is refused with what to do if it is one ${what}`, async () => {
      const { format, version, ...rest } = { ...head, ...change };
      const changed = { format, version, ...rest } as typeof head;
      await assert.rejects(folder.read(journalText([{ kind: 'head', head: changed }])), refused(reason));
    });
  }

  it('is one that was cut, wherever it is cut between lines: what is whole counts, and nothing is invented', async () => {
    let most = 0;
    for (let n = 1; n < rows.length; n++) {
      const read = await folder.read(`${rows.slice(0, n).join('\n')}\n`);
      assertPrefix(read);
      assert.ok(planned(read.snapshot) >= most);
      most = planned(read.snapshot);
    }
    assert.equal(most, head.plannedTotal);
  });

  it('is one that was cut, wherever it is cut within a line but its first', async () => {
    const headLength = (rows[0] as string).length + 1;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: headLength, max: bytes.length - 2 }), async (length) => {
        assertPrefix(await folder.read(bytes.subarray(0, length)));
      }),
      { numRuns: 60 },
    );
    await assert.rejects(folder.read(bytes.subarray(0, headLength - 9)), refused(/:1/));
  });

  it('is whole without its last newline', async () => {
    const { snapshot, warnings } = await folder.read(bytes.subarray(0, -1));
    assert.ok(isComplete(snapshot));
    assert.deepEqual(warnings, []);
  });
});

describe('merging results', () => {
  const shards = [0, 1].map((i) =>
    lines.map((line): ResultLine => {
      const shard = { i, n: 2 };
      if (line.kind === 'head') return { kind: 'head', head: { ...line.head, shards: [shard] } };
      if (line.kind === 'closed') return { kind: 'closed', closed: { ...line.closed, shard } };
      return line.kind === 'end' ? { kind: 'end', end: { ...line.end, shard } } : line;
    }),
  );

  it('goes as far as the shard that was cut first, and makes one file of what reading both makes', async () => {
    const [a, b] = shards as [ResultLine[], ResultLine[]];
    const files = [
      folder.write('a', journalText(a)),
      folder.write('b', journalText(b.slice(0, b.length / 2))),
    ];
    const { snapshot: both } = await readResults(files);
    const merged = folder.write('merged', '');
    await mergeCommand(files, merged, TERMINAL);
    const { snapshot: one, warnings } = await readResults([merged]);
    assert.deepEqual(warnings, []);
    for (const snapshot of [both, one]) {
      assert.equal(isComplete(snapshot), false);
      assert.deepEqual(brokenConservation(snapshot), []);
    }
    const throughS = closedThroughS(both);
    assert.ok(throughS > 0 && throughS < head.durationS);
    assert.equal(closedThroughS(one), throughS);
    assert.deepEqual(sumGroups(one).counts, sumGroups(both).counts);
  });

  it('writes nothing when one of them is broken', async () => {
    const [a, b] = shards as [ResultLine[], ResultLine[]];
    const broken = journalText(b).replace('"planned":', '"planned": ');
    const files = [folder.write('a', journalText(a)), folder.write('b', broken)];
    const merged = folder.write('merged', 'was here');
    await assert.rejects(mergeCommand(files, merged, TERMINAL), refused(/b\.ndjson:\d+.*checksum/s));
    await assert.rejects(readResults([merged]), refused(/:1/));
  });
});
