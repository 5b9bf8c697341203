// What waits for clones: whatever is pushed and popped in between, the earliest comes first.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { RecordedArrival } from '../../src/schedule/recorded.js';
import { ArrivalHeap, type Pending } from '../../src/schedule/recorded-heap.js';
import { row as rowAt } from '../support/recordings.js';

function pending(dueUs: number, row: number, copy: number): Pending {
  const rest = { seq: 0, visitor: 0, tenant: null, route: 0, method: 'GET', path: '/', host: null };
  const recorded = { recordedStatus: 200, recordedDurationUs: 1, headers: undefined, body: undefined };
  const arrival: RecordedArrival = { dueUs, ...rest, ...recorded, row: rowAt(0) };
  return { arrival, row, copy };
}

function inOrder(a: Pending, b: Pending): number {
  return a.arrival.dueUs - b.arrival.dueUs || a.row - b.row || a.copy - b.copy;
}

describe('the heap of arrivals', () => {
  it('gives the earliest of what it holds, with ties by row and copy, in any order of pushes and pops', () => {
    const step = fc.record({ dueUs: fc.nat(50), copy: fc.nat(2), pops: fc.nat(2) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const heap = new ArrivalHeap();
        let held: Pending[] = [];
        const pop = () => {
          const first = held.toSorted(inOrder)[0];
          assert.equal(heap.peek(), first);
          assert.equal(heap.pop(), first);
          held = held.filter((item) => item !== first);
        };
        for (const [row, { dueUs, copy, pops }] of steps.entries()) {
          const item = pending(dueUs, row, copy);
          heap.push(item);
          held.push(item);
          for (let i = 0; i < pops; i++) pop();
        }
        while (held.length > 0) pop();
        assert.equal(heap.pop(), undefined);
      }),
    );
  });

  it('keeps the order over many originals that never all leave at once', () => {
    const heap = new ArrivalHeap();
    for (let i = 0; i < 3; i++) heap.push(pending(i, i, 0));
    for (let i = 0; i < 20_000; i++) {
      heap.push(pending(i + 3, i + 3, 0));
      assert.equal(heap.pop()?.row, i);
    }
    assert.deepEqual(
      [heap.pop(), heap.pop(), heap.pop(), heap.pop()].map((item) => item?.row),
      [20_000, 20_001, 20_002, undefined],
    );
  });
});
