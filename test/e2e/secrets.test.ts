// Secrets end to end: everything that a run says and writes is searched for every secret, in every form.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { openRecording } from '../../src/recording/parquet/recording-file.js';
import { line } from '../recording/support.js';
import { type CliResult, runCli } from '../support/cli.js';
import { startProxy } from '../support/proxy-server.js';
import { type RawServer, startRawServer } from '../support/raw-server.js';
import { CLIENT, SELF_SIGNED } from '../support/tls/material.js';
import { startTlsServer } from '../support/tls-server.js';

/** What the environment holds. Characters that JSON, URLs and forms write otherwise are in most. */
const ENV = {
  LOGIN: 'stagingUser:hunter2/"x" & =y',
  TOKEN: 'tok/en+"quoted\\" 4711%',
  BODY: 'body "secret" + <\u00e9> 0815',
  FORM: 'form secret & more=1',
  PASS: CLIENT.passphrase,
  PROXY: 'proxyUser:proxy?Pass#1',
};
const USERS = [
  ['first.user@shop.example', 'pass"word & 1'],
  ['other.user@shop.example', 'pass/word + 2'],
];
/** In the log that is imported. */
const LOGGED = ['logged-s3cr3t-token', 'bearer-from-a-log'];

const INPUTS = new Set([
  'all.yaml',
  'tls.yaml',
  'proxy.yaml',
  'users.csv',
  'throws.mjs',
  'k.pem',
  'c.pem',
  'access.log',
]);

const HOOKS = `
const told = (request) =>
  [...request.headers].map((pair) => pair.join(': ')).join(' ') + ' ' + request.path + ' ' + request.body;
export function beforeRequest(request, { seq }) {
  if (seq % 5 === 3 && request.method === 'POST') throw new Error('before: ' + told(request));
}
export function afterResponse(response, request) {
  if (request.method === 'GET') return;
  throw new Error('after: ' + told(request) + ' ' + response.body + ' ' + response.headers.get('x-echo'));
}
`;

let folder: string;
let server: RawServer;
const said: string[] = [];

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'flashcrowd-secrets-'));
  // Gives back what it was sent wherever an answer can hold it.
  server = await startRawServer((socket, head) => {
    const echo = head.replace(/[\r\n]+/g, ' ');
    const body = `${head}\n${server.bodies.at(-1)}`;
    socket.write(
      Buffer.from(
        `HTTP/1.1 200 ${echo}\r\nx-echo: ${echo}\r\nx-cache: ${echo}\r\nlocation: /welcome?${encodeURIComponent(echo)}\r\nset-cookie: echo=${encodeURIComponent(echo)}\r\ncontent-type: ${echo}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
        'latin1',
      ),
    );
  });
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  write('throws.mjs', HOOKS);
  write(
    'users.csv',
    `email,password\n${USERS.map(([a, b]) => `${a},"${b?.replaceAll('"', '""')}"`).join('\n')}\n`,
  );
  write('c.pem', CLIENT.cert);
  write('k.pem', CLIENT.key);
  write(
    'all.yaml',
    `target: { url: "http://127.0.0.1:${server.port}", basicAuth: "${env('LOGIN')}" }
hooks: throws.mjs
redirects: 2
writes: [login, cart, form]
headers: { x-token: "${env('TOKEN')}", authorization-copy: "Bearer ${env('TOKEN')}" }
streams:
  - stages: [{ rate: 40/s, for: 1s }]
    login:
      users: users.csv
      share: 100%
      steps:
        - { post: /login, form: { email: "{user.email}", password: "{user.password}", f: "${env('FORM')}" }, think: 50ms }
    requests:
      - { route: cart, post: /cart, json: { secret: "${env('BODY')}", q: 1 } }
      - { route: form, post: /cart, form: { secret: "${env('FORM')}" } }
      - { route: home, get: / }
visits: { requests: 2, think: 50ms }
`,
  );
});
after(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const env = (name: string) => '$'.concat(`{env:${name}}`);

async function cli(...args: string[]): Promise<CliResult> {
  const result = await runCli(args, {
    cwd: folder,
    env: {
      ...ENV,
      HOME: folder,
      XDG_CACHE_HOME: join(folder, 'cache'),
      XDG_RUNTIME_DIR: folder,
      TMPDIR: folder,
    },
  });
  said.push(`${args.join(' ')}\n${result.stdout}\n${result.stderr}`);
  return result;
}

/** A secret as messages, URLs, forms and headers may hold it. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const base64 = [0, 1, 2].map((offset) =>
    // Without what its neighbours decide too.
    Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '')
      .slice(4, -2),
  );
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    encodeURIComponent(secret).replaceAll('%20', '+'),
    bytes.toString('hex'),
    bytes.toString('latin1'),
    ...base64,
  ];
}

/** The secret parts of what the environment holds: a login is two. */
const SECRETS = [...Object.values(ENV), 'hunter2/"x" & =y', 'proxy?Pass#1', ...USERS.flat()] as string[];

function assertNone(text: string, where: string, secrets: readonly string[] = SECRETS): void {
  const found = secrets.flatMap((secret) => formsOf(secret).filter((form) => text.includes(form)));
  assert.deepEqual(found, [], where);
}

function filesOf(path: string): string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !INPUTS.has(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

describe('secrets', () => {
  it('are in nothing that a run says and writes, though server and hooks say them', async () => {
    mkdirSync(join(folder, 'made'));
    const run = await cli(
      'run',
      'all.yaml',
      '--report',
      'text',
      '--report',
      'json=made/s.json',
      '-o',
      'made/r.ndjson',
    );
    assert.match(run.stderr, /the hook beforeRequest threw: before: /);
    assert.match(run.stderr, /the hook afterResponse threw: after: /);
    assert.match(run.stderr, /\[env:TOKEN\]/);
    assert.match(run.stderr, /\[user\]/);
    assert.ok(
      server.requests.some((head) => head.includes(ENV.TOKEN)),
      'the secrets were sent',
    );
    assert.equal((await cli('report', 'made/r.ndjson', '--format', 'json')).code, run.code);
    await cli('merge', 'made/r.ndjson', '-o', 'made/m.ndjson');
  });

  it('are in no plan, and no arrival of one', async () => {
    for (const how of [[], ['--json'], ['--arrivals']]) {
      const { code, stderr } = await cli('plan', 'all.yaml', ...how);
      assert.equal(code, 0, stderr);
    }
  });

  it('are in no probe, whatever the hooks say', async () => {
    for (const how of [[], ['--json']]) {
      const { code, stderr } = await cli('probe', 'all.yaml', ...how);
      assert.ok(code === 0 || code === 1, stderr);
    }
  });

  it('are in nothing that is said of a way that fails: a handshake, a proxy, a value that is no login', async () => {
    const untrusted = await startTlsServer(SELF_SIGNED);
    writeFileSync(
      join(folder, 'tls.yaml'),
      `target:
  url: https://localhost:${untrusted.port}
  tls: { cert: c.pem, key: k.pem, passphrase: "${env('PASS')}" }
headers: { x-token: "${env('TOKEN')}" }
streams: [{ stages: [{ rate: 10, for: 1s }] }]
`,
    );
    const tls = await cli('run', 'tls.yaml', '-o', 'made/t.ndjson', '--report', 'json');
    await untrusted.close();
    assert.match(tls.stdout, /"tls": [1-9]/);
    const proxy = await startProxy(`HTTP/1.1 407 ${ENV.PROXY}\r\nx: ${ENV.PROXY}\r\n\r\n`);
    writeFileSync(
      join(folder, 'proxy.yaml'),
      `target: { url: "http://127.0.0.1:${server.port}", proxy: "http://127.0.0.1:${proxy.port}", proxyAuth: "${env('PROXY')}" }
streams: [{ stages: [{ rate: 10, for: 1s }] }]
`,
    );
    const { code, stderr } = await cli('run', 'proxy.yaml', '-o', 'made/p.ndjson');
    await proxy.close();
    assert.equal(code, 5);
    assert.match(stderr, /407/);
    assert.ok(proxy.requests[0]?.includes(Buffer.from(ENV.PROXY).toString('base64')), 'the login was sent');
    const wrong = await runCli(['plan', 'all.yaml'], {
      cwd: folder,
      env: { ...ENV, LOGIN: 'noColonButSecret' },
    });
    assert.equal(wrong.code, 2);
    assertNone(wrong.stderr + wrong.stdout, 'the refusal', ['noColonButSecret']);
  });

  it('of a log are in no audit, recording or draft', async () => {
    const log = Array.from({ length: 20 }, (_, i) =>
      line(1_764_000_000 + i, `/account?token=${LOGGED[0]}&authorization=Bearer%20${LOGGED[1]}&q=${i}`),
    );
    writeFileSync(join(folder, 'access.log'), `${log.join('\n')}\n`);
    await cli('import', 'access.log', '-o', 'made/log.parquet');
    await cli('import', 'access.log', '--audit', '--json');
    const { code, stderr } = await cli('init', 'access.log', '-o', 'made/draft.yaml');
    assert.equal(code, 0, stderr);
    const recording = await openRecording(join(folder, 'made', 'log.parquet'));
    for await (const rows of recording.read()) assertNone(JSON.stringify(rows), 'the rows', LOGGED);
    assertNone(recording.metadata, 'the audit', LOGGED);
    await recording.close();
  });

  it('are in no output of all these, and in no file that they left', () => {
    for (const text of said) assertNone(text, text.slice(0, 40), [...SECRETS, ...LOGGED]);
    const files = filesOf(folder);
    assert.ok(files.length >= 6, files.join(', '));
    for (const file of files) assertNone(readFileSync(file, 'latin1'), file, [...SECRETS, ...LOGGED]);
  });
});
