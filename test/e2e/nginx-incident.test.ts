// The story of an incident, told of a plain nginx that was limited, cut and stopped: it agrees with what was done to it.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { readResults } from '../../src/commands/results/results.js';
import { findIncident } from '../../src/judge/incident/incident.js';
import { differences, dueSeconds } from '../support/against-log.js';
import { runCli } from '../support/cli.js';
import { type Logged, Nginx, nginxMissing } from '../support/nginx.js';

interface Summary {
  readonly statuses: Record<string, number>;
  readonly attempts: number;
  readonly tenants: readonly { readonly name: string; readonly planned: number; readonly ok: number }[];
  readonly windows: readonly { readonly atS: number; readonly planned: number; readonly ok: number }[];
  readonly incident: {
    readonly outages: readonly { readonly startS: number; readonly endS: number | null }[];
    readonly untouched: number;
  };
}

const folder = mkdtempSync(join(tmpdir(), 'flashcrowd-nginx-incident-'));

/** Runs a scenario against an nginx, while something is done to it. */
async function run(nginx: Nginx, name: string, yaml: string, meanwhile = async () => {}) {
  const scenario = join(folder, `${name}.yaml`);
  writeFileSync(scenario, `target: ${nginx.url}\n${yaml}`);
  const [json, out] = [join(folder, `${name}.json`), join(folder, `${name}.ndjson`)];
  const running = runCli(['run', scenario, '--out', out, '--report', `json=${json}`]);
  const [{ stderr }] = await Promise.all([running, meanwhile()]);
  const summary = JSON.parse(readFileSync(json, 'utf8')) as Summary;
  const { stdout } = await runCli(['plan', scenario, '--arrivals']);
  return { summary, out, stderr, dueS: dueSeconds(stdout), logged: nginx.logged() };
}

function tally(statuses: readonly number[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

type Span = readonly [fromS: number, toS: number];

/** From the first to the last second in which any of these was due. */
function spanOf(seconds: readonly number[]): Span {
  return [seconds.reduce((a, b) => Math.min(a, b)), seconds.reduce((a, b) => Math.max(a, b))];
}

/** Asserts that each outage began and ended within two seconds of when it did. */
function assertOutages({ incident }: Summary, done: readonly Span[]): void {
  const told = incident.outages.map(({ startS, endS }) => [startS, endS] as const);
  const message = `told ${JSON.stringify(told)}, done ${JSON.stringify(done)}`;
  assert.equal(told.length, done.length, message);
  told.forEach(([startS, endS], i) => {
    const [fromS, toS] = done[i] as Span;
    assert.ok(Math.abs(startS - fromS) <= 2 && endS !== null && Math.abs(endS - 1 - toS) <= 2, message);
  });
}

const LIMIT_PER_SEC = 120;

describe('the incident of an nginx', { skip: nginxMissing, concurrency: true }, () => {
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('is there while it limits, and the rate that is served is its limit', async () => {
    const home = mkdtempSync(join(folder, 'limited-'));
    const nginx = await Nginx.start(
      home,
      'location / { limit_req zone=all burst=30 nodelay; limit_req_status 503; try_files /page.html =404; }',
      `limit_req_zone $server_port zone=all:1m rate=${LIMIT_PER_SEC}r/s;`,
    );
    const { summary, out, stderr, dueS, logged } = await run(
      nginx,
      'limited',
      `streams:
  - name: crowd
    arrivals: even
    stages:
      - { rate: 60, for: 6s }
      - { from: 60, to: 360, for: 10s }
      - { rate: 360, for: 5s }
      - { from: 360, to: 60, for: 6s }
      - { rate: 60, for: 6s }
    requests: [{ route: page, get: "/page?id={seq}" }]
`,
    ).finally(() => nginx.stop());
    assert.deepEqual(summary.statuses, tally(logged.map(({ status }) => status)), stderr);
    assert.deepEqual(await differences(out, logged, dueS), []);
    const refused = logged.filter(({ status }) => status === 503);
    assert.ok(refused.length > 500);
    assertOutages(summary, [spanOf(secondsRefused(logged, dueS))]);
    const over = summary.windows.filter(({ planned }) => planned > 1.5 * LIMIT_PER_SEC);
    const served = over.reduce((sum, { ok }) => sum + ok, 0) / over.length;
    assert.ok(Math.abs(served / LIMIT_PER_SEC - 1) < 0.1, `${served}/s are served`);
    const { goodput, knee } = findIncident((await readResults([out])).snapshot);
    const kneePerSec = knee?.ratePerSec ?? 0;
    assert.ok(Math.abs(kneePerSec / LIMIT_PER_SEC - 1) < 0.1, `the knee is at ${kneePerSec}/s`);
    assert.equal(goodput?.collapse?.collapsed, false, JSON.stringify(goodput?.collapse));
  });

  it('is there when it is cut, stopped, or cut for one tenant, who alone is hit', async () => {
    const home = mkdtempSync(join(folder, 'cut-'));
    const nginx = await Nginx.start(
      home,
      `if (-f ${home}/cut) { return 503; }
       if (-f ${home}/cut-$host) { return 503; }
       location / { try_files /page.html =404; }`,
    );
    const TENANTS = ['shop-1', 'shop-2', 'shop-3', 'shop-4'];
    const cut = async (file: string, forMs: number) => {
      writeFileSync(join(home, file), '');
      await sleep(forMs);
      rmSync(join(home, file));
    };
    const { summary, dueS, logged, stderr } = await run(
      nginx,
      'cut',
      `tenants: { host: "{tenant}.shop.test" }
streams:
  - name: crowd
    stages: [{ rate: 120, for: 36s }]
    tenant: "shop-{n}"
    requests: [{ route: page, get: "/page?id={seq}" }]
    data: { n: { range: [1, 4] } }
`,
      async () => {
        while (nginx.logged().length === 0) await sleep(50);
        await sleep(5_000);
        await cut('cut', 4_000);
        await sleep(6_000);
        await nginx.stop();
        await sleep(4_000);
        await nginx.startAgain();
        await sleep(6_000);
        await cut('cut-shop-2.shop.test', 4_000);
      },
    ).finally(() => nginx.stop());
    assert.deepEqual(summary.statuses, tally(logged.map(({ status }) => status)), stderr);

    const answered = new Set(logged.map(idOf));
    const unanswered = [...dueS].filter(([id]) => !answered.has(id)).map(([, second]) => second);
    const stopped = spanOf(unanswered);
    const cutAll = logged.filter((line) => line.status === 503 && dueSOf(dueS)(line) < stopped[0]);
    const cutOne = logged.filter((line) => line.status === 503 && dueSOf(dueS)(line) > stopped[1]);
    assert.equal(new Set(cutAll.map(({ host }) => host)).size, 4);
    assert.deepEqual([...new Set(cutOne.map(({ host }) => host))], ['shop-2.shop.test']);
    const [all, one] = [cutAll, cutOne].map((lines) => spanOf(lines.map(dueSOf(dueS)))) as [Span, Span];
    assertOutages(summary, [all, stopped, one]);

    for (const tenant of TENANTS) {
      const told = summary.tenants.find(({ name }) => name === tenant);
      const own = logged.filter(({ host }) => host === `${tenant}.shop.test`);
      assert.equal(told?.ok, own.filter(({ status }) => status === 200).length, tenant);
    }
    assert.equal(summary.tenants[0]?.name, 'shop-2', 'the worst is who was cut once more');
  });
});

function idOf({ uri }: Logged): number {
  return Number(/id=(\d+)/.exec(uri)?.[1]);
}

/** The seconds in which over 5 % of what was due was refused. */
function secondsRefused(logged: readonly Logged[], dueS: ReadonlyMap<number, number>): number[] {
  const of = new Map<number, { all: number; refused: number }>();
  for (const line of logged) {
    const second = dueSOf(dueS)(line);
    const { all, refused } = of.get(second) ?? { all: 0, refused: 0 };
    of.set(second, { all: all + 1, refused: refused + (line.status === 503 ? 1 : 0) });
  }
  return [...of].filter(([, { all, refused }]) => refused > 0.05 * all).map(([second]) => second);
}

/** The second in which a logged request was due. */
function dueSOf(dueS: ReadonlyMap<number, number>) {
  return (line: Logged) => dueS.get(idOf(line)) ?? assert.fail(`the plan has no ${line.uri}`);
}
