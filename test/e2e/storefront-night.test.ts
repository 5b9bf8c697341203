// A scripted night of the storefront, run in fast-forward: what the report tells is what the shop's own timeline has.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { runCli, startStorefront } from '../support/cli.js';

/** Of `/__storefront/timeline`. */
interface Timeline {
  readonly startedAt: string;
  readonly events: readonly { readonly text: string; readonly fromS: number; readonly toS: number | null }[];
  readonly totals: { readonly statuses: Record<string, number> };
  readonly seconds: readonly {
    readonly atS: number;
    readonly arrivals: number;
    readonly shed503: number;
    readonly late504: number;
    readonly instancesServing: number;
    readonly instancesBooting: number;
  }[];
}

interface Summary {
  readonly startedAt: string;
  readonly statuses: Record<string, number>;
  readonly incident: {
    readonly outages: readonly { readonly startS: number; readonly endS: number | null }[];
  };
}

it('tells the outages of a group that does not expand and of a restart as the shop had them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'flashcrowd-night-'));
  // At 60 times its pace minutes are seconds.
  const night = join(folder, 'night.txt');
  writeFileSync(
    night,
    '# the group does not expand\nautoscaler stuck from 0\nall instances down from 11m to 13m\n',
  );
  const shop = await startStorefront(['--speed', '60', '--concurrency', '6', '--script', night]);
  try {
    const scenario = join(folder, 'night.yaml');
    writeFileSync(
      scenario,
      `target: ${shop.url}
streams:
  - name: crowd
    spike: { base: 120, peak: 400, at: 2m, rise: 1m, hold: 3m, fall: 1m, total: 18m }
    requests: [{ route: product, get: "/products/{seq}" }]
`,
    );
    const json = join(folder, 'summary.json');
    const { stderr } = await runCli(['run', scenario, '--speed', '60', '--report', `json=${json}`]);
    const summary = JSON.parse(readFileSync(json, 'utf8')) as Summary;
    const timeline = (await shop.timeline()) as unknown as Timeline;

    assert.deepEqual(summary.statuses, timeline.totals.statuses, stderr);
    assert.ok(
      timeline.seconds.every(({ instancesServing }) => instancesServing === 5),
      'none came',
    );
    assert.ok(
      timeline.seconds.some(({ instancesBooting }) => instancesBooting > 0),
      'though some were ordered',
    );

    const beganS = (Date.parse(summary.startedAt) - Date.parse(timeline.startedAt)) / 1e3;
    const restart = timeline.events[1];
    assert.equal(restart?.text, 'all instances down from 11m to 13m');
    // A second alone is no outage.
    const isBroken = timeline.seconds.map(
      ({ arrivals, shed503, late504 }) => shed503 + late504 > 0.05 * arrivals,
    );
    const broken = timeline.seconds
      .map(({ atS }) => atS)
      .filter((atS) => isBroken[atS] && (isBroken[atS - 1] || isBroken[atS + 1]) && atS < restart.fromS - 1);
    const had = [
      [broken[0] ?? 0, (broken.at(-1) ?? 0) + 1],
      [restart.fromS, restart.toS ?? 0],
    ].map((span) => span.map((atS) => atS - beganS));
    const told = summary.incident.outages.map(({ startS, endS }) => [startS, endS ?? Number.NaN]);
    const message = `told ${JSON.stringify(told)}, had ${JSON.stringify(had)}`;
    assert.equal(told.length, had.length, message);
    told.flat().forEach((atS, i) => {
      assert.ok(Math.abs(atS - (had.flat()[i] ?? 0)) <= 2, message);
    });
  } finally {
    await shop.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
