// `flashcrowd gate`: judges results again by other gates, and sends nothing.
import type { ExitCode } from '../exit-codes.js';
import { type Judgement, judge } from '../judge/verdict.js';
import type { Snapshot } from '../measure/snapshot.js';
import { type Problem, UserError } from '../problem.js';
import { gatesText } from '../report/gates.js';
import { jsonText } from '../report/json-text.js';
import { paintFor } from '../report/paint.js';
import { gateSummary } from '../report/summary/gates.js';
import type { Gate } from '../scenario/gate.js';
import { namesOf, readGateOptions, readGatesFile } from '../scenario/gates-of-plan.js';
import { didYouMean } from '../scenario/nearest.js';
import { openResult } from './results/result-lines.js';
import { readResults } from './results/results.js';
import { type Terminal, warn } from './terminal.js';

export interface GateOptions {
  /** A file of gates, or a scenario. */
  readonly gates?: string;
  /** Gates as texts. */
  readonly gate?: readonly string[];
  readonly json: boolean;
}

/**
 * Judges one result, or several as one, by the gates that are given, or by its own where none are.
 * @returns the exit code that a run with these gates would have had
 * @throws UserError for gates that the result's plan cannot answer
 */
export async function gateCommand(
  files: readonly string[],
  options: GateOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const gates = await gatesFor(files[0] ?? '', options);
  const { snapshot, warnings } = await readResults(files, gates);
  for (const warning of warnings) warn(terminal, warning);
  refuseTenants(snapshot, gates ?? []);
  const judgement = judge(snapshot, snapshot.head.gates);
  terminal.out(
    options.json
      ? jsonText(told(snapshot, judgement))
      : gatesText(judgement, { width: terminal.columns(), paint: paintFor(terminal.colour) }),
  );
  return judgement.exitCode;
}

async function gatesFor(file: string, { gates, gate }: GateOptions): Promise<Gate[] | undefined> {
  if (gates === undefined && gate === undefined) return undefined;
  const { head, lines } = await openResult(file, []);
  // Goes no further, and closes the file: it is read whole with the gates that its head allows.
  for await (const _ of lines) break;
  const names = namesOf(head.plan, head.phases);
  const listed = gates === undefined ? [] : await readGatesFile(gates, names);
  return [...listed, ...readGateOptions(gate ?? [], names)];
}

/** Tenants are known once all of a result has been read. */
function refuseTenants({ tenants }: Snapshot, gates: readonly Gate[]): void {
  const problems = gates.flatMap(({ text, selector: { tenant } }): Problem[] => {
    if (tenant === undefined || tenants.has(tenant)) return [];
    const message = `${text}: no request went to a tenant ${JSON.stringify(tenant)}`;
    const hint = didYouMean(
      tenant,
      [...tenants].map(([name]) => name),
    );
    return [{ place: 'gates', path: '', message, ...(hint !== undefined && { hint }) }];
  });
  if (problems.length > 0) throw new UserError(problems);
}

function told({ head }: Snapshot, { verdict, exitCode, reasons, gates }: Judgement) {
  return {
    scenario: head.scenario,
    planId: head.planId,
    verdict,
    exitCode,
    reasons: reasons.map(({ id, text }) => ({ id, text })),
    gates: gates.map(gateSummary),
  };
}
