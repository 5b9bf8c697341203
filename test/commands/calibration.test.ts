// Calibration: how its time is divided, what is read from it, and what is kept of it.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { createSecureContext } from 'node:tls';
import fc from 'fast-check';
import { judgeMeasured } from '../../src/commands/calibrate.js';
import {
  calibrationFile,
  findCalibration,
  keyOfProcess,
  readCalibrations,
  writeCalibration,
} from '../../src/commands/calibration/cache.js';
import {
  divide,
  doubling,
  loadOf,
  RateWatch,
  rateAt,
  stairs,
  stepsOf,
} from '../../src/commands/calibration/loads.js';
import { selfSigned } from '../../src/commands/calibration/self-signed.js';
import { calibrationJson, calibrationText } from '../../src/report/calibration.js';
import { paintFor } from '../../src/report/paint.js';
import { areaOf } from '../../src/scenario/curve.js';
import { calibrationOf, stepOf } from '../support/calibrations.js';
import { headOf, type Op, snapshotOf } from '../support/snapshots.js';

function fileIn(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'flashcrowd-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'flashcrowd', 'calibration.json');
}

describe('the loads of a calibration', () => {
  it('fit into their time, however long it is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 600 }), (totalS) => {
        const { scoutS, connectionsS, steps, stepS } = divide(totalS);
        assert.ok(steps >= 2 && Number.isInteger(stepS) && stepS >= 1);
        assert.ok(scoutS + connectionsS + (steps + 1) * stepS <= totalS);
      }),
    );
  });

  it('double without a jump, and end where they were to end', () => {
    const stages = doubling(512, 131_072, 4);
    assert.equal(stages.length, 8);
    assert.deepEqual([stages[0]?.from, stages.at(-1)?.to], [512, 131_072]);
    assert.ok(stages.every(({ to }, i) => i + 1 === stages.length || stages[i + 1]?.from === to));
    assert.deepEqual(
      [-1, 0, 250_000, 500_000, 9e9].map((us) => rateAt(stages, us)),
      [0, 512, 768, 1024, 131_072],
    );
  });

  it('climb by equal steps to above what was found, each a phase of its own', () => {
    const stages = stairs(10_000, { scoutS: 1, connectionsS: 1, steps: 4, stepS: 2 });
    assert.deepEqual(
      stages.map(({ to }) => to),
      [3_600, 3_000, 6_000, 9_000, 12_000],
    );
    const load = loadOf(stages, 2, false);
    assert.deepEqual(
      load.phases.map(({ startS, endS }) => [startS, endS]),
      [
        [0, 2],
        [2, 4],
        [4, 6],
        [6, 8],
        [8, 10],
      ],
    );
    assert.deepEqual(load.plan.connections, { kind: 'pool', size: 100 });
    const [input] = load.inputs.streams;
    assert.ok(input?.kind === 'rate' && Math.round(areaOf(input.curve)) === 67_200);
    assert.deepEqual(loadOf(stages, 1, true).plan.connections, { kind: 'fresh' });
  });

  it('read a rate from a count that changes four times a second only', () => {
    const watch = new RateWatch(450_000);
    for (let atMs = 0; atMs <= 4_000; atMs += 50) watch.see(atMs * 1e3, Math.floor(atMs / 250) * 1_000);
    assert.equal(watch.highestPerSec, 4_000);
    watch.see(4_050e3, 16_001);
    assert.equal(watch.highestPerSec, 4_000);
  });

  it('become steps: counts, lag and processor time of each, without the warm-up', () => {
    const stages = stairs(10, { scoutS: 1, connectionsS: 1, steps: 2, stepS: 2 });
    const { phases } = loadOf(stages, 1, false);
    const ops: Op[] = [0, 1, 2, 2, 3, 4, 5].map((windowS) => ({
      windowS,
      lagUs: windowS < 2 ? 90_000 : windowS < 4 ? 200 : 20_000,
      outcome: windowS === 5 ? ('timeout' as const) : ('ok' as const),
    }));
    const samples = [0, 2, 4, 6].map((s) => ({ atUs: s * 1e6, cpuUs: s * s * 1e5, serverUs: s * 1e5 }));
    const steps = stepsOf(snapshotOf(headOf({ phases, durationS: 6 }), ops), stages, samples);
    assert.deepEqual(
      steps.map(({ ratePerSec, planned, ok, cpuCores, serverCores }) => [
        ratePerSec,
        planned,
        ok,
        cpuCores,
        serverCores,
      ]),
      [
        [6, 3, 3, 0.6, 0.1],
        [12, 2, 1, 1, 0.1],
      ],
    );
    assert.ok((steps[0]?.lagP99Us ?? 0) < 300 && (steps[1]?.lagP99Us ?? 0) > 15_000);
    assert.equal(stepsOf(snapshotOf(headOf({ phases }), ops), stages, samples.slice(0, 3)).length, 1);
  });
});

describe('what a calibration comes to', () => {
  const key = keyOfProcess(2, 'wire', false);

  it('is its ceiling with the cost of a request there', () => {
    const steps = [stepOf(1_000), stepOf(2_000, { cpuCores: 0.1 }), stepOf(3_000, { lagP99Us: 60_000 })];
    const made = judgeMeasured({ steps, connectionsPerSec: 7 }, key, 1, new Date(0));
    assert.ok(made !== null);
    assert.deepEqual([made.ceilingPerSec, made.topHeld, made.perCpuSec], [2_000, false, 20_000]);
    assert.equal(made.atHalf.ratePerSec, 1_000);
    assert.equal(made.measuredAt, '1970-01-01T00:00:00.000Z');
  });

  it('is nothing where no step kept its times', () => {
    const steps = [stepOf(1_000, { lagP99Us: 60_000 })];
    assert.equal(judgeMeasured({ steps, connectionsPerSec: null }, key, 1, new Date(0)), null);
  });

  it('is told on one screen, and the same as JSON', () => {
    const steps = [stepOf(5_000), stepOf(10_000), stepOf(12_000, { lagP99Us: 60_000 })];
    const report = {
      calibration: calibrationOf({ host: 'b\u001b[31mox' }),
      steps,
      file: '/x/calibration.json',
    };
    const text = calibrationText(report, 100, paintFor(0));
    assert.match(text, /Ceiling +10,000\/s kept their times; a run may plan 70 % of it/);
    assert.match(text, /ran on this machine too and took 0\.25 cores of 2 cores/);
    assert.match(text, /12,000\/s .*late/);
    assert.ok(!text.includes('\u001b') && text.split('\n').length <= 24);
    assert.ok(text.split('\n').every((line) => line.length <= 100));
    assert.equal(JSON.parse(calibrationJson(report)).ceilingPerSec, 10_000);
  });
});

describe('the cache of calibrations', () => {
  it('gives back what was written, to the same machine, versions and transport only', (t) => {
    const file = fileIn(t);
    const made = calibrationOf();
    writeCalibration(file, made);
    const { entries, warning } = readCalibrations(file);
    assert.equal(warning, null);
    assert.deepEqual(findCalibration(entries, made), made);
    const others = [
      { host: 'other' },
      { processor: 'other' },
      { cores: 1.5 },
      { node: 'v22.0.0' },
      { version: '0.2.0' },
      { transport: 'http2' as const },
      { secure: true },
    ];
    for (const other of others) assert.equal(findCalibration(entries, { ...made, ...other }), undefined);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(join(file, '..')), ['calibration.json']);
  });

  it('keeps one entry a key, the newest first, and not more than 32', (t) => {
    const file = fileIn(t);
    for (let i = 0; i < 40; i++) writeCalibration(file, calibrationOf({ host: `box-${i}` }));
    writeCalibration(file, calibrationOf({ host: 'box-30', ceilingPerSec: 5 }));
    const { entries } = readCalibrations(file);
    assert.equal(entries.length, 32);
    assert.deepEqual([entries[0]?.host, entries[0]?.ceilingPerSec], ['box-30', 5]);
    assert.equal(entries.filter(({ host }) => host === 'box-30').length, 1);
  });

  it('is ignored with a word where it is broken, and written anew', (t) => {
    const file = fileIn(t);
    assert.deepEqual(readCalibrations(file), { entries: [], warning: null });
    writeCalibration(file, calibrationOf());
    const whole = readFileSync(file, 'utf8');
    const broken: [string, string][] = [
      ['empty', ''],
      ['cut off', whole.slice(0, 200)],
      ['of another format', whole.replace('"format": 1', '"format": 2')],
      ['with a ceiling of 0', whole.replace('"ceilingPerSec": 10000', '"ceilingPerSec": 0')],
      ['with what is no date', whole.replace('2026-11-24T10:00:00.000Z', 'yesterday')],
      ['too large', whole.padEnd(300_000)],
    ];
    for (const [name, text] of broken) {
      writeFileSync(file, text);
      const { entries, warning } = readCalibrations(file);
      assert.deepEqual([entries, typeof warning], [[], 'string'], name);
    }
    writeCalibration(file, calibrationOf());
    assert.equal(readCalibrations(file).entries.length, 1);
  });

  it('lies in the user’s cache folder', () => {
    assert.equal(calibrationFile({ XDG_CACHE_HOME: '/c' }), '/c/flashcrowd/calibration.json');
    assert.equal(calibrationFile({ HOME: '/h' }), '/h/.cache/flashcrowd/calibration.json');
  });
});

describe('the certificate of the null server', () => {
  it('is signed by its own key, and Node takes both', () => {
    const { key, cert } = selfSigned();
    const read = new X509Certificate(cert);
    assert.equal(read.subject, 'CN=flashcrowd');
    assert.ok(read.verify(read.publicKey));
    assert.doesNotThrow(() => createSecureContext({ key, cert }));
    assert.notEqual(selfSigned().key, key);
  });
});
