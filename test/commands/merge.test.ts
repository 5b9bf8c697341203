// `flashcrowd merge`: sound shards become one sound result; what contradicts itself is refused by name.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { mergeCommand } from '../../src/commands/merge.js';
import { readResults } from '../../src/commands/results/results.js';
import { isComplete } from '../../src/judge/facts.js';
import { brokenConservation } from '../../src/judge/validity/conservation.js';
import { fidelityOf } from '../../src/judge/validity/fidelity.js';
import { Recorder } from '../../src/measure/recorder.js';
import type { ResultLine } from '../../src/measure/result-file.js';
import { sumGroups } from '../../src/measure/snapshot.js';
import { UserError } from '../../src/problem.js';
import { planId } from '../../src/scenario/plan-id.js';
import { journalText } from '../support/journals.js';
import { headOf } from '../support/snapshots.js';
import { rememberingTerminal } from '../support/terminal.js';

const folder = mkdtempSync(join(tmpdir(), 'flashcrowd-merge-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const OPERATIONS = 500;
const terminal = rememberingTerminal();

/** The lines of one of two shards: operations over half a minute, every tenth of them fired 30 ms late. */
function shard(i: number): ResultLine[] {
  const recorder = new Recorder(3, 10e6, [{ name: 'steady', startS: 0, endS: 30 }], 100);
  for (let k = 0; k < OPERATIONS; k++) {
    const dueUs = k * 60_000 + i * 30_000;
    const recorded = { recordedOutcome: null, recordedStatus: 0, recordedDurationUs: Number.NaN };
    const op = { stream: 0, route: k % 3, dueUs, ...recorded };
    const firedUs = dueUs + (k % 10 === 0 ? 30_000 : 100);
    recorder.due(op);
    recorder.settle({
      ...op,
      tenant: `t${k % 4}`,
      outcome: 'ok',
      readyUs: dueUs,
      firedUs,
      sentUs: firedUs + 200,
      endUs: firedUs + 20_000,
      stallUs: 0,
      status: 200,
      bytes: 100,
      attempts: 1,
      cache: null,
      tries: null,
      leaves: false,
    });
  }
  const { cells, slices, tenants, emissions } = recorder.takeClosed(Number.POSITIVE_INFINITY);
  const head = headOf({ shards: [{ i, n: 2 }], durationS: 30, plannedTotal: OPERATIONS });
  return [
    { kind: 'head', head: { ...head, planId: planId(head.plan) } },
    ...cells.map((cell) => ({ kind: 'cell' as const, cell })),
    ...slices.map((slice) => ({ kind: 'slice' as const, slice })),
    ...tenants.map((tenant) => ({ kind: 'tenant' as const, tenant })),
    ...emissions.map((emission) => ({ kind: 'emission' as const, emission })),
    { kind: 'end', end: { shard: { i, n: 2 }, reason: 'completed', closedS: 30, wallUs: 31e6 } },
  ];
}

function file(name: string, lines: readonly ResultLine[]): string {
  const path = join(folder, name);
  writeFileSync(path, journalText(lines));
  return path;
}

describe('flashcrowd merge', () => {
  it('makes of sound shards a sound result, which is the sum of both', async () => {
    const files = [file('a', shard(0)), file('b', shard(1))];
    const out = join(folder, 'sum');
    await mergeCommand(files, out, terminal);
    const { snapshot } = await readResults([out]);
    assert.deepEqual(brokenConservation(snapshot), []);
    assert.ok(isComplete(snapshot));
    assert.equal(sumGroups(snapshot).counts.planned, 2 * OPERATIONS);
    const { snapshot: together } = await readResults(files);
    assert.deepEqual(fidelityOf(snapshot), fidelityOf(together));
    assert.equal(fidelityOf(snapshot)?.toFire, 2 * OPERATIONS);
  });

  it('refuses what contradicts itself, naming the file and what, and writes nothing', async () => {
    const good = file('good', shard(0));
    const cases: [string, (line: ResultLine) => ResultLine[], RegExp][] = [
      ['cell', (line) => (line.kind === 'cell' ? [] : [line]), /1,?000|0 were due|500 arrivals/],
      ['slice', (line) => (line.kind === 'slice' ? [] : [line]), /fired, 0 lags/],
      ['emission', (line) => (line.kind === 'emission' && line.emission.sliceS === 10 ? [] : [line]), /lags/],
      ['doubled', (line) => (line.kind === 'tenant' ? [line, line] : [line]), /all tenants/],
    ];
    for (const [what, change, says] of cases) {
      const bad = file(what, shard(1).flatMap(change));
      const out = join(folder, `${what}-sum`);
      const refused = (error: unknown) =>
        error instanceof UserError &&
        error.problems[0]?.place === bad &&
        error.message.includes('contradict each other') &&
        says.test(error.message);
      await assert.rejects(mergeCommand([good, bad], out, terminal), refused, what);
      assert.ok(!existsSync(out), what);
      await assert.rejects(readResults([good, bad]), refused, what);
      // By itself it is read, and judged.
      assert.notDeepEqual(brokenConservation((await readResults([bad])).snapshot), []);
    }
  });
});
