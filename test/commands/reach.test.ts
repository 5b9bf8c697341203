// Reaching the target before a run: what is connected to, what is left out, and what is refused.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { reachTarget, UnreachableError } from '../../src/commands/preflight/reach.js';
import { SocketOpener } from '../../src/drive/sockets/socket-opener.js';
import { UserError } from '../../src/problem.js';
import { type Given, GOOD, load } from '../scenario/support.js';
import { startProxy } from '../support/proxy-server.js';
import { startRawServer } from '../support/raw-server.js';
import { CA, SERVER } from '../support/tls/material.js';
import { startTlsServer } from '../support/tls-server.js';

const ENV = '$'.concat('{env:LOGIN}');

/** Reaches the target that stands in the scenario. */
async function reach(t: TestContext, target: string, given: Partial<Given> = {}) {
  const yaml = GOOD.replace('http://127.0.0.1:8080', target);
  const reached = await reachTarget(await load(t, { ...given, yaml }), '1.2.3', 'run-7');
  t.after(() => reached.close());
  return reached;
}

test('a target that answers, with what is sent to it and nothing sent yet', async (t) => {
  const server = await startRawServer(() => {});
  t.after(() => server.close());
  const url = `http://127.0.0.1:${server.port}`;
  const { target, warnings, follow } = await reach(t, `{ url: "${url}", basicAuth: "${ENV}" }`, {
    env: { LOGIN: 'me:hunter2' },
  });
  assert.deepEqual(target, {
    protocol: 'http:',
    hostname: '127.0.0.1',
    port: server.port,
    host: `127.0.0.1:${server.port}`,
    addresses: ['127.0.0.1'],
    headers: [
      'user-agent',
      'flashcrowd/1.2.3',
      'x-flashcrowd-run',
      'run-7',
      'authorization',
      `Basic ${Buffer.from('me:hunter2').toString('base64')}`,
    ],
  });
  assert.deepEqual([warnings, follow, server.requests], [[], null, []]);
});

test('addresses that do not answer are left out, and said', async (t) => {
  const server = await startRawServer(() => {});
  t.after(() => server.close());
  const url = `http://localhost:${server.port}`;
  const { target, warnings } = await reach(t, `{ url: "${url}", addresses: [127.0.0.2, 127.0.0.1] }`);
  assert.deepEqual(target.addresses, ['127.0.0.1']);
  assert.deepEqual(warnings, ['no answer at 127.0.0.2: left out of this run']);
});

test('a target that is not there is unreachable', async (t) => {
  const server = await startRawServer(() => {});
  await server.close();
  await assert.rejects(
    reach(t, `http://127.0.0.1:${server.port}`),
    (error) =>
      error instanceof UnreachableError &&
      /nothing answers at 127\.0\.0\.1 .*ECONNREFUSED/.test(error.message),
  );
});

test('a proxy is asked for a tunnel, and its refusal is told', async (t) => {
  const server = await startRawServer(() => {});
  const proxy = await startProxy(server.port);
  const strict = await startProxy('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
  t.after(() => Promise.all([server.close(), proxy.close(), strict.close()]));
  const through = (port: number) =>
    `{ url: "http://127.0.0.1:80", proxy: "http://127.0.0.1:${port}", proxyAuth: "${ENV}" }`;
  const env = { LOGIN: 'me:hunter2' };
  const { target } = await reach(t, through(proxy.port), { env });
  assert.equal(target.port, proxy.port);
  assert.match(
    proxy.requests[0] ?? '',
    /^CONNECT 127\.0\.0\.1:80 [\s\S]*Proxy-Authorization: Basic bWU6aHVudGVyMg==/,
  );
  await assert.rejects(
    reach(t, through(strict.port), { env }),
    /through the proxy .* \(the proxy answered 407\)/,
  );
});

test('a source that is not this machine is refused, and one that is is used', async (t) => {
  const from: (string | undefined)[] = [];
  const server = createServer((socket) => from.push(socket.remoteAddress));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as { port: number };
  await reach(t, `{ url: "http://127.0.0.1:${port}", sources: [127.0.0.5] }`);
  assert.deepEqual(from, ['127.0.0.5']);
  // A block for documentation, which no machine has (RFC 5737).
  await assert.rejects(
    reach(t, `{ url: "http://127.0.0.1:${port}", sources: [127.0.0.5, 192.0.2.7] }`),
    (error) => error instanceof UserError && /192\.0\.2\.7 is no address of this machine/.test(error.message),
  );
  // A machine without IPv6 does not have the address; one with it cannot use it here.
  await assert.rejects(
    reach(t, `{ url: "http://127.0.0.1:${port}", sources: "::1" }`),
    /no source address is of its kind|::1 is no address of this machine/,
  );
});

test('a certificate that is not trusted is a warning before the run', async (t) => {
  const server = await startTlsServer(SERVER);
  t.after(() => server.close());
  const url = `https://localhost:${server.port}`;
  const strange = await reach(t, url);
  assert.match(strange.warnings.join(), /localhost: its certificate is not trusted .*--ca FILE/);
  const trusted = await reach(t, `{ url: "${url}", addresses: 127.0.0.1, tls: { ca: ca.pem } }`, {
    files: { 'ca.pem': CA },
  });
  assert.deepEqual(trusted.warnings, []);
  const opened = await new Promise((resolve, reject) =>
    new SocketOpener(trusted.target).open(
      'localhost',
      null,
      (socket) => {
        socket.destroy();
        resolve(true);
      },
      reject,
    ),
  );
  assert.ok(opened);
});
