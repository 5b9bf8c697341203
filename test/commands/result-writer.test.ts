// The result being written: short writes are carried on, and a disk that takes no more leaves a valid prefix.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { endResult, type ResultFiles, ResultWriter } from '../../src/commands/results/result-writer.js';
import { judge } from '../../src/judge/verdict.js';
import { absorbLine } from '../../src/measure/result-file.js';
import { emptySnapshot, sumGroups } from '../../src/measure/snapshot.js';
import { journalText, ResultFolder, simulateJournal } from '../support/journals.js';

const folder = new ResultFolder();
after(() => folder.remove());

const { lines, head } = await simulateJournal();
const text = journalText(lines);
const END = { shard: { i: 0, n: 1 }, reason: 'completed', closedS: head.durationS, wallUs: 1 } as const;

/** A disk in memory that takes so many bytes in all, and so many at once. */
function disk(room: number, atOnce: number, code = 'ENOSPC') {
  const written: Buffer[] = [];
  let left = room;
  const fail = () => Object.assign(new Error(code), { code });
  const files: ResultFiles = {
    open: () => 3,
    write: (_, bytes) => {
      if (left === 0) throw fail();
      const taken = Math.min(bytes.length, left, atOnce);
      written.push(Buffer.from(bytes.subarray(0, taken)));
      left -= taken;
      return taken;
    },
    close: () => {},
  };
  return { files, fail, bytes: () => Buffer.concat(written) };
}

describe('the result writer', () => {
  it('carries on where a write took less than it was given', () => {
    const { files, bytes } = disk(1e9, 7);
    const writer = new ResultWriter('r', files);
    for (const line of lines) writer.write(line);
    writer.close();
    assert.equal(writer.lost, null);
    assert.equal(bytes().toString(), text);
  });

  for (const code of ['ENOSPC', 'EDQUOT', 'EIO', 'EROFS', 'EFBIG']) {
    it(`stops at ${code}, says up to where its file goes, and leaves that readable`, async () => {
      const { files, bytes } = disk(Math.floor(text.length * 0.6), 1_000, code);
      const writer = new ResultWriter('r', files);
      const memory = emptySnapshot(head);
      for (const line of lines.slice(0, -1)) {
        writer.write(line);
        absorbLine(memory, line);
      }
      const lost = endResult(writer, memory, END);
      assert.equal(lost?.code, code);
      const { snapshot } = await folder.read(bytes());
      assert.equal(snapshot.closed.get('0/1'), lost?.closedS);
      assert.ok((lost?.closedS ?? 0) > 0 && sumGroups(snapshot).counts.planned < head.plannedTotal);
      assert.equal(sumGroups(memory).counts.planned, head.plannedTotal);
      const { exitCode, reasons } = judge(memory);
      assert.equal(exitCode, 3);
      assert.ok(reasons.some(({ id }) => id === 'result_lost'));
    });
  }

  it('is lost as well when the disk tells only as the file is closed', () => {
    const { files, fail } = disk(1e9, 1e9, 'EDQUOT');
    const writer = new ResultWriter('r', {
      ...files,
      close: () => {
        throw fail();
      },
    });
    const snapshot = emptySnapshot(head);
    assert.equal(endResult(writer, snapshot, END)?.code, 'EDQUOT');
    assert.equal(snapshot.ends[0]?.reason, 'result_lost');
  });

  it('does not take a defect for a disk', () => {
    const { files } = disk(1e9, 1e9);
    const write = () => {
      throw new TypeError('a defect');
    };
    const writer = new ResultWriter('r', { ...files, write });
    assert.throws(() => writer.write(lines[0] as (typeof lines)[number]), TypeError);
  });

  it('refuses a file that cannot be opened, by what it is', () => {
    const under = folder.write('file', '');
    for (const [out, reason] of [
      [`${under}/result.ndjson`, /EEXIST|ENOTDIR/],
      [folder.path, /EISDIR/],
    ] as const) {
      assert.throws(() => new ResultWriter(out), reason);
    }
  });
});
