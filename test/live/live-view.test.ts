// The live view: what it says, and that it fits the terminal.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type LiveState, liveLine, liveLines } from '../../src/live/live-view.js';
import { columnsOf } from '../../src/report/escape.js';
import { paintFor } from '../../src/report/paint.js';

const STATE: LiveState = {
  scenario: 'Promo\x1b[2J spike',
  target: 'http://127.0.0.1:8080',
  atUs: 14e6,
  durationS: 39,
  phases: [
    { name: 'before', startS: 0, endS: 4 },
    { name: 'peak', startS: 4, endS: 20 },
    { name: 'after', startS: 20, endS: 39 },
  ],
  plannedPerSec: 300,
  normalPerSec: 60,
  peakPerSec: 300,
  last: { planned: 300, ok: 200, failed: 100 },
  inFlight: 95,
  ok: 2000,
  failed: 500,
  p99: '680 ms',
  history: Array.from({ length: 14 }, (_, i) => ({ planned: 300, ok: 60 + i * 10, failed: i > 8 ? 100 : 0 })),
  stopping: false,
};

describe('the live view', () => {
  it('fits 80 and 200 columns, and lets no escape through', () => {
    for (const width of [80, 200]) {
      const lines = liveLines(STATE, width, paintFor(0));
      for (const line of lines) assert.ok(columnsOf(line) <= width, line);
      assert.ok(!lines.join('').includes('\x1b'));
    }
  });

  it('says where the run stands and what comes next', () => {
    const text = liveLines(STATE, 100, paintFor(0)).join('\n');
    assert.match(text, /0:14 of 0:39 {3}peak 5×/);
    assert.match(text, /planned 300\/s {3}ok 200\/s {3}failed 100\/s {3}in flight 95 {3}p99 680 ms/);
    assert.match(text, /after in 6 s/);
    assert.match(liveLines({ ...STATE, stopping: true }, 100, paintFor(0)).join('\n'), /stopping/);
  });

  it('draws as many columns as seconds, two wide where there is room', () => {
    const rows = liveLines(STATE, 100, paintFor(0)).slice(2, 7);
    assert.equal(Math.max(...rows.map((row) => row.trimEnd().length)), 1 + 14 * 2);
  });

  it('is one line for a log', () => {
    assert.equal(
      liveLine(STATE),
      '  0:14  peak    planned 300/s  ok 200/s  failed 100/s  in flight 95  p99 680 ms',
    );
  });
});
