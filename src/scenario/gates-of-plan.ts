// Gates for a result that is there already: from a file or from the command line, checked against the plan that was run.
import type { Gate } from './gate.js';
import type { GateNames } from './gate-names.js';
import { isProblem, parseGate, readGates } from './gates.js';
import type { Phase, Plan } from './plan.js';
import { ProblemList, quote } from './problems.js';
import { readScenarioText } from './scenario-text.js';
import { readGateShapes } from './shape.js';
import { readYaml } from './yaml.js';

/** The names that gates on a result may use. */
export function namesOf(plan: Plan, phases: readonly Phase[]): GateNames {
  const recordings = plan.streams.filter(({ kind }) => kind === 'recording');
  const keepsTimes = (stream: Plan['streams'][number]) => stream.kind === 'recording' && !stream.pace;
  return {
    streams: plan.streams.map(({ name }) => name),
    routes: plan.routes.map(({ name }) => name),
    phases: phases.map(({ name }) => name).filter((name) => name !== 'warmup'),
    hurried: plan.speed === 1 ? [] : plan.streams.filter(keepsTimes).map(({ name }) => name),
    recordings: recordings.map(({ name }) => name),
  };
}

/**
 * Reads gates from a file: YAML or JSON, a list of them or a mapping with `gates`, as a scenario is.
 * @throws UserError with every problem found
 */
export async function readGatesFile(file: string, names: GateNames): Promise<Gate[]> {
  const yaml = readYaml(await readScenarioText(file));
  const problems = new ProblemList(file, yaml.locate);
  for (const { line, column, message, hint } of yaml.errors) {
    problems.addElsewhere(`${file}:${line}:${column}`, message, hint);
  }
  problems.throwIfAny();
  if (typeof yaml.value !== 'object' || yaml.value === null) {
    problems.add([], 'expected a list of gates, or a mapping with gates', 'write - p99 < 800ms');
    problems.throwIfAny();
  }
  const typed = readGateShapes(yaml.value, problems) ?? [];
  problems.throwIfAny();
  const path = Array.isArray(yaml.value) ? [] : ['gates'];
  const gates = readGates(path, typed, names, problems);
  if (typed.length === 0) problems.add(path, 'has no gates', 'write - p99 < 800ms');
  problems.throwIfAny();
  return gates;
}

/**
 * Reads gates of the command line.
 * @throws UserError with every problem found
 */
export function readGateOptions(texts: readonly string[], names: GateNames): Gate[] {
  const problems = new ProblemList('command line', () => ({ line: 1, column: 1 }));
  const gates = texts.flatMap((text) => {
    const gate = parseGate(text, names);
    if (!isProblem(gate)) return [gate];
    problems.add({ option: '--gate' }, `${quote(text)}: ${gate.message}`, gate.hint);
    return [];
  });
  problems.throwIfAny();
  return gates;
}
