// Calibrations and their steps for tests: a machine that does 10,000 requests a second.
import type { Calibration, Step } from '../../src/measure/calibration.js';

/** A step that kept its times, but for what is said of it. */
export function stepOf(ratePerSec: number, parts: Partial<Step> = {}): Step {
  return {
    ratePerSec,
    planned: ratePerSec * 2,
    ok: ratePerSec * 2,
    lagP50Us: 100,
    lagP99Us: 1_000,
    responseP50Us: 300,
    responseP99Us: 1_500,
    cpuCores: 0.5,
    serverCores: 0.25,
    ...parts,
  };
}

export function calibrationOf(parts: Partial<Calibration> = {}): Calibration {
  return {
    host: 'box',
    processor: 'a processor',
    cores: 2,
    node: 'v20.18.0',
    version: '0.1.0',
    transport: 'wire',
    secure: false,
    measuredAt: '2026-11-24T10:00:00.000Z',
    workers: 1,
    ceilingPerSec: 10_000,
    topHeld: false,
    atCeiling: stepOf(10_000),
    atHalf: stepOf(5_000),
    perCpuSec: 20_000,
    connectionsPerSec: 2_000,
    ...parts,
  };
}
