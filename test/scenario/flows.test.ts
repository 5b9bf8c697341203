// flow, capture and login in a scenario file: what they come to, and what is refused.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RateInput, RateStream } from '../../src/scenario/plan.js';
import { planId } from '../../src/scenario/plan-id.js';
import { load, problemsOf } from './support.js';

const USERS = {
  'users.csv': 'email,password,note\nann@shop.example,s3cret-ann,\nbob@shop.example,s3cret-bob,\n',
};

const scenario = (stream: string, more = '') => `target: http://127.0.0.1:8080
writes: [login, cart]
routes: { login: { path: /login }, cart: { path: /cart } }
data: { product: { range: [1, 500] } }
${more}
streams:
  - name: shoppers
    stages: [{ rate: 50/s, for: 2m }]
${stream}`;

const FLOW = `    flow:
      - { get: "/products/{product}", think: 4s }
      - { post: /cart, json: { product: "{product}" }, capture: { cart: { json: "$.id" } } }
      - { get: "/cart/{cart}", think: 10s }
`;

const LOGIN = `    login:
      users: users.csv
      share: 30%
      steps:
        - { get: /login, capture: { csrf: { regex: 'name="csrf" value="([^"]+)"' } }, think: 1s }
        - { post: /login, form: { email: "{user.email}", password: "{user.password}", csrf: "{csrf}" } }
`;

describe('a flow and a login', () => {
  it('become steps with think times, captures and users', async (t) => {
    const { plan, inputs, warnings } = await load(t, { yaml: scenario(LOGIN + FLOW), files: USERS });
    assert.deepEqual(warnings, []);
    const stream = plan.streams[0] as RateStream;
    assert.deepEqual(stream.requests, []);
    assert.deepEqual(stream.visits, { requests: 3, thinkUs: 0 });
    assert.equal(stream.flow?.dependent, true);
    const { steps } = stream.flow ?? { steps: [] };
    assert.deepEqual(
      steps.map(({ method, path, thinkUs, captures }) => [method, path, thinkUs, captures]),
      [
        ['GET', '/products/{product}', 4e6, []],
        ['POST', '/cart', 8e6, [{ name: 'cart', from: 'json', key: '$.id', pattern: null }]],
        ['GET', '/cart/{cart}', 10e6, []],
      ],
    );
    assert.ok(!('weight' in (steps[0] ?? {})));
    assert.equal(stream.login?.share, 0.3);
    assert.equal(stream.login?.digest.length, 64);
    assert.deepEqual(stream.login?.steps[0]?.captures, [
      { name: 'csrf', from: 'body', key: '', pattern: 'name="csrf" value="([^"]+)"' },
    ]);
    assert.deepEqual((inputs.streams[0] as RateInput).users, {
      count: 2,
      columns: { email: ['ann@shop.example', 'bob@shop.example'], password: ['s3cret-ann', 's3cret-bob'] },
    });
    assert.ok(!/s3cret|ann@/.test(JSON.stringify(plan)), 'the plan holds no user');
  });

  it('are absent from the plan of a scenario without them, and every part of them changes its id', async (t) => {
    const base = await load(t, { yaml: scenario('') });
    const stream = base.plan.streams[0] as RateStream;
    assert.ok(!('flow' in stream) && !('login' in stream));
    assert.ok(!('users' in (base.inputs.streams[0] as RateInput)));
    const texts = [
      FLOW,
      FLOW.replace('4s', '5s'),
      FLOW.replace('$.id', '$.cart'),
      `${FLOW}    dependent: false\n`,
      LOGIN + FLOW,
      LOGIN.replace('30%', '31%') + FLOW,
      LOGIN,
    ];
    const ids = new Set([planId(base.plan)]);
    for (const text of texts) ids.add((await load(t, { yaml: scenario(text), files: USERS })).planId);
    const others = { 'users.csv': `${USERS['users.csv']}eve@shop.example,x,\n` };
    ids.add((await load(t, { yaml: scenario(LOGIN), files: others })).planId);
    assert.equal(ids.size, texts.length + 2);
  });

  it('let everybody use what only the login knows where everybody logs in', async (t) => {
    const flow = '    flow: [{ get: "/hello/{user.email}?t={csrf}" }]\n';
    const yaml = scenario(LOGIN.replace('      share: 30%\n', '') + flow);
    const { plan } = await load(t, { yaml, files: USERS });
    assert.equal((plan.streams[0] as RateStream).login?.share, 1);
    const problems = await problemsOf(t, { yaml: scenario(LOGIN + flow), files: USERS });
    assert.deepEqual(
      problems.map(({ message }) => message),
      ['{user.email}', '{csrf}'].map(
        (name) => `${name}: not every visitor logs in; use it in login.steps, or write share: 100%`,
      ),
    );
  });

  it('take secrets of the environment in their headers and bodies', async (t) => {
    const step = '{ post: /cart, form: { key: "${env:KEY}" }, headers: { x-key: "${env:KEY}" } }';
    const login = `    login: { users: users.csv, steps: [${step}, { post: /cart, body: "{user.email} \${env:KEY}" }] }\n`;
    const { secrets } = await load(t, {
      yaml: scenario(`    flow: [${step}]\n${login}`),
      files: USERS,
      env: { KEY: 'k' },
    });
    assert.deepEqual(secrets, { KEY: 'k' });
    const problems = await problemsOf(t, {
      yaml: scenario('    flow: [{ get: "/${env:KEY}" }]\n'),
      env: { KEY: 'k' },
    });
    assert.equal(problems[0]?.path, 'streams[0].flow[0].get');
  });

  it('are warned of where a capture or a user is used by nothing, or a regex is slow', async (t) => {
    const login = LOGIN.replace('{csrf}', 'none')
      .replace('{user.email}', 'a')
      .replace('{user.password}', 'b');
    const { warnings } = await load(t, { yaml: scenario(login), files: USERS });
    assert.ok(warnings.includes('stream shoppers: no request uses {csrf}'));
    assert.ok(warnings.includes('login: no step uses a column of its users'));
    const slow = LOGIN.replace('name="csrf" value=', '[a-z]+=');
    const warned = await load(t, { yaml: scenario(slow), files: USERS });
    assert.match(warned.warnings.join(), /capture \{csrf\}: its regex does not begin with fixed text/);
  });

  const flow = (steps: string) => `    flow: [${steps}]\n`;
  const capture = (source: string) => flow(`{ get: /a, capture: { x: ${source} } }, { get: "/{x}" }`);
  const login = (text: string) => `    login: { ${text} }\n`;
  const steps = 'steps: [{ post: /login, body: "{user.email}" }]';
  const bad: readonly (readonly [string, string, string, RegExp])[] = [
    [
      'a capture that only a later step has',
      flow('{ get: "/{x}" }, { get: /b, capture: { x: { json: "$.x" } } }'),
      'streams[0].flow[0].get',
      /no step before this one captures it/,
    ],
    [
      'a capture used where it is taken',
      flow('{ get: "/{x}", capture: { x: { json: "$.x" } } }'),
      'streams[0].flow[0].get',
      /no step before this one/,
    ],
    [
      'a capture of two sources',
      capture('{ json: "$.a", header: etag }'),
      'streams[0].flow[0].capture.x',
      /header and json are both here/,
    ],
    [
      'a capture of nothing',
      capture('{}'),
      'streams[0].flow[0].capture.x',
      /expected one of header, cookie, json, regex/,
    ],
    [
      'a path with a wildcard',
      capture('{ json: "$.a[*]" }'),
      'streams[0].flow[0].capture.x.json',
      /not a path of names and indexes/,
    ],
    [
      'a path with a script',
      capture('{ json: "$.a[(@.length-1)]" }'),
      'streams[0].flow[0].capture.x.json',
      /not a path/,
    ],
    [
      'a pattern with lookahead',
      capture('{ regex: "a(?=b)" }'),
      'streams[0].flow[0].capture.x.regex',
      /linear time/,
    ],
    [
      'a pattern that is none',
      capture('{ regex: "a(b" }'),
      'streams[0].flow[0].capture.x.regex',
      /not a regular expression/,
    ],
    [
      'a header that cannot be',
      capture('{ header: "a b" }'),
      'streams[0].flow[0].capture.x.header',
      /not the name of a header/,
    ],
    [
      'a capture named as data',
      flow('{ get: /a, capture: { product: { json: "$.x" } } }'),
      'streams[0].flow[0].capture.product',
      /has its values from data/,
    ],
    [
      'a capture named as a built-in',
      flow('{ get: /a, capture: { seq: { json: "$.x" } } }'),
      'streams[0].flow[0].capture.seq',
      /built in/,
    ],
    ['a weight in a step', flow('{ get: /a, weight: 2 }'), 'streams[0].flow[0].weight', /unknown key/],
    [
      'a capture in a mix',
      '    requests: [{ get: /a, capture: { x: { json: "$.x" } } }]\n',
      'streams[0].requests[0].capture',
      /unknown key/,
    ],
    [
      'a write that is not listed',
      flow('{ post: /orders }'),
      'streams[0].flow[0]',
      /POST on route "orders" changes something/,
    ],
    [
      'a write of a login that is not listed',
      login('users: users.csv, steps: [{ post: /session, body: "{user.email}" }]'),
      'streams[0].login.steps[0]',
      /POST on route "session"/,
    ],
    [
      'requests beside a flow',
      `${FLOW}    requests: [{ get: / }]\n`,
      'streams[0].requests',
      /requests and flow are both here/,
    ],
    [
      'visits beside a flow',
      `${FLOW}    visits: { requests: 3 }\n`,
      'streams[0].visits',
      /the flow says how many requests/,
    ],
    [
      'dependent without a flow',
      '    dependent: false\n',
      'streams[0].dependent',
      /only the steps of a flow/,
    ],
    ['an empty flow', flow(''), 'streams[0].flow', /empty list/],
    [
      'more steps than a visit can have',
      flow(Array.from({ length: 101 }, () => '{ get: / }').join()),
      'streams[0].flow',
      /more than 100 steps/,
    ],
    ['a think time that is none', flow('{ get: /, think: soon }'), 'streams[0].flow[0].think', /soon/],
    ['a login without users', login(steps), 'streams[0].login', /expected users/],
    ['a login without steps', login('users: users.csv'), 'streams[0].login', /expected steps/],
    [
      'users that are not there',
      login(`users: nobody.csv, ${steps}`),
      'streams[0].login.users',
      /does not exist/,
    ],
    [
      'a share of nothing',
      login(`users: users.csv, share: 0%, ${steps}`),
      'streams[0].login.share',
      /not a share/,
    ],
    [
      'a share above all',
      login(`users: users.csv, share: 130%, ${steps}`),
      'streams[0].login.share',
      /not a share/,
    ],
    [
      'a share without a sign',
      login(`users: users.csv, share: 30, ${steps}`),
      'streams[0].login.share',
      /not a share/,
    ],
    [
      'a column that is not there',
      login('users: users.csv, steps: [{ post: /login, body: "{user.name}" }]'),
      'streams[0].login.steps[0].body',
      /unknown placeholder \{user\.name\}/,
    ],
    [
      'a user without a login',
      flow('{ get: "/{user.email}" }'),
      'streams[0].flow[0].get',
      /unknown placeholder \{user\.email\}/,
    ],
    [
      'a column with a gap',
      login('users: users.csv, steps: [{ post: /login, body: "{user.note}" }]'),
      'streams[0].login.users',
      /user 1 of the file has no note/,
    ],
  ];
  for (const [name, stream, path, message] of bad) {
    it(`are refused with ${name}`, async (t) => {
      const problems = await problemsOf(t, { yaml: scenario(stream), files: USERS });
      const found = problems.find((problem) => problem.path === path);
      assert.match(found?.message ?? JSON.stringify(problems), message);
      assert.ok(!/s3cret|@shop/.test(JSON.stringify(problems)), 'no problem tells who the users are');
    });
  }

  it('tell nothing of a users file that is broken or has no header', async (t) => {
    const texts = [
      '',
      'email\n',
      'email\n"s3cret',
      's3cret-ann@shop.example,s3cret\n',
      'email,x\n"s3cret"s3cret,1\n',
    ];
    for (const text of texts) {
      const yaml = scenario(login(`users: users.csv, ${steps}`));
      const problems = await problemsOf(t, { yaml, files: { 'users.csv': text } });
      assert.ok(problems.length > 0, text);
      assert.ok(!/s3cret|@shop/.test(JSON.stringify(problems)), JSON.stringify(problems));
    }
  });
});
