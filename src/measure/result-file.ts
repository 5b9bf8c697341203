// The result file: NDJSON lines that are written as windows close and read back into a Snapshot.
//
// A head line, then cell, slice, tenant and health lines as they become certain, then an end line. A closed line makes
// those before it count (`committed.ts`): whatever a killed run has written is a valid prefix, which reads as
// incomplete. What a line says is additive.

import { escapeJson } from '../plain-text.js';
import type { Cell, Slice, TenantSlice } from './cell.js';
import type { Emission } from './emission.js';
import {
  cellJson,
  cellOf,
  closedOf,
  emissionJson,
  emissionOf,
  healthJson,
  healthOf,
  ResultFormatError,
  sliceJson,
  sliceOf,
  tenantJson,
  tenantOf,
} from './line-codec.js';
import {
  absorbCell,
  absorbClosed,
  absorbEmission,
  absorbSlice,
  absorbTenant,
  type ClosedThrough,
  type End,
  emptySnapshot,
  type Head,
  RESULT_FORMAT,
  type Snapshot,
} from './snapshot.js';
import type { Health, ProcessVitals } from './vitals.js';

/** One line of a result file, as data. */
export type ResultLine =
  | { readonly kind: 'head'; readonly head: Head }
  | { readonly kind: 'cell'; readonly cell: Cell }
  | { readonly kind: 'slice'; readonly slice: Slice }
  | { readonly kind: 'tenant'; readonly tenant: TenantSlice }
  | { readonly kind: 'emission'; readonly emission: Emission }
  | { readonly kind: 'health'; readonly health: Health }
  | { readonly kind: 'process'; readonly vitals: ProcessVitals }
  | { readonly kind: 'closed'; readonly closed: ClosedThrough }
  | { readonly kind: 'end'; readonly end: End };

/** Writes a line as JSON, without a newline, and without anything that a terminal would obey. */
export function writeLine(line: ResultLine): string {
  return escapeJson(jsonOf(line));
}

function jsonOf(line: ResultLine): string {
  switch (line.kind) {
    case 'head':
      return JSON.stringify({ t: 'head', ...line.head });
    case 'cell':
      return JSON.stringify({ t: 'cell', ...cellJson(line.cell) });
    case 'slice':
      return JSON.stringify({ t: 'slice', ...sliceJson(line.slice) });
    case 'tenant':
      return JSON.stringify({ t: 'tenant', ...tenantJson(line.tenant) });
    case 'emission':
      return JSON.stringify({ t: 'emission', ...emissionJson(line.emission) });
    case 'health':
      return JSON.stringify({ t: 'health', ...healthJson(line.health) });
    case 'process':
      return JSON.stringify({ t: 'process', ...line.vitals });
    case 'closed':
      return JSON.stringify({ t: 'closed', ...line.closed });
    case 'end':
      return JSON.stringify({ t: 'end', ...line.end });
  }
}

/**
 * Reads a line.
 * @throws ResultFormatError if it is not JSON, of no known kind, or without its parts
 */
export function readLine(text: string): ResultLine {
  let json: Record<string, unknown>;
  try {
    json = JSON.parse(text);
  } catch {
    throw new ResultFormatError('not a line of JSON');
  }
  if (typeof json !== 'object' || json === null) throw new ResultFormatError('not a JSON object');
  try {
    return lineOf(json);
  } catch (error) {
    if (error instanceof ResultFormatError) throw error;
    throw new ResultFormatError(`a ${String(json.t)} line without all of its parts`);
  }
}

/** Adds a line to a snapshot; head lines are for the caller. */
export function absorbLine(snapshot: Snapshot, line: ResultLine): void {
  switch (line.kind) {
    case 'head':
      return;
    case 'cell':
      absorbCell(snapshot, line.cell);
      return;
    case 'slice':
      absorbSlice(snapshot, line.slice);
      return;
    case 'tenant':
      absorbTenant(snapshot, line.tenant);
      return;
    case 'emission':
      absorbEmission(snapshot, line.emission);
      return;
    case 'health':
      snapshot.health.push(line.health);
      return;
    case 'process':
      snapshot.processes.push(line.vitals);
      return;
    case 'closed':
      absorbClosed(snapshot, line.closed);
      return;
    case 'end':
      absorbClosed(snapshot, line.end);
      snapshot.ends.push(line.end);
      return;
  }
}

/** A snapshot of all lines; the first must be a head. */
export function snapshotOf(lines: Iterable<ResultLine>): Snapshot {
  let snapshot: Snapshot | undefined;
  for (const line of lines) {
    if (line.kind === 'head') snapshot = emptySnapshot(line.head);
    else if (snapshot === undefined) throw new ResultFormatError('the first line is not a head line');
    else absorbLine(snapshot, line);
  }
  if (snapshot === undefined) throw new ResultFormatError('no head line');
  return snapshot;
}

function lineOf(json: Record<string, unknown>): ResultLine {
  switch (json.t) {
    case 'head': {
      const { t, ...head } = json;
      if (head.format !== RESULT_FORMAT)
        throw new ResultFormatError(`result format ${JSON.stringify(head.format)} is not known here`);
      return { kind: 'head', head: head as unknown as Head };
    }
    case 'cell':
      return { kind: 'cell', cell: cellOf(json) };
    case 'slice':
      return { kind: 'slice', slice: sliceOf(json) };
    case 'tenant':
      return { kind: 'tenant', tenant: tenantOf(json) };
    case 'emission':
      return { kind: 'emission', emission: emissionOf(json) };
    case 'health':
      return { kind: 'health', health: healthOf(json) };
    case 'process': {
      const { t, ...vitals } = json;
      return { kind: 'process', vitals: vitals as unknown as ProcessVitals };
    }
    case 'closed':
      return { kind: 'closed', closed: closedOf(json) };
    case 'end': {
      const { t, ...end } = json;
      return { kind: 'end', end: end as unknown as End };
    }
    default:
      throw new ResultFormatError(`no line kind of ours: ${JSON.stringify(json.t)?.slice(0, 40)}`);
  }
}
