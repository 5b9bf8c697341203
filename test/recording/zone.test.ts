// Stamps as text, and local times to UTC: across the two nights of the year on which clocks are changed.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  readClfDate,
  readEpoch,
  readInstant,
  readIso,
  resolutionOf,
} from '../../src/recording/fields/instants.js';
import { Zone } from '../../src/recording/read/zone.js';

const utc = (text: string) => Date.parse(text) * 1e3;
const zone = (name: string) => Zone.parse(name) ?? assert.fail(`${name} is a zone`);

describe('a zone', () => {
  it('is an offset or a name; anything else is none', () => {
    assert.equal(zone('+0530').toUtcUs(utc('2025-06-01T12:00:00Z')), utc('2025-06-01T06:30:00Z'));
    assert.equal(zone('-05').toUtcUs(utc('2025-06-01T12:00:00Z')), utc('2025-06-01T17:00:00Z'));
    assert.equal(zone('UTC').toUtcUs(5), 5);
    for (const text of ['', 'Mars/Base', '+2500', '5', '+0260'])
      assert.equal(Zone.parse(text), undefined, text);
  });

  it('follows summer and winter', () => {
    const berlin = zone('Europe/Berlin');
    assert.equal(berlin.toUtcUs(utc('2025-01-15T12:00:00Z')), utc('2025-01-15T11:00:00Z'));
    assert.equal(berlin.toUtcUs(utc('2025-07-15T12:00:00Z')), utc('2025-07-15T10:00:00Z'));
  });

  it('tells the two autumn hours apart by the order of the lines', () => {
    const newYork = zone('America/New_York');
    const local = ['00:59:59', '01:10:00', '01:50:00', '01:10:00', '01:59:59', '02:00:00'];
    const found = local.map((time) => newYork.toUtcUs(utc(`2025-11-02T${time}Z`)));
    assert.deepEqual(
      found,
      ['04:59:59', '05:10:00', '05:50:00', '06:10:00', '06:59:59', '07:00:00'].map((time) =>
        utc(`2025-11-02T${time}Z`),
      ),
    );
    assert.equal(newYork.ambiguous, 4);
    newYork.reset();
    assert.equal(newYork.toUtcUs(utc('2025-11-02T01:10:00Z')), utc('2025-11-02T05:10:00Z'));
  });

  it('takes a time that spring skipped for the hour after', () => {
    const newYork = zone('America/New_York');
    assert.equal(newYork.toUtcUs(utc('2025-03-09T02:30:00Z')), utc('2025-03-09T07:30:00Z'));
  });

  it('undoes what Intl does, away from the changes', () => {
    const zones = ['Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'UTC'].map(
      zone,
    );
    const days = fc.integer({
      min: utc('2016-01-01T00:00:00Z') / 86_400e6,
      max: utc('2027-01-01T00:00:00Z') / 86_400e6,
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        days,
        fc.integer({ min: 6 * 3600, max: 20 * 3600 }),
        (at, day, second) => {
          at.reset();
          const instantUs = (day * 86_400 + second) * 1e6;
          const parts = new Intl.DateTimeFormat('sv-SE', {
            timeZone: at.name,
            dateStyle: 'short',
            timeStyle: 'medium',
          }).format(instantUs / 1e3);
          assert.equal(at.toUtcUs(utc(`${parts.replace(' ', 'T')}Z`)), instantUs);
        },
      ),
    );
  });
});

describe('a stamp', () => {
  const at = utc('2025-11-24T17:26:01Z');
  const cases: readonly (readonly [string, number])[] = [
    ['2025-11-24T17:26:01Z', at],
    ['2025-11-24 17:26:01', at],
    ['2025-11-24T18:26:01.123+01:00', at + 123e3],
    ['2025-11-24T12:26:01,123456789-0500', at + 123_456],
    ['24/Nov/2025:17:26:01 +0000', at],
    ['24/Nov/2025:17:26:01.250', at + 250e3],
    ['1764005161', at],
    ['1764005161.5', at + 500e3],
    ['1764005161123', at + 123e3],
    ['1764005161123456', at + 123_456],
    ['1764005161123456789', at + 123_456],
    ['31/Feb/2025:17:26:01 +0000', Number.NaN],
    ['2025-11-24T25:26:01Z', Number.NaN],
    ['1969-12-31T23:59:59Z', Number.NaN],
    ['12', Number.NaN],
    ['', Number.NaN],
    ['-', Number.NaN],
    ['2199-01-01T00:00:00Z', Number.NaN],
  ];
  for (const [text, us] of cases) {
    it(`${text || 'nothing'} is ${Number.isNaN(us) ? 'none' : us}`, () =>
      assert.equal(readInstant(text, Zone.UTC), us));
  }

  it('takes its zone from the text, then from the option', () => {
    assert.equal(readIso('2025-11-24T17:26:01', zone('+0200')), at - 7200e6);
    assert.equal(readClfDate('24/Nov/2025:17:26:01 +0000', zone('+0200')), at);
    assert.equal(readEpoch('1764005161000', 'ms'), at);
  });

  it('shows its step', () => {
    assert.deepEqual(
      [
        '2025-11-24T17:26:01Z',
        '2025-11-24T17:26:01.123Z',
        '2025-11-24T17:26:01.123456789Z',
        '1764005161123',
        '1764005161',
      ].map(resolutionOf),
      [1e6, 1e3, 1, 1e3, 1e6],
    );
  });
});
