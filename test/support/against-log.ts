// Holds a result against the server's own access log: attempts and statuses in each second of due time.
import { openResult } from '../../src/commands/results/result-lines.js';
import type { Logged } from './nginx.js';

/** What nginx logs where it cuts the connection instead of answering. */
const CUT = 444;

/** By `second status`; attempts that brought no status are under the status that nginx logs for a cut. */
type Counts = Map<string, number>;

/**
 * @param dueS second of due time by seq, as the plan lists it; requests name their seq as `id=`
 * @returns where the two differ, a sentence each; empty where they agree in every second and status
 */
export async function differences(
  resultFile: string,
  logged: readonly Logged[],
  dueS: ReadonlyMap<number, number>,
): Promise<string[]> {
  const theirs: Counts = new Map();
  for (const { status, uri } of logged) {
    const second = dueS.get(Number(/id=(\d+)/.exec(uri)?.[1]));
    if (second === undefined) return [`the server saw ${uri}, which the plan does not have`];
    count(theirs, `${second} ${status}`, 1);
  }
  const ours: Counts = new Map();
  const { lines } = await openResult(resultFile, []);
  for await (const line of lines) {
    if (line.kind !== 'cell') continue;
    const { windowS, attempts, statuses } = line.cell;
    let answered = 0;
    for (const [status, n] of statuses) {
      count(ours, `${windowS} ${status}`, n);
      answered += n;
    }
    if (attempts > answered) count(ours, `${windowS} ${CUT}`, attempts - answered);
  }
  const keys = new Set([...ours.keys(), ...theirs.keys()]);
  return [...keys]
    .filter((key) => ours.get(key) !== theirs.get(key))
    .map((key) => {
      const [second, status] = key.split(' ');
      return `second ${second}, status ${status}: ${ours.get(key) ?? 0} of ours, ${theirs.get(key) ?? 0} logged`;
    });
}

/** Second of due time by seq, of what `plan --arrivals` prints. */
export function dueSeconds(csv: string): Map<number, number> {
  const rows = csv.trim().split('\n').slice(1);
  return new Map(
    rows.map((row) => {
      const [seq, atUs] = row.split(',');
      return [Number(seq), Math.floor(Number(atUs) / 1e6)];
    }),
  );
}

function count(counts: Counts, key: string, n: number): void {
  counts.set(key, (counts.get(key) ?? 0) + n);
}
