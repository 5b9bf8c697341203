// Faults: a target with all of them at once, beside what is in order, for the built CLI over every transport.
import { openResult } from '../../src/commands/results/result-lines.js';
import type { TransportKind } from '../../src/drive/transports/choose.js';
import { OUTCOMES, type Outcome } from '../../src/measure/outcome.js';
import { startHttp1Faults, startHttp2Faults } from '../support/fault-server.js';
import { type Fault, type FaultServer, HEALTHY, pathOf, verdictOf } from '../support/faults.js';
import { HTTP1_FAULTS } from '../support/faults-http1.js';
import { HTTP2_FAULTS } from '../support/faults-http2.js';
import type { Row, Section, Torture } from './outcomes.js';
import { findingsOf, runTrial, type Trial } from './trials.js';

const RATE_PER_SEC = 150;
const RUN = 'torture';
/** A plan has 64 routes at most. */
const AT_ONCE = 60;

export const faults: Section = {
  name: 'faults',
  async run(torture) {
    const sides: [TransportKind, readonly Fault[], () => Promise<FaultServer>][] = [
      ['wire', HTTP1_FAULTS, startHttp1Faults],
      ['undici', HTTP1_FAULTS, startHttp1Faults],
      ['http2', HTTP2_FAULTS, startHttp2Faults],
    ];
    const rows: Row[] = [];
    for (const [kind, table, start] of sides) rows.push(await allOf(kind, table, start, torture));
    return rows;
  },
};

/** Rows that need nothing of their own: neither a body, nor checks, nor a connection that was used before. */
function plain(table: readonly Fault[]): { readonly fault: Fault; readonly path: string }[] {
  return table.flatMap((fault, i) =>
    fault.method === undefined && fault.checks === undefined && fault.kept === undefined
      ? [{ fault, path: pathOf(i, RUN) }]
      : [],
  );
}

async function allOf(
  kind: TransportKind,
  table: readonly Fault[],
  start: () => Promise<FaultServer>,
  torture: Torture,
): Promise<Row> {
  const all = plain(table);
  const wrong: string[] = [];
  let planned = 0;
  const server = await start();
  for (let from = 0; from < all.length; from += AT_ONCE) {
    const wanted = all.slice(from, from + AT_ONCE);
    const trial = await trialOf(kind, wanted, server.port, `faults-${kind}-${from}`, torture);
    const found = await wrongOf(trial, kind, wanted, server);
    wrong.push(...found);
    planned += trial.summary?.planned ?? 0;
    torture.tell(`${kind}: ${trial.summary?.planned ?? 0} requests, ${found.length} wrong`);
  }
  await server.close();
  return {
    what: `${all.length} faults of ${kind === 'http2' ? 'HTTP/2' : 'HTTP/1.1'} (${kind}), up to ${AT_ONCE} at once: each comes to what it is, what is beside them to ok`,
    times: all.length,
    wrong,
    seen: `${planned.toLocaleString('en-US')} requests`,
  };
}

/** A run of some faults beside as much that is in order. */
function trialOf(
  kind: TransportKind,
  wanted: readonly { readonly path: string }[],
  port: number,
  name: string,
  { folder, quick }: Torture,
): Promise<Trial> {
  const requests = [
    `      - { route: healthy, weight: ${wanted.length}, get: "${pathOf(HEALTHY, RUN)}" }`,
    ...wanted.map(({ path }, i) => `      - { route: fault${i}, get: "${path}" }`),
  ];
  return runTrial({
    folder,
    name,
    scenario: `name: torture
target: { url: "http://127.0.0.1:${port}"${kind === 'http2' ? ', http: 2' : ''} }
streams:
  - stages: [{ rate: ${RATE_PER_SEC}/s, for: ${quick ? 6 : 30}s }]
    visits: { requests: 1 }
    requests:
${requests.join('\n')}
timeout: 3s
redirects: 5
routes:
${wanted.map((_, i) => `  fault${i}: { expect: 200-299 }`).join('\n')}
`,
    args: kind === 'http2' ? [] : ['--transport', kind],
  });
}

async function wrongOf(
  trial: Trial,
  kind: TransportKind,
  wanted: readonly { readonly fault: Fault; readonly path: string }[],
  { seen }: FaultServer,
): Promise<string[]> {
  if (trial.summary?.complete !== true) return [`exit ${trial.exitCode}: ${trial.errors.slice(-300)}`];
  if (trial.summary.validity.findings.some(({ id }) => id === 'conservation')) return [findingsOf(trial)];
  const { head, lines } = await openResult(trial.resultFile, []);
  const outcomes = head.plan.routes.map(() => new Map<Outcome, number>());
  const attempts = head.plan.routes.map(() => 0);
  for await (const line of lines) {
    if (line.kind !== 'cell') continue;
    const { route } = line.cell;
    attempts[route] = (attempts[route] ?? 0) + line.cell.attempts;
    line.cell.outcomes.forEach((n, i) => {
      const outcome = OUTCOMES[i];
      if (n > 0 && outcome !== undefined)
        outcomes[route]?.set(outcome, (outcomes[route]?.get(outcome) ?? 0) + n);
    });
  }
  return head.plan.routes.flatMap(({ name }, route) => {
    const found = [...(outcomes[route] ?? [])].map(([outcome, n]) => `${outcome} ${n}`).join(', ');
    const only = [...(outcomes[route]?.keys() ?? [])];
    if (name === 'healthy') return only.every((outcome) => outcome === 'ok') ? [] : [`healthy: ${found}`];
    const one = wanted[Number(name.slice('fault'.length))];
    if (one === undefined) return [`a route ${name} that was not asked for`];
    const expected = verdictOf(one.fault, kind);
    const isRight = only.every((outcome) => outcome === expected.outcome || outcome === one.fault.or);
    if (!isRight) return [`${one.fault.name}: ${found}, expected ${expected.outcome}`];
    if (expected.attempts === null || seen.of(one.path) === attempts[route]) return [];
    return [`${one.fault.name}: ${attempts[route]} attempts, the server saw ${seen.of(one.path)}`];
  });
}
