// A real nginx with faults: its own access log must equal the report's attempts in every second and status.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { differences, dueSeconds } from '../support/against-log.js';
import { FAULTY, Nginx, nginxMissing } from '../support/nginx.js';
import type { Section } from './outcomes.js';
import { runCli, runTrial } from './trials.js';

export const nginx: Section = {
  name: 'nginx',
  async run({ folder, quick, tell }) {
    if (nginxMissing !== false) {
      tell(nginxMissing);
      return [];
    }
    const wrong: string[] = [];
    let requests = 0;
    const models = ['visitor', 'fresh', 'pool=100'];
    for (const connections of models) {
      const name = `nginx-${connections.replace('=', '-')}`;
      const own = join(folder, name);
      mkdirSync(own);
      const server = await Nginx.start(own, FAULTY.locations, FAULTY.http);
      const scenario = `name: torture
target: ${server.url}
streams:
  - spike: { base: 100, peak: ${quick ? 3 : 8}x, at: 3s, rise: 2s, hold: 8s, fall: 2s, total: 18s }
    requests:${FAULTY.requests}
visits: { requests: 3, think: 1s }
`;
      const { resultFile, summary } = await runTrial({
        folder,
        name,
        scenario,
        args: ['--connections', connections],
      });
      const plan = await runCli(['plan', join(own, 'scenario.yaml'), '--arrivals'], own);
      const logged = server.logged();
      await server.stop();
      const found = await differences(resultFile, logged, dueSeconds(plan.stdout));
      if (summary?.attempts !== logged.length)
        found.unshift(`${summary?.attempts} attempts, ${logged.length} logged`);
      if (found.length > 0) wrong.push(`${connections}: ${found.slice(0, 3).join('; ')}`);
      requests += logged.length;
      tell(`${connections}: ${logged.length} requests, ${found.length} differences`);
    }
    return [
      {
        what: 'nginx that cuts, limits, is slow and fails: its log equals the attempts, by second and status',
        times: models.length,
        wrong,
        seen: `${requests.toLocaleString('en-US')} requests`,
      },
    ];
  },
};
