// What the JSON formats share: a file's entries, one a line or cut out of a list, and the reading of them as rows.

import {
  type LineParser,
  type Reading,
  type RecordReading,
  type Sample,
  type StampKind,
  UNREAD,
} from '../formats/format.js';
import type { Clients } from '../read/clients.js';
import type { Row } from '../row.js';
import { type JsonEntry, readJsonEntry } from './json-entry.js';
import { ObjectCutter } from './json-objects.js';

const OPEN_LIST = 91;
const OPEN = 123;

/** The entries of a sample. */
export interface JsonSample {
  readonly entries: readonly JsonEntry[];
  /** Lines or objects looked at, entries or not. */
  readonly of: number;
  /** One entry a line; else a list of them, or entries of several lines. */
  readonly isLines: boolean;
}

/** How a format reads entries. */
export interface JsonModel {
  readonly stamp: StampKind;
  readonly resolutionUs: number;
  /** How the stamps are to be understood, in words. */
  readonly words: string;
  /** A reader for one file. It says why an entry is no row, as `LineParser.parse` does. */
  open(clients: Clients): (entry: JsonEntry) => Row | string;
}

/** Several formats look at the same sample. */
const looked = new WeakMap<Sample, JsonSample>();

/** The entries among the first lines of a file. */
export function jsonSample(sample: Sample): JsonSample {
  let found = looked.get(sample);
  if (found === undefined) {
    found = lookAt(sample);
    looked.set(sample, found);
  }
  return found;
}

function lookAt(sample: Sample): JsonSample {
  const { bytes, length, lines } = sample;
  let first = lines[0]?.[0] ?? 0;
  if (bytes[first] === 0xef && bytes[first + 1] === 0xbb && bytes[first + 2] === 0xbf) first += 3;
  while (first < length && bytes[first]! <= 0x20) first++;
  const entries: JsonEntry[] = [];
  if (bytes[first] !== OPEN_LIST) {
    for (const [from, to] of lines) {
      const entry = readJsonEntry(bytes, from, to);
      if (entry !== undefined) entries.push(entry);
    }
    // An object that is printed over several lines may hold smaller ones that take one line.
    const whole = bytes[first] !== OPEN || entries.length * 2 >= lines.length;
    if (whole) return { entries, of: lines.length, isLines: true };
    entries.length = 0;
  }
  const cut = new ObjectCutter().push(bytes.subarray(first, length)).slice(0, 256);
  for (const object of cut) {
    const entry = typeof object === 'string' ? undefined : readJsonEntry(object, 0, object.length);
    if (entry !== undefined) entries.push(entry);
  }
  return { entries, of: cut.length, isLines: false };
}

/** How to read a file of which `fits` entries are of the model's format; null if none is. */
export function jsonReading(sample: JsonSample, fits: number, model: JsonModel): Reading | null {
  if (fits === 0) return null;
  const { stamp, resolutionUs } = model;
  const base = { score: fits / sample.of, stamp, resolutionUs };
  return sample.isLines
    ? { kind: 'lines', ...base, open: (clients) => lineParser(model, clients) }
    : { kind: 'records', ...base, read: (...given) => readObjects(model, ...given) };
}

function lineParser(model: JsonModel, clients: Clients): LineParser {
  const rowOf = model.open(clients);
  return {
    parse: (bytes, from, to) => {
      const entry = readJsonEntry(bytes, from, to);
      return entry === undefined ? UNREAD.notJson : rowOf(entry);
    },
    stampModel: () => model.words,
  };
}

async function* readObjects(
  model: JsonModel,
  ...[bytes, clients, counter]: Parameters<RecordReading['read']>
): AsyncGenerator<Row[]> {
  const rowOf = model.open(clients);
  const cutter = new ObjectCutter();
  for await (const chunk of bytes) {
    const rows: Row[] = [];
    for (const object of cutter.push(chunk)) {
      counter.seen();
      const entry = typeof object === 'string' ? undefined : readJsonEntry(object, 0, object.length);
      const row = entry === undefined ? (typeof object === 'string' ? object : UNREAD.notJson) : rowOf(entry);
      if (typeof row === 'string') counter.unread(row);
      else rows.push(row);
    }
    if (rows.length > 0) yield rows;
  }
  if (cutter.isInside) counter.cut('the JSON ends inside an object: read up to there');
}
