// Durations, rates and shares: what people write, what they read, what they are told when it is neither.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  formatBytes,
  formatDuration,
  formatOffset,
  formatShare,
  parseBytes,
  parseDurationUs,
  parseMultiple,
  parseRatePerSec,
  UnitError,
} from '../../src/units.js';

describe('units', () => {
  it('read durations', () => {
    const table: [string | number, number][] = [
      ['800ms', 800e3],
      ['90s', 90e6],
      ['1h30m', 5400e6],
      ['1.5s', 1.5e6],
      ['250us', 250],
      ['2min', 120e6],
      [12, 12e6],
      ['12', 12e6],
    ];
    for (const [text, us] of table) assert.equal(parseDurationUs(text), us, String(text));
    for (const text of ['', 'soon', '5 parsecs', '-1s', '1s2', Number.NaN]) {
      assert.throws(() => parseDurationUs(text), UnitError, String(text));
    }
  });

  it('read rates and multiples', () => {
    assert.equal(parseRatePerSec('3000/s'), 3000);
    assert.equal(parseRatePerSec('1,200/min'), 20);
    assert.equal(parseRatePerSec(5), 5);
    assert.equal(parseMultiple('5x'), 5);
    assert.equal(parseMultiple('2.5×'), 2.5);
    for (const text of ['fast', '-3/s', '3/fortnight']) assert.throws(() => parseRatePerSec(text), UnitError);
    assert.throws(() => parseMultiple('five'), UnitError);
  });

  it('read sizes, decimal and binary', () => {
    const sizes: (string | number)[] = ['2KB', '2 kB', '1.5MB', '1KiB', '2MiB', '1gb', '500B', '12', 7];
    assert.deepEqual(sizes.map(parseBytes), [2000, 2000, 1.5e6, 1024, 2 ** 21, 1e9, 500, 12, 7]);
    for (const text of ['', 'big', '-1', '2K', '1TB', '1e3', -5, Number.NaN, '9999999999999GB']) {
      assert.throws(() => parseBytes(text), UnitError, String(text));
    }
  });

  it('never round a share to nothing or to all', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-9, max: 1 - 1e-9, noNaN: true }), (share) => {
        const text = formatShare(share);
        assert.doesNotMatch(text, /^0(\.0+)? %$/);
        assert.doesNotMatch(text, /^100/);
      }),
    );
    assert.equal(formatShare(0), '0 %');
    assert.equal(formatShare(1), '100.0 %');
  });

  it('write durations, offsets and sizes for people', () => {
    const durations = [300, 42e3, 2.1e6, 725e6, 7800e6].map(formatDuration);
    assert.deepEqual(durations, ['0.3 ms', '42 ms', '2.1 s', '12m05s', '2h10m']);
    assert.deepEqual([47e6, 725e6, 3723e6].map(formatOffset), ['0:47', '12:05', '1:02:03']);
    assert.deepEqual([12, 1200, 43e3, 5.2e9].map(formatBytes), ['12 B', '1.2 kB', '43 kB', '5.2 GB']);
  });
});
