// The built CLI against a TLS server: what trusts it, what does not, and what is said of that.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runCli } from '../support/cli.js';
import { CLIENT, SERVER } from '../support/tls/material.js';
import { startTlsServer } from '../support/tls-server.js';

test('a run over TLS: untrusted, trusted by its authority, and not checked', async (t) => {
  const server = await startTlsServer(SERVER);
  const folder = await mkdtemp(join(tmpdir(), 'tls-'));
  t.after(async () => {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });
  const ca = fileURLToPath(new URL('../support/tls/ca.pem', import.meta.url));
  await writeFile(join(folder, 'c.pem'), CLIENT.cert);
  await writeFile(join(folder, 'k.pem'), CLIENT.key);
  const scenario = join(folder, 'secure.yaml');
  await writeFile(
    scenario,
    `target:
  url: https://localhost:${server.port}
  tls: { cert: c.pem, key: k.pem, passphrase: "${'$'.concat('{env:PASS}')}" }
streams: [{ stages: [{ rate: 20, for: 1s }], arrivals: even }]
visits: { requests: 2, think: 0.2s }
gates: [errors < 1%]
`,
  );
  const run = (...more: string[]) =>
    runCli(['run', scenario, '-o', join(folder, 'r.ndjson'), '--report', 'json', ...more], {
      env: { PASS: CLIENT.passphrase },
    });
  const untrusted = await run();
  assert.match(untrusted.stderr, /warning: localhost: its certificate is not trusted .*--insecure/);
  assert.equal(JSON.parse(untrusted.stdout).outcomes.tls, 20);
  for (const [option, said] of [
    [['--ca', ca], /→ https:\/\/localhost:\d+, 1 worker/],
    [['--insecure'], /→ https:\/\/localhost:\d+ \(certificates not checked\), 1 worker/],
  ] as const) {
    const { stderr, stdout } = await run(...option);
    assert.match(stderr, said);
    assert.equal(JSON.parse(stdout).outcomes.ok, 20, stderr);
  }
});
