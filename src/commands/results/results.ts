// Reads result files back, one or several shards of one run.
import { MergeError, mergeAll } from '../../measure/merge.js';
import { absorbLine } from '../../measure/result-file.js';
import { emptySnapshot, type Snapshot } from '../../measure/snapshot.js';
import { UserError } from '../../problem.js';
import type { Gate } from '../../scenario/gate.js';
import { openResult } from './result-lines.js';
import { refuseBroken } from './sound.js';

/** A run that was killed may have left half a second or half a line at the end: it is told, not refused. */
export interface ReadResult {
  readonly snapshot: Snapshot;
  readonly warnings: readonly string[];
}

/**
 * Reads result files and merges them if they are several: each must then be sound by itself, as one that is not need
 * not show in the sum.
 * @param gates what they are to be judged by; those of the first file where none are given
 * @throws UserError naming file and line
 */
export async function readResults(files: readonly string[], gates?: readonly Gate[]): Promise<ReadResult> {
  const warnings: string[] = [];
  const snapshots: Snapshot[] = [];
  for (const file of files) {
    const { head, lines } = await openResult(file, warnings);
    const snapshot = emptySnapshot({ ...head, gates: gates ?? snapshots[0]?.head.gates ?? head.gates });
    for await (const line of lines) absorbLine(snapshot, line);
    if (files.length > 1) refuseBroken(file, snapshot);
    snapshots.push(snapshot);
  }
  try {
    return { snapshot: mergeAll(snapshots), warnings };
  } catch (error) {
    if (!(error instanceof MergeError)) throw error;
    throw new UserError([{ place: files.join(', '), path: '', message: error.message }]);
  }
}
