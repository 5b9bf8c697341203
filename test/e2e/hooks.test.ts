// Hooks end to end: a signature reaches the target, a throw is an outcome of its own, what is no hook is refused.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { runCli } from '../support/cli.js';
import { type RawServer, startRawServer } from '../support/raw-server.js';

let folder: string;
let server: RawServer;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'flashcrowd-hooks-'));
  server = await startRawServer((socket) =>
    socket.write('HTTP/1.1 200 OK\r\nx-sum: 5\r\ncontent-length: 5\r\n\r\nhello'),
  );
});
after(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a scenario whose hooks are this text. */
async function runWith(name: string, text: string) {
  writeFileSync(join(folder, `${name}.mjs`), text);
  const file = join(folder, `${name}.yaml`);
  writeFileSync(
    file,
    `target: http://127.0.0.1:${server.port}
hooks: ./${name}.mjs
streams:
  - stages: [{ rate: 100, for: 1s }]
    requests: [{ route: item, get: "/p?id={seq}" }]
`,
  );
  const [out, json] = [join(folder, `${name}.ndjson`), join(folder, `${name}.json`)];
  const result = await runCli(['run', file, '--out', out, '--report', `json=${json}`]);
  return {
    ...result,
    lines: () =>
      readFileSync(out, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    outcomes: () => (JSON.parse(readFileSync(json, 'utf8')) as { outcomes: Record<string, number> }).outcomes,
  };
}

describe('hooks', () => {
  it('sign each request by what is sent, see each response, and their cost is kept', async () => {
    const seen = server.requests.length;
    const { outcomes, lines } = await runWith(
      'sign',
      `import { createHash } from 'node:crypto';
       export function beforeRequest(request, context) {
         request.path += '&n=' + context.seq;
         const text = request.method + request.host + request.path;
         request.headers.set('X-Signature', createHash('sha256').update(text).digest('hex'));
       }
       export function afterResponse(response, request) {
         if (response.body !== 'hello' || response.headers.get('x-sum') !== '5') throw new Error(response.body);
         if (request.headers.get('x-signature') === undefined) throw new Error('no signature');
       }`,
    );
    const { ok, hook } = outcomes();
    assert.ok((ok as number) > 0);
    assert.equal(hook, 0);
    const heads = server.requests.slice(seen);
    assert.equal(heads.length, ok);
    for (const head of heads) {
      const [, method, path] = /^(\S+) (\S+) /.exec(head) ?? [];
      const [, id, n] = /id=(\d+)&n=(\d+)$/.exec(path ?? '') ?? [];
      assert.equal(n, id);
      const signed = createHash('sha256').update(`${method}127.0.0.1:${server.port}${path}`).digest('hex');
      assert.equal(/^x-signature: (\S+)$/im.exec(head)?.[1], signed);
    }
    const health = lines().filter(({ t }) => t === 'health') as unknown as {
      hookCalls: number;
      hookUs: number;
    }[];
    const calls = health.reduce((sum, { hookCalls }) => sum + hookCalls, 0);
    assert.equal(calls, 2 * (ok as number));
    assert.ok(health.some(({ hookUs }) => hookUs > 0));
  });

  it('that throw cost their request, which is not sent, and are told of once', async () => {
    const seen = server.requests.length;
    const { stderr, outcomes } = await runWith(
      'throw',
      `export function beforeRequest(request, { seq }) {
         if (seq % 2 === 1) throw new Error('no key\\u001b[2J for it');
       }`,
    );
    const { ok, hook } = outcomes();
    assert.ok((ok as number) > 0 && (hook as number) > 0, JSON.stringify(outcomes()));
    assert.equal(server.requests.length - seen, ok);
    const warnings = stderr.match(/warning: the hook beforeRequest threw: no key.*$/gm) ?? [];
    assert.ok(warnings.length >= 1 && !warnings.join('').includes('\u001b'), stderr);
  });

  it('that are asynchronous are refused before anything is sent', async () => {
    const seen = server.requests.length;
    const { code, stderr } = await runWith('async', 'export async function beforeRequest() {}');
    assert.equal(code, 2);
    assert.match(stderr, /async\.mjs: beforeRequest is AsyncFunction; hooks must be synchronous/);
    assert.equal(server.requests.length, seen);
  });

  it('that return a promise end the run, which says why', async () => {
    const { code, stderr } = await runWith(
      'promise',
      'export const beforeRequest = () => Promise.resolve();',
    );
    assert.equal(code, 3);
    assert.match(stderr, /the hook beforeRequest returned a promise; hooks must be synchronous/);
  });
});
