// Bad scenarios: one table of what can be wrong, each with its place, its path, its message and its hint.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { UserError } from '../../src/problem.js';
import { loadScenario } from '../../src/scenario/load.js';
import { CLIENT, SERVER } from '../support/tls/material.js';
import { accessLog, folderOf, type Given, GOOD, problemsOf } from './support.js';

interface Bad extends Given {
  readonly place: string;
  readonly path: string;
  readonly message: RegExp;
  readonly hint?: RegExp;
}

const HEAD = 'target: http://127.0.0.1:8080\n';
const ENV = '$'.concat('{env:KEY}');
/** A scenario of one stream, from line 3. */
const stream = (text: string) => `${HEAD}streams:\n  - ${text}\n`;
const stages = 'stages: [{ rate: 10, for: 60s }]';
/** One request in a stream that is fine otherwise. */
const request = (text: string) => stream(`{ ${stages}, requests: [${text}] }`);
const at = (line: number, column?: number) =>
  `scenario.yaml:${line}${column === undefined ? '' : `:${column}`}`;
const staging = (extra: string) =>
  GOOD.replace('http://127.0.0.1:8080', `{ url: https://stg.example${extra} }`);
const ALLOW = { overrides: { allowHosts: ['stg.example'] } };

const LOG = { 'a.log': accessLog(3), 'p.csv': 'product,x\n1,2\n' };
/** A recording with ids of products, on line 4. */
const ids = (text: string) => `${stream('{ recording: a.log }')}ids: { product: ${text} }\n`;

const BAD: Readonly<Record<string, Bad>> = {
  // Hooks.
  'hooks that are not there': {
    yaml: `${GOOD}hooks: sign.mjs\n`,
    place: at(5, 8),
    path: 'hooks',
    message: /"sign\.mjs" does not exist/,
    hint: /relative to the scenario/,
  },
  'hooks that are no module': {
    yaml: `${GOOD}hooks: sign.ts\n`,
    files: { 'sign.ts': '' },
    place: at(5, 8),
    path: 'hooks',
    message: /"sign\.ts" is no module/,
    hint: /\.js or \.mjs/,
  },
  'hooks that are no text': {
    yaml: `${GOOD}hooks: [a.mjs]\n`,
    place: at(5, 8),
    path: 'hooks',
    message: /expected/,
  },
  // The file and its YAML.
  'an empty file': { yaml: ' \n', place: 'scenario.yaml', path: '', message: /is empty/, hint: /init/ },
  'comments alone': {
    yaml: '# soon\n',
    place: at(1, 1),
    path: '',
    message: /expected a mapping, not nothing/,
  },
  'a text': { yaml: 'hello\n', place: at(1, 1), path: '', message: /expected a mapping, not "hello"/ },
  'a list': { yaml: '- a\n', place: at(1, 1), path: '', message: /expected a mapping, not a list/ },
  'broken YAML': { yaml: 'a: [1,\nb: 2\n', place: at(2), path: '', message: /is not YAML/ },
  'a key twice': {
    yaml: `${GOOD}seed: 1\nseed: 2\n`,
    place: at(6, 1),
    path: '',
    message: /twice/,
    hint: /keep one/,
  },
  'two documents': { yaml: `${GOOD}---\na: 1\n`, place: at(5), path: '', message: /second document/ },
  'an unknown tag': { yaml: `${GOOD}seed: !dice 6\n`, place: at(5, 7), path: '', message: /dice/ },
  'an alias to nothing': { yaml: `${GOOD}label: *none\n`, place: at(5, 8), path: '', message: /none/ },
  'an alias bomb': {
    yaml: `a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [${'*a,'.repeat(10)}]\nc: &c [${'*b,'.repeat(10)}]\nd: [${'*c,'.repeat(10)}]\n`,
    place: at(1, 1),
    path: '',
    message: /aliases .* expand too far/,
  },
  'an alias of itself': { yaml: 'a: &a [*a]\n', place: at(1, 1), path: '', message: /alias holds itself/ },
  'deep nesting': {
    yaml: `a: ${'['.repeat(5000)}${']'.repeat(5000)}\n`,
    place: at(1, 1),
    path: '',
    message: /nested/,
  },
  'a key that rewrites objects': {
    yaml: `${GOOD}__proto__: { a: 1 }\n`,
    place: at(1, 1),
    path: '',
    message: /__proto__/,
  },
  'a file too large': {
    yaml: `#${'x'.repeat(1024 * 1024)}\n${GOOD}`,
    place: 'scenario.yaml',
    path: '',
    message: /larger than 1 MiB/,
  },

  // Shape.
  'an unknown key': {
    yaml: `${GOOD}wirtes: [a]\n`,
    place: at(5, 1),
    path: 'wirtes',
    message: /unknown key "wirtes"/,
    hint: /did you mean writes\?/,
  },
  'an unknown key far down': {
    yaml: stream('{ curv: a.csv }'),
    place: at(3, 7),
    path: 'streams[0].curv',
    message: /unknown key/,
    hint: /did you mean curve\?/,
  },
  'an unknown key like no other': {
    yaml: `${GOOD}zzz: 1\n`,
    place: at(5, 1),
    path: 'zzz',
    message: /unknown key/,
    hint: /known: name, label/,
  },
  'a merge key': {
    yaml: `${GOOD}<<: { seed: 1 }\n`,
    place: at(5, 1),
    path: '["<<"]',
    message: /unknown key/,
  },
  'a wrong type': {
    yaml: `${GOOD}seed: seven\n`,
    place: at(5, 7),
    path: 'seed',
    message: /expected a number, not "seven"/,
  },
  'a number for a text': {
    yaml: `${GOOD}label: 5\n`,
    place: at(5, 8),
    path: 'label',
    message: /expected a text, not 5/,
    hint: /quotes: "5"/,
  },
  'a list for a duration': {
    yaml: `${GOOD}timeout: [1]\n`,
    place: at(5, 10),
    path: 'timeout',
    message: /expected a duration such as .*, not a list/,
  },
  'a choice that is none': {
    yaml: stream(`{ ${stages}, arrivals: random }`),
    place: at(3),
    path: 'streams[0].arrivals',
    message: /expected poisson or even, not "random"/,
  },
  'no streams at all': {
    yaml: HEAD,
    place: at(1, 1),
    path: 'streams',
    message: /is missing; expected a list/,
  },
  'an empty list of streams': {
    yaml: `${HEAD}streams: []\n`,
    place: at(2, 10),
    path: 'streams',
    message: /has no streams/,
  },
  'a stream that is a text': {
    yaml: stream('promo'),
    place: at(3, 5),
    path: 'streams[0]',
    message: /expected a mapping, not "promo"/,
  },
  'connections misspelt inside': {
    yaml: `${GOOD}connections: { poll: 5 }\n`,
    place: at(5, 16),
    path: 'connections.poll',
    message: /unknown key/,
    hint: /did you mean pool\?/,
  },
  'connections that are none': {
    yaml: `${GOOD}connections: keepalive\n`,
    place: at(5, 14),
    path: 'connections',
    message: /expected visitor, fresh, \{ pool/,
  },

  // Settings.
  'a seed with a fraction': {
    yaml: `${GOOD}seed: 1.5\n`,
    place: at(5, 7),
    path: 'seed',
    message: /not a whole number from 0/,
  },
  'a seed from the command line': {
    yaml: GOOD,
    overrides: { seed: 'x' },
    place: 'command line',
    path: '--seed',
    message: /not a whole number/,
  },
  'lanes that are no power of two': {
    yaml: `${GOOD}lanes: 12\n`,
    place: at(5, 8),
    path: 'lanes',
    message: /expected a power of two from 8 to 1024/,
  },
  'a speed of 0': { yaml: `${GOOD}speed: 0\n`, place: at(5, 8), path: 'speed', message: /more than 0/ },
  'a timeout too long': {
    yaml: `${GOOD}timeout: 3m\n`,
    place: at(5, 10),
    path: 'timeout',
    message: /expected 1ms to 120s/,
  },
  'a timeout that is none': {
    yaml: `${GOOD}timeout: soon\n`,
    place: at(5, 10),
    path: 'timeout',
    message: /"soon" is not a duration; write/,
  },
  'an empty pool': {
    yaml: `${GOOD}connections: { pool: 0 }\n`,
    place: at(5, 22),
    path: 'connections.pool',
    message: /whole number from 1/,
  },
  'a visit of no requests': {
    yaml: `${GOOD}visits: { requests: 0 }\n`,
    place: at(5, 21),
    path: 'visits.requests',
    message: /whole number from 1/,
  },
  'tenants by host and path': {
    yaml: `${GOOD}tenants: { host: "{tenant}.x", path: "/{tenant}" }\n`,
    place: at(5),
    path: 'tenants',
    message: /either host or path/,
  },
  'tenants without a tenant': {
    yaml: `${GOOD}tenants: { host: shop.example }\n`,
    place: at(5),
    path: 'tenants.host',
    message: /not a pattern with one \{tenant\}/,
    hint: /\{tenant\}\.shop\.example/,
  },

  // Streams and their sources.
  'a stream without a source': {
    yaml: stream('{ name: a }'),
    place: at(3, 5),
    path: 'streams[0]',
    message: /expected one of curve, stages, spike, recording; none/,
  },
  'a stream with two sources': {
    yaml: stream(`{ ${stages}, curve: a.csv }`),
    place: at(3),
    path: 'streams[0]',
    message: /curve and stages are all here/,
  },
  'a name twice': {
    yaml: `${GOOD}  - { name: steady, ${stages} }\n`,
    place: at(5, 13),
    path: 'streams[1].name',
    message: /another stream is named "steady"/,
  },
  'a name that cannot be selected': {
    yaml: stream(`{ name: "a,b", ${stages} }`),
    place: at(3, 13),
    path: 'streams[0].name',
    message: /is not a name/,
  },
  'a filter on stages': {
    yaml: stream(`{ ${stages}, where: { path: /a } }`),
    place: at(3),
    path: 'streams[0].where',
    message: /where filters recordings/,
  },
  'a curve that is not there': {
    yaml: stream('{ curve: promo.csv }'),
    place: at(3, 14),
    path: 'streams[0].curve',
    message: /"promo.csv" does not exist/,
    hint: /relative to the scenario/,
  },
  'a curve that is a folder': {
    yaml: stream('{ curve: . }'),
    place: at(3, 14),
    path: 'streams[0].curve',
    message: /is a folder/,
  },
  'an empty curve': {
    yaml: stream('{ curve: c.csv }'),
    files: { 'c.csv': '' },
    place: 'c.csv',
    path: '',
    message: /is empty; expected a header/,
  },
  'a negative curve': {
    yaml: stream('{ curve: c.csv }'),
    files: { 'c.csv': 't,rate\n0,1\n1,-1\n' },
    place: 'c.csv:3',
    path: '',
    message: /cannot be negative/,
  },
  'an unordered curve': {
    yaml: stream('{ curve: c.csv }'),
    files: { 'c.csv': 't,rate\n9,1\n1,1\n' },
    place: 'c.csv:3',
    path: '',
    message: /earlier than the row before/,
    hint: /sort/,
  },
  'a curve with words': {
    yaml: stream('{ curve: c.csv }'),
    files: { 'c.csv': 't,rate\n0,1\n1,many\n' },
    place: 'c.csv:3',
    path: '',
    message: /rate is "many"; expected a number/,
  },
  'a curve of zeros': {
    yaml: stream('{ curve: c.csv }'),
    files: { 'c.csv': 't,rate\n0,0\n1,0\n' },
    place: at(3, 5),
    path: 'streams[0]',
    message: /sends nothing/,
  },
  'a cut that leaves nothing': {
    yaml: stream(`{ ${stages}, from: 2m }`),
    place: at(3),
    path: 'streams[0].from',
    message: /nothing is left between from and to: the source lasts 60 s/,
  },
  'an instant on stages': {
    yaml: stream(`{ ${stages}, from: "2025-11-28T17:26:00Z" }`),
    place: at(3),
    path: 'streams[0].from',
    message: /only offsets/,
    hint: /offset such as 10m/,
  },
  'an instant that is none': {
    yaml: stream(`{ ${stages}, to: "2025-13-28" }`),
    place: at(3),
    path: 'streams[0].to',
    message: /is not an instant/,
  },
  'a stage without a length': {
    yaml: stream('{ stages: [{ rate: 1 }] }'),
    place: at(3),
    path: 'streams[0].stages[0].for',
    message: /is missing; expected a duration/,
  },
  'a stage without a rate': {
    yaml: stream('{ stages: [{ for: 1s }] }'),
    place: at(3),
    path: 'streams[0].stages[0]',
    message: /has no rate/,
  },
  'a stage with a bad rate': {
    yaml: stream('{ stages: [{ rate: fast, for: 1s }] }'),
    place: at(3),
    path: 'streams[0].stages[0].rate',
    message: /is not a rate; write 3000\/s/,
  },
  'a negative rate': {
    yaml: stream('{ stages: [{ rate: -5, for: 1s }] }'),
    place: at(3),
    path: 'streams[0].stages[0].rate',
    message: /is not a rate/,
  },
  'a spike without its parts': {
    yaml: stream('{ spike: { base: 1, peak: 5x } }'),
    place: at(3),
    path: 'streams[0].spike',
    message: /at, rise, hold, fall are missing/,
    hint: /write \{ base/,
  },
  'a peak below its base': {
    yaml: stream('{ spike: { base: 20, peak: 5, at: 1m, rise: 0, hold: 1m, fall: 0 } }'),
    place: at(3),
    path: 'streams[0].spike.peak',
    message: /below the base/,
    hint: /5x/,
  },
  'a total too short': {
    yaml: stream('{ spike: { base: 2, peak: 5x, at: 1m, rise: 0, hold: 1m, fall: 0, total: 1m } }'),
    place: at(3),
    path: 'streams[0].spike.total',
    message: /too short/,
  },
  'an amplification of 0': {
    yaml: stream(`{ ${stages}, amplify: 0 }`),
    place: at(3),
    path: 'streams[0].amplify',
    message: /more than 0/,
  },
  'an amplification of no stream': {
    yaml: GOOD,
    overrides: { amplify: ['stedy=5'] },
    place: 'command line',
    path: '--amplify',
    message: /no stream is named "stedy"/,
    hint: /did you mean steady/,
  },

  // Recordings.
  'a recording that is not there': {
    yaml: stream('{ recording: a.log }'),
    place: at(3),
    path: 'streams[0].recording',
    message: /does not exist/,
  },
  'a mix on a recording': {
    yaml: stream('{ recording: a.log, requests: [{ get: / }] }'),
    files: { 'a.log': accessLog(3) },
    place: at(3),
    path: 'streams[0].requests',
    message: /a recording has its own requests/,
  },
  'an unknown kind of client': {
    yaml: stream('{ recording: a.log, where: { client: boot } }'),
    files: { 'a.log': accessLog(3) },
    place: at(3),
    path: 'streams[0].where.client',
    message: /no kind of client/,
    hint: /did you mean bot\?/,
  },
  'a filter on a route that is none': {
    yaml: stream('{ recording: a.log, where: { route: /crat } }'),
    files: { 'a.log': accessLog(3) },
    place: at(3),
    path: 'streams[0].where.route',
    message: /no route is named/,
    hint: /did you mean \/cart\?/,
  },
  'a filter on tenants that show nowhere': {
    yaml: stream('{ recording: a.log, where: { tenant: x } }'),
    files: { 'a.log': accessLog(3) },
    place: at(3),
    path: 'streams[0].where',
    message: /nothing says how a tenant shows/,
    hint: /tenants:/,
  },
  'a recording in fast-forward with a latency gate': {
    yaml: `${stream('{ recording: a.log }')}speed: 2\ngates: [p99 < 1s]\n`,
    files: { 'a.log': accessLog(3) },
    place: at(5, 9),
    path: 'gates[0]',
    message: /fast-forward/,
    hint: /speed to 1/,
  },
  'folded retries of stages': {
    yaml: stream(`{ ${stages}, fold: true }`),
    place: at(3),
    path: 'streams[0].fold',
    message: /fold leaves out retries of recordings/,
  },
  'folding that is no yes or no': {
    yaml: stream('{ recording: a.log, fold: often }'),
    files: { 'a.log': accessLog(3) },
    place: at(3),
    path: 'streams[0].fold',
    message: /expected true or false, not "often"/,
  },
  'arrivals of a recording with its own times': {
    yaml: stream('{ recording: a.log, arrivals: even }'),
    files: { 'a.log': accessLog(3) },
    place: at(3),
    path: 'streams[0].arrivals',
    message: /a recording has its own arrivals/,
  },
  'a recording at the times of two sources': {
    yaml: stream(`{ recording: a.log, ${stages}, curve: b.csv }`),
    files: { 'a.log': accessLog(3) },
    place: at(3),
    path: 'streams[0]',
    message: /curve and stages and recording are all here/,
  },
  'a mix on a recording at the times of stages': {
    yaml: stream(`{ recording: a.log, ${stages}, requests: [{ get: / }] }`),
    files: { 'a.log': accessLog(3) },
    place: at(3),
    path: 'streams[0].requests',
    message: /a recording has its own requests/,
  },
  'a recording at the times of stages that send nothing': {
    yaml: stream('{ recording: a.log, stages: [{ rate: 0, for: 60s }] }'),
    files: { 'a.log': accessLog(3) },
    place: at(3),
    path: 'streams[0]',
    message: /sends nothing/,
  },
  'an instant in a recording at the times of stages': {
    yaml: stream(`{ recording: a.log, ${stages}, from: "2025-11-28T17:26:01Z" }`),
    files: { 'a.log': accessLog(3) },
    place: at(3),
    path: 'streams[0].from',
    message: /the source has only offsets/,
  },

  // Ids.
  'ids of stages': {
    yaml: stream(`{ ${stages}, ids: { product: { map: p.csv, in: "/{product}" } } }`),
    files: { 'p.csv': 'product\n1\n' },
    place: at(3),
    path: 'streams[0].ids',
    message: /ids are those of recordings/,
  },
  'ids without a map': {
    yaml: ids('{ in: "/products/{product}" }'),
    files: LOG,
    place: at(4, 17),
    path: 'ids.product',
    message: /map is missing/,
    hint: /staging-product\.csv/,
  },
  'ids whose map is not there': {
    yaml: ids('{ map: q.csv, in: "/products/{product}" }'),
    files: LOG,
    place: at(4),
    path: 'ids.product.map',
    message: /"q\.csv" does not exist/,
  },
  'ids that are nowhere': {
    yaml: ids('{ map: p.csv }'),
    files: LOG,
    place: at(4, 17),
    path: 'ids.product',
    message: /no route's path says where \{product\} is/,
    hint: /in: \/products\/\{product\}/,
  },
  'ids in a place without them': {
    yaml: ids('{ map: p.csv, in: ["/products/{product}", "?id={prodct}"] }'),
    files: LOG,
    place: at(4),
    path: 'ids.product.in[1]',
    message: /"\?id=\{prodct\}" does not say where \{product\} is/,
    hint: /\?product_id=\{product\}/,
  },
  'ids twice in one place': {
    yaml: ids('{ map: p.csv, in: "/{product}/{product}" }'),
    files: LOG,
    place: at(4),
    path: 'ids.product.in',
    message: /does not say where/,
  },
  'ids in two parameters of one place': {
    yaml: ids('{ map: p.csv, in: "?a=1&id={product}" }'),
    files: LOG,
    place: at(4),
    path: 'ids.product.in',
    message: /does not say where/,
  },
  'ids mapped in a way that is none': {
    yaml: ids('{ map: p.csv, in: "/products/{product}", by: luck }'),
    files: LOG,
    place: at(4),
    path: 'ids.product.by',
    message: /expected popularity or hash or table, not "luck"/,
  },
  'ids of a column that is not there': {
    yaml: ids('{ map: p.csv, in: "/products/{product}", column: id }'),
    files: LOG,
    place: at(4),
    path: 'ids.product.column',
    message: /no column "id"/,
  },
  'a table of ids without the recorded ones': {
    yaml: ids('{ map: t.csv, in: "/products/{product}", by: table }'),
    files: { ...LOG, 't.csv': 'staging,x\n1,2\n' },
    place: at(4),
    path: 'ids.product.column',
    message: /no column "recorded"/,
  },
  'ids with a name that cannot be a placeholder': {
    yaml: ids('{ map: p.csv, in: "/products/{product}" }').replace('product:', '"a-b":'),
    files: LOG,
    place: at(4),
    path: 'ids.a-b',
    message: /"a-b" is not a name of ids/,
  },

  'a cut outside a recording': {
    yaml: stream('{ recording: a.log, to: 2s, from: 3s }'),
    files: { 'a.log': accessLog(3) },
    place: at(3),
    path: 'streams[0].to',
    message: /nothing is left/,
  },

  // Requests, headers, bodies, data.
  'weights that sum to 0': {
    yaml: request('{ get: /, weight: 0 }'),
    place: at(3),
    path: 'streams[0].requests',
    message: /sum to 0/,
    hint: /above 0/,
  },
  'a negative weight': {
    yaml: request('{ get: /, weight: -1 }'),
    place: at(3),
    path: 'streams[0].requests[0].weight',
    message: /cannot be negative/,
  },
  'a request without a method': {
    yaml: request('{ weight: 1 }'),
    place: at(3),
    path: 'streams[0].requests[0]',
    message: /expected one of get, head, .*none/,
  },
  'a request with two methods': {
    yaml: request('{ get: /, put: / }'),
    place: at(3),
    path: 'streams[0].requests[0]',
    message: /get and put are both here/,
  },
  'a body on a GET': {
    yaml: request('{ get: /, json: {} }'),
    place: at(3),
    path: 'streams[0].requests[0].json',
    message: /a GET has no body/,
  },
  'two bodies': {
    yaml: `${request('{ post: /a, json: {}, body: x }')}writes: [a]\n`,
    place: at(3),
    path: 'streams[0].requests[0]',
    message: /json and body are both here/,
  },
  'a path without /': {
    yaml: request('{ get: products }'),
    place: at(3),
    path: 'streams[0].requests[0].get',
    message: /does not start with \//,
    hint: /write "\/products"/,
  },
  'a URL for a path': {
    yaml: request('{ get: "http://other.example/" }'),
    place: at(3),
    path: 'streams[0].requests[0].get',
    message: /does not start with \//,
    hint: /goes to the target/,
  },
  'another host for a path': {
    yaml: request('{ get: "//other.example/" }'),
    place: at(3),
    path: 'streams[0].requests[0].get',
    message: /one \//,
  },
  'a blank in a path': {
    yaml: request('{ get: "/a b" }'),
    place: at(3),
    path: 'streams[0].requests[0].get',
    message: /a blank/,
    hint: /%20/,
  },
  'a line end in a path': {
    yaml: request('{ get: "/a\\r\\nHost: x" }'),
    place: at(3),
    path: 'streams[0].requests[0].get',
    message: /control character/,
  },
  'a brace that is no placeholder': {
    yaml: request('{ get: "/{a b}" }'),
    place: at(3),
    path: 'streams[0].requests[0].get',
    message: /blank|brace/,
  },
  'an unknown placeholder': {
    yaml: request('{ get: "/{visitr}" }'),
    place: at(3),
    path: 'streams[0].requests[0].get',
    message: /unknown placeholder \{visitr\}/,
    hint: /did you mean visitor\?; add it to data/,
  },
  'an unknown placeholder in a body': {
    yaml: `${request('{ post: /a, json: { a: ["{b}"] } }')}writes: [a]\n`,
    place: at(3),
    path: 'streams[0].requests[0].json',
    message: /unknown placeholder \{b\}/,
  },
  'a tenant where there is none': {
    yaml: request('{ get: "/{tenant}" }'),
    place: at(3),
    path: 'streams[0].requests[0].get',
    message: /this stream has no tenant/,
  },
  'a shell variable': {
    yaml: request('{ get: /, headers: { a: "$'.concat('{TOKEN}" } }')),
    place: at(3),
    path: 'streams[0].requests[0].headers.a',
    message: /unknown placeholder \{TOKEN\}/,
    hint: /env:NAME/,
  },
  'a secret in a path': {
    yaml: request(`{ get: "/${ENV}" }`),
    env: { KEY: 'k' },
    place: at(3),
    path: 'streams[0].requests[0].get',
    message: /cannot stand here/,
  },
  'a secret in the target': {
    yaml: GOOD.replace('http://127.0.0.1:8080', `"http://${ENV}"`),
    env: { KEY: 'k' },
    place: at(1, 9),
    path: 'target',
    message: /cannot stand here/,
    hint: /--target "\$URL"/,
  },
  'a missing environment variable': {
    yaml: `${GOOD}headers: { x-key: "${ENV}" }\n`,
    place: at(5, 19),
    path: 'headers.x-key',
    message: /environment variable KEY is not set/,
    hint: /set KEY/,
  },
  'an empty environment variable': {
    yaml: `${GOOD}headers: { x-key: "${ENV}" }\n`,
    env: { KEY: '' },
    place: at(5, 19),
    path: 'headers.x-key',
    message: /KEY is empty/,
  },
  'a secret that breaks its header': {
    yaml: `${GOOD}headers: { x-key: "${ENV}" }\n`,
    env: { KEY: 'a\nb' },
    place: at(5, 19),
    path: 'headers.x-key',
    message: /KEY holds a character/,
  },
  'a header of two lines': {
    yaml: `${GOOD}headers: { a: "1\\r\\nb: 2" }\n`,
    place: at(5, 15),
    path: 'headers.a',
    message: /cannot/,
    hint: /one line/,
  },
  'a header name that is none': {
    yaml: `${GOOD}headers: { "a b": 1 }\n`,
    place: at(5, 12),
    path: 'headers["a b"]',
    message: /not a header name/,
  },
  'a Host header': {
    yaml: `${GOOD}headers: { Host: x }\n`,
    place: at(5, 12),
    path: 'headers.Host',
    message: /Host cannot be set/,
    hint: /target\.hosts/,
  },
  'a length of its own': {
    yaml: `${GOOD}headers: { content-length: 5 }\n`,
    place: at(5, 12),
    path: 'headers.content-length',
    message: /set by flashcrowd itself/,
  },
  "the tool's own header": {
    yaml: `${GOOD}headers: { X-Flashcrowd-Run: a }\n`,
    place: at(5, 12),
    path: 'headers.X-Flashcrowd-Run',
    message: /cannot be set/,
  },
  'a header twice': {
    yaml: `${GOOD}headers: { a: 1, A: 2 }\n`,
    place: at(5, 18),
    path: 'headers.A',
    message: /twice/,
  },
  'data without a source': {
    yaml: `${GOOD}data: { a: {} }\n`,
    place: at(5, 12),
    path: 'data.a',
    message: /expected one of range, list, csv/,
  },
  'a range backwards': {
    yaml: `${GOOD}data: { a: { range: [5, 1] } }\n`,
    place: at(5),
    path: 'data.a.range',
    message: /\[5, 1\] is not a range/,
  },
  'a range of three': {
    yaml: `${GOOD}data: { a: { range: [5, 1, 2] } }\n`,
    place: at(5),
    path: 'data.a.range',
    message: /expected two whole numbers/,
  },
  'a zipf of 0': {
    yaml: `${GOOD}data: { a: { range: [1, 5], zipf: 0 } }\n`,
    place: at(5),
    path: 'data.a.zipf',
    message: /zipf is 0/,
  },
  'data named as a built-in': {
    yaml: `${GOOD}data: { seq: { range: [1, 5] } }\n`,
    place: at(5, 9),
    path: 'data.seq',
    message: /built in/,
  },
  'a column that is not there': {
    yaml: `${GOOD}data: { a: { csv: d.csv, column: idd } }\n`,
    files: { 'd.csv': 'id,x\n1,2\n' },
    place: at(5),
    path: 'data.a.column',
    message: /no column "idd"/,
    hint: /did you mean id\?/,
  },
  'a CSV with an empty cell': {
    yaml: `${GOOD}data: { a: { csv: d.csv } }\n`,
    files: { 'd.csv': 'a,x\n1,2\n,2\n' },
    place: 'd.csv:3',
    path: '',
    message: /a is empty/,
  },

  // Routes and gates.
  'a status that is none': {
    yaml: `${GOOD}routes: { a: { path: /a, expect: [200, 700] } }\n`,
    place: at(5),
    path: 'routes.a.expect[1]',
    message: /"700" is not a status/,
  },
  'a route pattern without /': {
    yaml: `${GOOD}routes: { a: { path: "a/*" } }\n`,
    place: at(5),
    path: 'routes.a.path',
    message: /not a path pattern/,
  },
  'a gate that does not parse': {
    yaml: `${GOOD}gates:\n  - p99 under 1s\n`,
    place: at(6, 5),
    path: 'gates[0]',
    message: /"p99 under 1s": is not a gate/,
    hint: /p99 < 800ms/,
  },
  'a gate that is a number': {
    yaml: `${GOOD}gates: [5]\n`,
    place: at(5, 9),
    path: 'gates[0]',
    message: /expected a text such as p99 < 800ms, or \{ gate: TEXT, abort: true \}, not 5/,
  },
  'a gate with a key that is not known': {
    yaml: `${GOOD}gates:\n  - { gate: errors over 30s < 20%, abbort: true }\n`,
    place: at(6, 36),
    path: 'gates[0].abbort',
    message: /unknown key "abbort"/,
    hint: /did you mean abort/,
  },
  'a gate that cannot stop a run': {
    yaml: `${GOOD}gates:\n  - { gate: errors < 20%, abort: true }\n`,
    place: at(6, 13),
    path: 'gates[0].gate',
    message: /only a gate over a sliding window/,
    hint: /errors over 30s < 20%/,
  },
  'a gate on a route that is none': {
    yaml: `${GOOD}gates: ["errors[route=hom] < 1%"]\n`,
    place: at(5, 9),
    path: 'gates[0]',
    message: /no route is named "hom"/,
    hint: /did you mean home\?/,
  },

  // Safety.
  'no target': {
    yaml: GOOD.replace('target: http://127.0.0.1:8080\n', ''),
    place: at(1),
    path: 'target',
    message: /target is missing/,
    hint: /--target/,
  },
  'a target without a scheme': {
    yaml: GOOD.replace('http://', ''),
    place: at(1, 9),
    path: 'target',
    message: /is not a URL that starts with http/,
    hint: /http:\/\/127\.0\.0\.1:8080/,
  },
  'a target that is no URL': {
    yaml: GOOD,
    overrides: { target: 'http://' },
    place: 'command line',
    path: '--target',
    message: /is not a URL/,
  },
  'a target with a path': {
    yaml: GOOD.replace(':8080', ':8080/shop'),
    place: at(1, 9),
    path: 'target',
    message: /has a path, "\/shop"/,
    hint: /write http:\/\/127\.0\.0\.1:8080/,
  },
  'a target with a query': {
    yaml: GOOD.replace(':8080', ':8080/?a=1'),
    place: at(1, 9),
    path: 'target',
    message: /query or a fragment/,
  },
  'a target of another kind': {
    yaml: GOOD.replace('http', 'ftp'),
    place: at(1, 9),
    path: 'target',
    message: /starts with http/,
  },
  'a target with a login': {
    yaml: GOOD.replace('http://', 'http://me:hunter2@'),
    place: at(1, 9),
    path: 'target',
    message: /holds a login/,
    hint: /basicAuth/,
  },
  'a login in the file': {
    yaml: GOOD.replace('http://127.0.0.1:8080', '{ url: http://127.0.0.1:8080, basicAuth: "me:hunter2" }'),
    place: at(1),
    path: 'target.basicAuth',
    message: /a login stands in the file/,
    hint: /env:STAGING_LOGIN/,
  },
  'an HTTP that there is not': {
    yaml: GOOD.replace('http://127.0.0.1:8080', '{ url: http://127.0.0.1:8080, http: 3 }'),
    place: at(1),
    path: 'target.http',
    message: /expected auto, 1\.1 or 2/,
  },
  'an address that is a name': {
    yaml: staging(', ceiling: 50, addresses: [10.0.0.5, edge]'),
    ...ALLOW,
    place: at(1),
    path: 'target.addresses[1]',
    message: /"edge" is not an IP address/,
    hint: /10\.0\.0\.5/,
  },
  'a source that is a name': {
    yaml: staging(', ceiling: 50, sources: eth0'),
    ...ALLOW,
    place: at(1),
    path: 'target.sources',
    message: /"eth0" is not an IP address/,
  },
  'a loopback name at an address that is none': {
    yaml: GOOD.replace(
      'http://127.0.0.1:8080',
      '{ url: http://localhost, ceiling: 50, addresses: 10.0.0.5 }',
    ),
    place: at(1, 9),
    path: 'target',
    message: /localhost as it is reached is not this machine and is not allowed/,
    hint: /--allow-host localhost/,
  },
  'a loopback address behind a proxy': {
    yaml: GOOD.replace(
      'http://127.0.0.1:8080',
      '{ url: http://127.0.0.1, ceiling: 50, proxy: http://proxy }',
    ),
    place: at(1, 9),
    path: 'target',
    message: /127\.0\.0\.1 as it is reached is not this machine/,
  },
  'a proxy and addresses': {
    yaml: staging(', ceiling: 50, addresses: 10.0.0.5, proxy: http://proxy'),
    ...ALLOW,
    place: at(1),
    path: 'target.addresses',
    message: /a proxy resolves the name/,
  },
  'a proxy of another kind': {
    yaml: staging(', ceiling: 50, proxy: "socks5://proxy:1080"'),
    ...ALLOW,
    place: at(1),
    path: 'target.proxy',
    message: /starts with http:\/\//,
    hint: /http:\/\/proxy\.example:3128/,
  },
  'a proxy with a login': {
    yaml: staging(', ceiling: 50, proxy: "http://me:hunter2@proxy:1"'),
    ...ALLOW,
    place: at(1),
    path: 'target.proxy',
    message: /holds a login/,
    hint: /proxyAuth/,
  },
  'a proxy with a path': {
    yaml: staging(', ceiling: 50, proxy: "http://proxy/pac"'),
    ...ALLOW,
    place: at(1),
    path: 'target.proxy',
    message: /expected scheme, host and port/,
  },
  "a proxy's login without a proxy": {
    yaml: staging(`, ceiling: 50, proxyAuth: "${ENV}"`),
    ...ALLOW,
    place: at(1),
    path: 'target.proxyAuth',
    message: /there is no proxy/,
  },
  "a proxy's login in the file": {
    yaml: staging(', ceiling: 50, proxy: http://proxy, proxyAuth: "me:hunter2"'),
    ...ALLOW,
    place: at(1),
    path: 'target.proxyAuth',
    message: /a login stands in the file/,
    hint: /env:PROXY_LOGIN/,
  },
  'an authority that is not there': {
    yaml: staging(', ceiling: 50, tls: { ca: ca.pem }'),
    ...ALLOW,
    place: at(1),
    path: 'target.tls.ca',
    message: /"ca\.pem" does not exist/,
    hint: /relative to the scenario/,
  },
  'an authority that is no certificate': {
    yaml: staging(', ceiling: 50, tls: { ca: ca.pem }'),
    files: { 'ca.pem': SERVER.key },
    ...ALLOW,
    place: at(1),
    path: 'target.tls.ca',
    message: /holds no certificate/,
  },
  'an authority of the command line that is no PEM': {
    yaml: staging(', ceiling: 50'),
    overrides: { ...ALLOW.overrides, ca: fileURLToPath(new URL('../../package.json', import.meta.url)) },
    place: 'command line',
    path: '--ca',
    message: /is not PEM/,
  },
  'a certificate without its key': {
    yaml: staging(', ceiling: 50, tls: { cert: c.pem }'),
    files: { 'c.pem': CLIENT.cert },
    ...ALLOW,
    place: at(1),
    path: 'target.tls',
    message: /key is missing/,
  },
  'a key of another certificate': {
    yaml: staging(', ceiling: 50, tls: { cert: c.pem, key: k.pem }'),
    files: { 'c.pem': CLIENT.cert, 'k.pem': SERVER.key },
    ...ALLOW,
    place: at(1),
    path: 'target.tls.key',
    message: /not the key of the certificate/,
  },
  'a key that is none': {
    yaml: staging(', ceiling: 50, tls: { cert: c.pem, key: k.pem }'),
    files: { 'c.pem': CLIENT.cert, 'k.pem': '-----BEGIN NOTHING-----\n' },
    ...ALLOW,
    place: at(1),
    path: 'target.tls.key',
    message: /cannot be used/,
  },
  'a locked key without a passphrase': {
    yaml: staging(', ceiling: 50, tls: { cert: c.pem, key: k.pem }'),
    files: { 'c.pem': CLIENT.cert, 'k.pem': CLIENT.key },
    ...ALLOW,
    place: at(1),
    path: 'target.tls.key',
    message: /the passphrase does not open the key/,
  },
  'a locked key with the wrong passphrase': {
    yaml: staging(`, ceiling: 50, tls: { cert: c.pem, key: k.pem, passphrase: "${ENV}" }`),
    files: { 'c.pem': CLIENT.cert, 'k.pem': CLIENT.key },
    env: { KEY: 'hunter2' },
    ...ALLOW,
    place: at(1),
    path: 'target.tls.key',
    message: /the passphrase does not open the key/,
  },
  'a passphrase in the file': {
    yaml: staging(', ceiling: 50, tls: { passphrase: hunter2 }'),
    ...ALLOW,
    place: at(1),
    path: 'target.tls.passphrase',
    message: /a passphrase stands in the file/,
    hint: /env:KEY_PASSPHRASE/,
  },
  'a host that is not allowed': {
    yaml: staging(', ceiling: 50/s'),
    place: at(1, 9),
    path: 'target',
    message: /stg\.example is not this machine and is not allowed/,
    hint: /--allow-host stg\.example/,
  },
  'no ceiling': {
    yaml: staging(''),
    ...ALLOW,
    place: at(1, 9),
    path: 'target',
    message: /has no ceiling/,
    hint: /ceiling: 3000\/s/,
  },
  'a peak over the ceiling': {
    yaml: staging(', ceiling: 9/s'),
    ...ALLOW,
    place: at(1),
    path: 'target.ceiling',
    message: /peak of 10\/s exceeds the ceiling of 9\/s/,
    hint: /lower the load/,
  },
  'a peak over the ceiling by amplification': {
    yaml: staging(', ceiling: 49/s'),
    overrides: { allowHosts: ['stg.example'], amplify: [5] },
    place: at(1),
    path: 'target.ceiling',
    message: /50\/s exceeds/,
  },
  'a host rule that is none': {
    yaml: staging(', ceiling: 50, hosts: { "a.*.b": "c.stg.example" }'),
    ...ALLOW,
    place: at(1),
    path: 'target.hosts["a.*.b"]',
    message: /not a host pattern/,
  },
  'a write that is not listed': {
    yaml: request('{ post: /cart }'),
    place: at(3),
    path: 'streams[0].requests[0]',
    message: /POST on route "cart" changes something and is not listed/,
    hint: /writes: \[cart\]/,
  },
  'a write on no route': {
    yaml: `${GOOD}writes: [hom]\n`,
    place: at(5, 10),
    path: 'writes[0]',
    message: /no route is named "hom"/,
    hint: /did you mean home\?/,
  },
  'tenants on hosts of their own': {
    yaml: `${staging(', ceiling: 50')}tenants: { host: "{tenant}.shop.example" }\n`,
    ...ALLOW,
    place: at(5),
    path: 'tenants.host',
    message: /no rule of target\.hosts/,
    hint: /"\*\.shop\.example": "\*\.stg\.example"/,
  },

  // Answers.
  'a check for nothing': {
    yaml: `${GOOD}routes: { home: { path: /, contains: "" } }\n`,
    place: at(5),
    path: 'routes.home.contains',
    message: /empty text/,
  },
  'a check for nothing among others': {
    yaml: `${GOOD}routes: { home: { path: /, contains: [a, ""] } }\n`,
    place: at(5),
    path: 'routes.home.contains[1]',
    message: /empty text/,
  },
  'a check for a long text': {
    yaml: `${GOOD}routes: { home: { path: /, contains: ${'x'.repeat(1_001)} } }\n`,
    place: at(5),
    path: 'routes.home.contains',
    message: /longer than 1000 characters/,
  },
  'too many texts': {
    yaml: `${GOOD}routes: { home: { path: /, contains: [${'a,'.repeat(17)}] } }\n`,
    place: at(5),
    path: 'routes.home.contains',
    message: /more than 16 texts/,
  },
  'a check for a number': {
    yaml: `${GOOD}routes: { home: { path: /, contains: 5 } }\n`,
    place: at(5),
    path: 'routes.home.contains',
    message: /expected a text or a list of texts, not 5/,
  },
  'a check for a secret': {
    yaml: `${GOOD}routes: { home: { path: /, contains: "${ENV}" } }\n`,
    place: at(5),
    path: 'routes.home.contains',
    message: /an environment variable cannot stand here/,
  },
  'a size that is none': {
    yaml: `${GOOD}routes: { home: { path: /, minBytes: ">= 2KB" } }\n`,
    place: at(5),
    path: 'routes.home.minBytes',
    message: /is not a size; write 2KB/,
  },
  'a size beyond all pages': {
    yaml: `${GOOD}routes: { home: { path: /, minBytes: 2GB } }\n`,
    place: at(5),
    path: 'routes.home.minBytes',
    message: /expected at most 1GB/,
  },
  'a check of a header that is none': {
    yaml: `${GOOD}routes: { home: { path: /, header: { "content type": html } } }\n`,
    place: at(5),
    path: 'routes.home.header["content type"]',
    message: /not a header name/,
  },
  'a check of a header twice': {
    yaml: `${GOOD}routes: { home: { path: /, header: { ETag: true, etag: true } } }\n`,
    place: at(5),
    path: 'routes.home.header.etag',
    message: /here twice/,
  },
  'a check of a header for no': {
    yaml: `${GOOD}routes: { home: { path: /, header: { etag: false } } }\n`,
    place: at(5),
    path: 'routes.home.header.etag',
    message: /expected a text, or true for any value, not false/,
  },
  'a check of no header': {
    yaml: `${GOOD}routes: { home: { path: /, header: {} } }\n`,
    place: at(5),
    path: 'routes.home.header',
    message: /no header is named/,
  },
  'too many redirects': {
    yaml: `${GOOD}redirects: 21\n`,
    place: at(5),
    path: 'redirects',
    message: /not a whole number from 0 to 20/,
  },
  'redirects that are no number': {
    yaml: `${GOOD}redirects: yes please\n`,
    place: at(5),
    path: 'redirects',
    message: /expected a number, not "yes please"/,
  },
  'cookies that are no yes or no': {
    yaml: `${GOOD}cookies: jar\n`,
    place: at(5),
    path: 'cookies',
    message: /expected true or false, not "jar"/,
  },
  'an address for a range': {
    yaml: staging(', ceiling: 50, forwardedFor: 198.18.0.1'),
    ...ALLOW,
    place: at(1),
    path: 'target.forwardedFor',
    message: /"198.18.0.1" is not a range of IPv4 addresses/,
    hint: /198\.18\.0\.0\/15/,
  },
  'a range that is none': {
    yaml: staging(', ceiling: 50, forwardedFor: { range: 198.18.0.256/15 }'),
    ...ALLOW,
    place: at(1),
    path: 'target.forwardedFor.range',
    message: /not a range/,
  },
  'a range of IPv6': {
    yaml: staging(', ceiling: 50, forwardedFor: { range: "2001:db8::/32" }'),
    ...ALLOW,
    place: at(1),
    path: 'target.forwardedFor.range',
    message: /not a range/,
    hint: /only IPv4/,
  },
  'addresses without a range': {
    yaml: staging(', ceiling: 50, forwardedFor: { header: x-real-ip }'),
    ...ALLOW,
    place: at(1),
    path: 'target.forwardedFor',
    message: /range is missing/,
  },
  'addresses in a header that is taken': {
    yaml: staging(', ceiling: 50, forwardedFor: { range: 198.18.0.0/15, header: Cookie }'),
    ...ALLOW,
    place: at(1),
    path: 'target.forwardedFor.header',
    message: /Cookie is set by flashcrowd itself/,
  },
  'addresses of another kind': {
    yaml: staging(', ceiling: 50, forwardedFor: 5'),
    ...ALLOW,
    place: at(1),
    path: 'target.forwardedFor',
    message: /expected a range such as 198\.18\.0\.0\/15, or a mapping with range, not 5/,
  },
};

for (const [name, { place, path, message, hint, ...given }] of Object.entries(BAD)) {
  test(`refuses ${name}`, async (t) => {
    const problems = await problemsOf(t, given);
    const shown = JSON.stringify(problems, null, 1);
    const problem = problems.find((one) => one.path === path && message.test(one.message));
    assert.ok(problem, shown);
    assert.ok(problem.place === place || problem.place.startsWith(`${place}:`), shown);
    if (hint !== undefined) assert.match(problem.hint ?? '', hint, shown);
    assert.equal(problems.length, 1, `one mistake is one problem: ${shown}`);
    assert.ok(!shown.includes('hunter2'), 'no secret in a message');
  });
}

test('all problems are listed at once, in the order of the file', async (t) => {
  const yaml = `target: 127.0.0.1:8080
sed: 7
timeout: soon
streams:
  - name: a
    curve: missing.csv
  - name: b
    stages: [{ rate: fast, for: 10s }]
    requests: [{ post: "/cart/{item}" }]
gates: [p99 < 800, "errors[stream=c] < 1%"]
`;
  const problems = await problemsOf(t, { yaml });
  assert.deepEqual(
    problems.map(({ path }) => path),
    [
      'target',
      'sed',
      'timeout',
      'streams[0].curve',
      'streams[1].stages[0].rate',
      'streams[1].requests[0]',
      'streams[1].requests[0].post',
      'gates[0]',
      'gates[1]',
    ],
  );
});

test('a scenario that is not there, is a folder, or is not text', async (t) => {
  const folder = await folderOf(t, {});
  const { writeFile } = await import('node:fs/promises');
  await writeFile(join(folder, 'latin.yaml'), Buffer.from([0x61, 0x3a, 0xe9, 0x0a]));
  const refused: readonly [string, RegExp][] = [
    [join(folder, 'none.yaml'), /does not exist/],
    [folder, /is a folder/],
    [join(folder, 'latin.yaml'), /is not UTF-8/],
  ];
  for (const [file, message] of refused) {
    await assert.rejects(
      loadScenario(file, {}, {}),
      (error) => error instanceof UserError && message.test(error.message),
    );
  }
});

test('what a user typed cannot drive the terminal', async (t) => {
  const problems = await problemsOf(t, { yaml: `${GOOD}"\\e[31m\\u202ered": 1\n` });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  assert.doesNotMatch(JSON.stringify(problems[0]?.message), /[\x00-\x1f\u202e]/);
  assert.match(problems[0]?.message ?? '', /unknown key "\\u001b\[31m\\u202ered"/);
});
