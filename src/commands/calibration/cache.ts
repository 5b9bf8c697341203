// Calibrations of before: a small file in the user's cache, the newest first, one for each kind of machine and transport.
import { closeSync, mkdirSync, openSync, readSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { TransportKind } from '../../drive/transports/choose.js';
import type { Calibration, CalibrationKey } from '../../measure/calibration.js';
import { userCacheFolder } from '../../recording/cache-folder.js';
import { VERSION } from '../../version.js';

/** Entries kept; the oldest go first. */
const ENTRIES_MAX = 32;
const BYTES_MAX = 256 * 1024;
const TEXT_MAX = 300;

const figure = z.number().min(0);
const text = z.string().max(TEXT_MAX);
const step = z.strictObject({
  ratePerSec: figure,
  planned: figure,
  ok: figure,
  lagP50Us: figure,
  lagP99Us: figure,
  responseP50Us: figure,
  responseP99Us: figure,
  cpuCores: figure,
  serverCores: figure,
});
const entry = z.strictObject({
  host: text,
  processor: text,
  cores: z.number().positive(),
  node: text,
  version: text,
  transport: z.enum(['wire', 'undici', 'http2']),
  secure: z.boolean(),
  measuredAt: z.iso.datetime(),
  workers: z.int().positive(),
  ceilingPerSec: z.number().positive(),
  topHeld: z.boolean(),
  atCeiling: step,
  atHalf: step,
  perCpuSec: figure,
  connectionsPerSec: figure.nullable(),
});
const cache = z.strictObject({ format: z.literal(1), entries: z.array(entry).max(ENTRIES_MAX) });

/** What was calibrated before; `warning` says why the file was left alone, null if it was read or is not there. */
export interface Known {
  readonly entries: readonly Calibration[];
  readonly warning: string | null;
}

/** Where calibrations are kept. */
export function calibrationFile(env: Readonly<Record<string, string | undefined>>): string {
  return join(userCacheFolder(env), 'calibration.json');
}

/** Reads the file; one that is broken, too large or of another format is as good as none. */
export function readCalibrations(file: string): Known {
  let read: string;
  try {
    read = readBounded(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { entries: [], warning: null };
    return { entries: [], warning: `${file}: ${code ?? message}; calibrations of before are not used` };
  }
  try {
    return { entries: cache.parse(JSON.parse(read)).entries, warning: null };
  } catch {
    const warning = `${file}: not a file of calibrations of this version; flashcrowd calibrate writes it anew`;
    return { entries: [], warning };
  }
}

/** Adds a calibration, in place of one with the same key. */
export function writeCalibration(file: string, made: Calibration): void {
  const others = readCalibrations(file).entries.filter((known) => !sameKey(known, made));
  const entries = [made, ...others].slice(0, ENTRIES_MAX);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const partial = `${file}.${process.pid}.partial`;
  try {
    writeFileSync(partial, `${JSON.stringify({ format: 1, entries }, null, 2)}\n`, {
      mode: 0o600,
      flag: 'wx',
    });
    renameSync(partial, file);
  } finally {
    rmSync(partial, { force: true });
  }
}

/** The calibration of a key; undefined if there is none. */
export function findCalibration(
  entries: readonly Calibration[],
  key: CalibrationKey,
): Calibration | undefined {
  return entries.find((known) => sameKey(known, key));
}

/** What this process would be calibrated as. */
export function keyOfProcess(usableCores: number, transport: TransportKind, secure: boolean): CalibrationKey {
  return {
    host: hostname().slice(0, TEXT_MAX),
    processor: (cpus()[0]?.model.trim() ?? 'unknown').slice(0, TEXT_MAX),
    cores: usableCores,
    node: process.version,
    version: VERSION,
    transport,
    secure,
  };
}

function sameKey(a: CalibrationKey, b: CalibrationKey): boolean {
  return (
    a.host === b.host &&
    a.processor === b.processor &&
    a.cores === b.cores &&
    a.node === b.node &&
    a.version === b.version &&
    a.transport === b.transport &&
    a.secure === b.secure
  );
}

function readBounded(file: string): string {
  const descriptor = openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(BYTES_MAX + 1);
    const length = readSync(descriptor, buffer, 0, buffer.length, 0);
    if (length > BYTES_MAX) throw new Error(`larger than ${BYTES_MAX} bytes`);
    return buffer.toString('utf8', 0, length);
  } finally {
    closeSync(descriptor);
  }
}
