// Visits with a memory end to end: a server that hands out carts and tokens, and answers only who brings them back.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { runCli } from '../support/cli.js';
import { type RawPeer, type RawServer, startRawServer } from '../support/raw-server.js';

const USERS = 40;

/** A shop with a login: a token for its form, a session cookie, a cart for what is added. */
class Shop {
  readonly #passwords: ReadonlyMap<string, string>;
  readonly #tokens = new Set<string>();
  readonly #carts = new Map<string, string>();
  readonly refused: string[] = [];
  readonly names = new Set<string>();
  logins = 0;
  #n = 0;
  server: RawServer | undefined;

  constructor(passwords: ReadonlyMap<string, string>) {
    this.#passwords = passwords;
  }

  answer(socket: RawPeer, head: string): void {
    const [method, target = ''] = head.split(' ');
    const body = this.server?.bodies.at(-1) ?? '';
    const [path = '', ...rest] = target.split('/').slice(1);
    const route = `${method} ${path}`;
    if (route === 'GET login') this.#form(socket);
    else if (route === 'POST login') this.#login(socket, new URLSearchParams(body));
    else if (route === 'GET products') reply(socket, 200, 'a product');
    else if (route === 'POST cart') this.#add(socket, JSON.parse(body));
    else if (route === 'GET cart') this.#show(socket, rest[0] ?? '', rest[1] ?? '', head);
    else this.#refuse(socket, head);
  }

  #form(socket: RawPeer): void {
    const token = `t${++this.#n}+/&"é`;
    this.#tokens.add(token);
    const page = `${'<p>shop</p>'.repeat(200)}<input name="csrf" value='${token}'>`;
    reply(socket, 200, gzipSync(page), 'content-encoding: gzip\r\n');
  }

  #login(socket: RawPeer, form: URLSearchParams): void {
    const email = form.get('email') ?? '';
    const known = this.#passwords.get(email) === form.get('password');
    if (!known || !this.#tokens.delete(form.get('csrf') ?? '')) {
      this.#refuse(socket, `login ${form}`);
      return;
    }
    this.logins++;
    this.names.add(email);
    reply(socket, 302, '', `location: /welcome/w${this.#n}?x\r\nset-cookie: sid=s1; path=/\r\n`);
  }

  #add(socket: RawPeer, { product }: { product: string }): void {
    const id = `c/${++this.#n}`;
    this.#carts.set(id, product);
    reply(socket, 201, JSON.stringify({ cart: { id, items: [product] } }));
  }

  #show(socket: RawPeer, id: string, product: string, head: string): void {
    const right = this.#carts.get(decodeURIComponent(id)) === product;
    if (right && head.includes(`x-cart: ${decodeURIComponent(id)}`)) reply(socket, 200, 'your cart');
    else this.#refuse(socket, head);
  }

  #refuse(socket: RawPeer, what: string): void {
    this.refused.push(what);
    reply(socket, 422, '');
  }
}

function reply(socket: RawPeer, status: number, body: string | Buffer, headers = ''): void {
  const bytes = Buffer.from(body as string);
  socket.write(`HTTP/1.1 ${status} Fine\r\ncontent-length: ${bytes.length}\r\n${headers}\r\n`);
  if (bytes.length > 0) socket.write(bytes);
}

/** What only users and their passwords hold. */
const USER = /hush|user(?:\+|%2B)\d/;

const file = () => join(folder, 'flow.yaml');

let folder: string;
let server: RawServer;
let shop: Shop;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'flows-'));
  const users = Array.from(
    { length: USERS },
    (_, i) => [`user+${i}@shop.example`, `hush & ${i}="x"`] as const,
  );
  const lines = users.map(([email, password]) => `${email},"${password.replaceAll('"', '""')}"`);
  writeFileSync(join(folder, 'users.csv'), `email,password\n${lines.join('\n')}\n`);
  shop = new Shop(new Map(users));
  server = await startRawServer((socket, head) => shop.answer(socket, head));
  shop.server = server;
  writeFileSync(
    join(folder, 'flow.yaml'),
    `target: http://127.0.0.1:${server.port}
writes: [login, cart]
seed: 3
data: { product: { range: [1, 500] } }
streams:
  - name: shoppers
    stages: [{ rate: 60/s, for: 4s }]
    login:
      users: users.csv
      share: 50%
      steps:
        - { get: /login, capture: { csrf: { regex: "name=\\"csrf\\" value='([^']+)'" } }, think: 100ms }
        - { post: /login, form: { email: "{user.email}", password: "{user.password}", csrf: "{csrf}" }, think: 100ms }
    flow:
      - { get: "/products/{product}", think: 200ms }
      - { post: /cart, json: { product: "{product}" }, capture: { cart: { json: $.cart.id } }, think: 200ms }
      - { get: "/cart/{cart}/{product}", headers: { x-cart: "{cart}" } }
`,
  );
});
after(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('a flow with a login', () => {
  it('brings back every token, cart and user to the shop, and tells nobody who they are', async () => {
    const out = join(folder, 'result.ndjson');
    const summaryFile = join(folder, 'summary.json');
    const result = await runCli([
      'run',
      file(),
      '--out',
      out,
      '--report',
      'text',
      '--report',
      `json=${summaryFile}`,
    ]);
    const summary = JSON.parse(readFileSync(summaryFile, 'utf8'));
    assert.deepEqual(shop.refused, [], result.stderr);
    assert.equal(summary.outcomes.ok, summary.planned, result.stdout);
    assert.ok(shop.logins > 20, `${shop.logins} logins`);
    assert.ok(shop.names.size > 10, `${shop.names.size} users`);
    for (const name of readdirSync(folder)) {
      if (name === 'users.csv') continue;
      assert.doesNotMatch(readFileSync(join(folder, name), 'utf8'), USER, name);
    }
    assert.doesNotMatch(result.stdout + result.stderr, USER);
  });

  it('is planned with its steps and without its users', async () => {
    const { stdout: text } = await runCli(['plan', file()]);
    assert.match(
      text,
      /Login +shoppers: 50\.0 % of its visitors \(\d+\), about \d+ at once, as 40 users: GET\s/,
    );
    assert.match(text, /takes \{cart\}/);
    const plan = JSON.parse((await runCli(['plan', file(), '--json'])).stdout);
    assert.deepEqual(
      plan.streams[0].flow.map(({ request }: { request: string }) => request),
      ['GET /products/{product}', 'POST /cart', 'GET /cart/{cart}/{product}'],
    );
    assert.equal(plan.streams[0].login.users, USERS);
    const { stdout: arrivals } = await runCli(['plan', file(), '--arrivals']);
    assert.match(arrivals, /GET,\/cart\/\{cart\}\/\d+\n/);
    assert.doesNotMatch(text + arrivals + JSON.stringify(plan), USER);
  });
});
