// Gates over a sliding window: the worst of all windows, and when a run is stopped by one.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { AbortWatch, type GateStop } from '../../src/judge/gates/abort.js';
import { evaluateGate } from '../../src/judge/gates/gates.js';
import { wordOf } from '../../src/judge/gates/windows.js';
import { judge } from '../../src/judge/verdict.js';
import { absorbLine } from '../../src/measure/result-file.js';
import { emptySnapshot, type Snapshot } from '../../src/measure/snapshot.js';
import type { Gate } from '../../src/scenario/gate.js';
import { type GateNames, parseGate } from '../../src/scenario/gates.js';
import { simulate, type TargetModel } from '../support/simulation.js';
import { completed, forGates, gateOn, headOf, type Op, snapshotOf } from '../support/snapshots.js';
import { steadyPlan } from '../support/steady-plan.js';

const NAMES: GateNames = { streams: ['everyday', 'promo'], routes: undefined, hurried: [], recordings: [] };

function gate(text: string): Gate {
  const read = parseGate(text, NAMES);
  assert.ok(!('message' in read), JSON.stringify(read));
  return read;
}

/** A minute of so many requests a second; `bad` says how many of a second's fail. */
function minute(perSec: number, bad: (windowS: number) => number, op: Omit<Op, 'windowS'> = {}): Snapshot {
  const ops = Array.from({ length: 60 * perSec }, (_, i): Op => {
    const windowS = Math.floor(i / perSec);
    return i % perSec < bad(windowS) ? { windowS, outcome: 'bad_status', ...op } : { windowS };
  });
  return completed(snapshotOf(headOf(), ops));
}

const between = (fromS: number, toS: number, n: number) => (t: number) => (t >= fromS && t < toS ? n : 0);

describe('a gate over a sliding window', () => {
  it('reads the worst window, wherever it begins', () => {
    const snapshot = minute(20, between(23, 28, 20));
    const { result, actual, n, reason } = gateOn(snapshot, gate('errors over 10s < 40%'));
    assert.deepEqual([result, actual, n], ['fail', 0.5, 200]);
    assert.match(reason ?? '', /^the worst window was 0:18 to 0:28$/);
    assert.equal(gateOn(snapshot, gate('errors over 10s <= 50%')).result, 'pass');
    assert.equal(gateOn(snapshot, gate('errors over 30s < 40%')).result, 'pass');
  });

  it('agrees with every window looked at by itself', () => {
    const counts = fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 60, maxLength: 60 });
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 60 }), (bad, overS) => {
        const snapshot = minute(30, (t) => bad[t] as number);
        let worst = 0;
        for (let t = 0; t + overS <= 60; t++) {
          const failed = bad.slice(t, t + overS).reduce((sum, n) => sum + n, 0);
          worst = Math.max(worst, failed / (30 * overS));
        }
        const { actual, result } = gateOn(snapshot, gate(`errors over ${overS}s <= 50%`));
        assert.equal(actual, worst);
        if (30 * overS >= 40) assert.equal(result, worst <= 0.5 ? 'pass' : 'fail');
      }),
      { numRuns: 12 },
    );
  });

  it('keeps to the stream and the phase that it selects, and out of the warm-up', () => {
    const head = headOf({
      phases: [
        { name: 'warmup', startS: 0, endS: 20 },
        { name: 'before', startS: 20, endS: 40 },
        { name: 'peak', startS: 40, endS: 60 },
      ],
    });
    const ops = Array.from({ length: 2400 }, (_, i): Op => {
      const windowS = Math.floor(i / 40);
      const bad = windowS < 20 || (i % 2 === 1 && windowS >= 50);
      return bad ? { windowS, stream: i % 2, outcome: 'bad_status' } : { windowS, stream: i % 2 };
    });
    const snapshot = completed(snapshotOf(head, ops));
    const worst = (text: string) => gateOn(snapshot, gate(text)).actual;
    assert.equal(worst('errors over 10s < 20%'), 0.5);
    assert.equal(worst('errors over 10s < 20% [stream=promo]'), 1);
    assert.equal(worst('errors over 10s < 20% [stream=everyday]'), 0);
    assert.equal(worst('errors over 10s < 20% [phase=before]'), 0);
    const none = gateOn(snapshot, gate('errors over 30s < 20% [phase=peak]'));
    assert.equal(none.result, 'no_data');
    assert.match(none.reason ?? '', /no whole window of 30 s/);
    assert.equal(gateOn(snapshot, gate('errors over 40s < 60%')).n, 1600);
  });

  it('reads shed, slower and throughput too', () => {
    const slow = minute(20, between(10, 20, 10), { outcome: 'ok', serviceUs: 3e6 });
    const { result, actual } = gateOn(slow, gate('slower than 2s over 10s < 20%'));
    assert.deepEqual([result, actual], ['fail', 0.5]);
    assert.equal(
      gateOn(minute(20, between(0, 60, 9), { outcome: 'shed' }), gate('shed over 5s < 20%')).actual,
      0.45,
    );
    const dip = gateOn(minute(20, between(30, 40, 20)), gate('throughput over 5s > 15/s'));
    assert.deepEqual([dip.result, dip.actual], ['fail', 0]);
    assert.equal(
      gateOn(
        minute(20, () => 1),
        gate('throughput over 5s > 15/s'),
      ).actual,
      19,
    );
  });

  it('does not fail on a few requests that may be chance, and does not pass on them either', () => {
    const errors = gate('errors over 10s < 20%');
    const word = (n: number, hits: number) => wordOf(errors, 10, 0.2, { startS: 0, n, hits });
    // 3 of 10 are more than 20 %, and mean nothing; 9 of 10 do not come of a shop with 20 %.
    assert.deepEqual([word(10, 3), word(10, 9)], ['silent', 'breaks']);
    assert.deepEqual([word(30, 9), word(30, 18), word(30, 2)], ['open', 'breaks', 'holds']);
    // A hundred stand for themselves.
    assert.deepEqual([word(100, 21), word(100, 19)], ['breaks', 'holds']);
    assert.equal(word(0, 0), 'silent');
    const open = gateOn(
      minute(3, (t) => (t % 10 < 3 ? 3 : 0)),
      errors,
    );
    assert.equal(open.result, 'inconclusive');
    assert.match(open.reason ?? '', /too few to be sure/);
    const silent = gateOn(
      minute(1, () => 0),
      errors,
    );
    assert.equal(silent.result, 'inconclusive');
    assert.match(silent.reason ?? '', /no window held the 15 requests that it takes to show 20\.0 %/);
  });

  it('takes a bound of 0 as it is: none of those that were sent', () => {
    assert.equal(
      gateOn(
        minute(2, () => 0),
        gate('errors over 10s <= 0%'),
      ).result,
      'pass',
    );
    assert.equal(gateOn(minute(2, between(9, 10, 1)), gate('errors over 10s <= 0%')).result, 'fail');
  });

  it('is open where what a stop cut would decide', () => {
    const stopped = minute(20, between(50, 60, 20), { outcome: 'stopped' });
    const { result, reason } = gateOn(stopped, gate('errors over 10s < 20%'));
    assert.equal(result, 'inconclusive');
    assert.match(reason ?? '', /200 requests were cut by the stop/);
  });
});

/** Breaks for good in the tenth second. */
const BREAKS: TargetModel = (_seq, atUs) => ({ serviceUs: 5_000, status: atUs < 10e6 ? 200 : 503 });

describe('a gate that stops a run', () => {
  /** A run whose windows are looked at as they close. */
  function watched(
    text: string,
    target: TargetModel,
  ): { stop: GateStop | null; atS: number; live: Snapshot } {
    const gates = [{ ...gate(text), abort: true } as const];
    let live: Snapshot | undefined;
    let watch: AbortWatch | undefined;
    let stop: GateStop | null = null;
    let atS = 0;
    simulate({
      ...steadyPlan({ ratePerSec: 50, seconds: 40 }),
      target,
      gates,
      emit: (line) => {
        if (line.kind === 'head') {
          live = emptySnapshot(line.head);
          watch = new AbortWatch(live);
        } else if (live !== undefined && stop === null) {
          absorbLine(live, line);
          if (line.kind !== 'closed') return;
          stop = watch?.look() ?? null;
          atS = line.closed.closedS;
        }
      },
    });
    assert.ok(live !== undefined);
    return { stop, atS, live };
  }

  it('does so as the first window closes in which it fails, and fails when the whole is judged', () => {
    const { stop, atS, live } = watched('errors over 8s < 25%', BREAKS);
    assert.ok(stop !== null);
    // Two of eight seconds are 25 %, if not for chance.
    assert.ok(stop.window.endS >= 12 && stop.window.endS <= 14, `${stop.window.endS}`);
    assert.equal(stop.window.endS - stop.window.startS, 8);
    assert.equal(atS, stop.window.endS);
    live.ends.push({
      shard: { i: 0, n: 1 },
      reason: 'stopped_by_gate',
      closedS: atS,
      wallUs: atS * 1e6,
      stoppedBy: { gate: stop.gate.text, ...stop.window },
    });
    const { verdict, exitCode, gates } = judge(live);
    assert.deepEqual([verdict, exitCode, gates[0]?.result], ['did_not_hold', 1, 'fail']);
  });

  it('does not where no window fails, or where the gate is not one that stops', () => {
    assert.equal(watched('errors over 8s < 25%', () => ({ serviceUs: 5_000, status: 200 })).stop, null);
    const snapshot = forGates(
      minute(20, () => 20),
      [gate('errors over 8s < 25%')],
    );
    assert.equal(new AbortWatch(snapshot).look(), null);
    assert.equal(evaluateGate(snapshot, snapshot.head.gates[0] as Gate).result, 'fail');
  });

  it('stops in the very window that the whole would be failed by first, whatever fails when', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 60, maxLength: 60 }),
        fc.integer({ min: 1, max: 20 }),
        (bad, overS) => {
          const text = `errors over ${overS}s < 60%`;
          const only = { ...gate(text), abort: true } as const;
          const snapshot = forGates(
            minute(20, (t) => bad[t] as number),
            [only],
          );
          const stop = new AbortWatch(snapshot).look();
          assert.equal(stop !== null, evaluateGate(snapshot, only).result === 'fail');
          if (stop === null) return;
          const { startS, endS } = stop.window;
          const failed = bad.slice(startS, endS).reduce((sum, n) => sum + n, 0);
          assert.ok(failed >= 0.6 * 20 * overS);
        },
      ),
      { numRuns: 12 },
    );
  });
});
