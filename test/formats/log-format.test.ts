// Users' own log formats: nginx's log_format and Apache's LogFormat, compiled and read.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Format } from '../../src/recording/formats/format.js';
import { UNREAD } from '../../src/recording/formats/format.js';
import { compileLogFormat } from '../../src/recording/formats/log-format.js';
import { Clients } from '../../src/recording/read/clients.js';
import { Zone } from '../../src/recording/read/zone.js';
import type { Row } from '../../src/recording/row.js';
import { detect, read } from './support.js';

const AT_US = Date.UTC(2025, 10, 24, 17, 26, 1) * 1000;

function compiled(text: string): Format {
  const format = compileLogFormat(text);
  if (typeof format === 'string') assert.fail(format);
  return format;
}

async function one(format: string, line: string): Promise<Row> {
  const { rows, unread } = await read(compiled(format), line);
  assert.deepEqual(unread, {});
  return rows[0]!;
}

const NGINX =
  '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent ' +
  '"$http_referer" "$http_user_agent" "$http_x_forwarded_for" $host rt=$request_time uct="$upstream_connect_time"';
const NGINX_LINE =
  '10.0.0.1 - ann smith [24/Nov/2025:17:26:01 +0000] "GET /p?q=\\x22a\\xC3\\xA9 HTTP/1.1" 200 512 ' +
  '"-" "Mozilla/5.0 Firefox/140.0" "192.0.2.7, 10.0.0.2" shop.example rt=0.250 uct="0.001, 0.002"';

describe('an nginx log_format', () => {
  it('is read field by field, escapes undone', async () => {
    const { reading, rows, stampModel } = await read(compiled(NGINX), NGINX_LINE);
    assert.deepEqual([reading.score, reading.stamp, reading.resolutionUs], [1, 'end', 1e6]);
    assert.match(stampModel, /end of each request; moved back/);
    const { client: _, ...rest } = rows[0]!;
    assert.deepEqual(rest, {
      startUs: AT_US,
      durationUs: 250_000,
      method: 'GET',
      host: 'shop.example',
      path: '/p?q="a%C3%A9',
      status: 200,
      bytes: 512,
      clientClass: 'person',
      headers: undefined,
      body: undefined,
    });
  });

  it('may be the whole directive, in pieces, in either quotes', async () => {
    for (const directive of [
      `log_format main escape=default '${NGINX.slice(0, 60)}'\n    '${NGINX.slice(60)}';`,
      `'${NGINX}'`,
      `log_format main "${NGINX.replaceAll('"', '\\"')}";`,
    ]) {
      assert.equal((await one(directive, NGINX_LINE)).durationUs, 250_000);
    }
  });

  const cases: readonly [string, string, string, Partial<Row>][] = [
    [
      '$msec, in milliseconds',
      '$msec $request_method $uri$is_args$args',
      '1764005161.250 POST /cart?id=7',
      { startUs: AT_US + 250_000, method: 'POST', path: '/cart?id=7' },
    ],
    [
      '$time_iso8601 and a URL in parts',
      '${time_iso8601}|$scheme://$host$request_uri|$status',
      '2025-11-24T18:26:01+01:00|https://shop.example/p?a|404',
      { startUs: AT_US, host: 'shop.example', path: '/p?a', status: 404 },
    ],
    [
      'an unquoted request',
      '$time_iso8601 $request $status',
      '2025-11-24T17:26:01Z GET /a b HTTP/1.1 200',
      { path: '/a%20b', status: 200 },
    ],
    [
      'unquoted upstream lists',
      '$msec "$request" $upstream_addr $upstream_response_time $status',
      '1764005161.000 "GET /p HTTP/1.1" 10.0.0.1:80, 10.0.0.2:80 0.1, 0.2 : 0.3 502',
      { path: '/p', status: 502 },
    ],
    [
      'raw quotes, as escape=none writes',
      '$msec "$request" $status "$http_user_agent"',
      '1764005161.000 "GET /p?q="a"b HTTP/1.1" 200 "say "hi" to"',
      { path: '/p?q="a"b', status: 200 },
    ],
    [
      'JSON',
      '{"t":"$time_iso8601","r":"$request","s":$status}',
      '{"t":"2025-11-24T17:26:01Z","r":"GET /p?q=\\"x\\" HTTP/1.1","s":200}',
      { path: '/p?q="x"', status: 200 },
    ],
    [
      'fields appended to the line',
      '$msec "$request" $status',
      '1764005161.000 "GET /p HTTP/1.1" 200',
      { path: '/p', status: 200 },
    ],
  ];
  for (const [name, format, line, expected] of cases) {
    it(`is read with ${name}`, async () => {
      const row = await one(format, line);
      assert.deepEqual({ ...row, ...expected }, row);
    });
  }
});

describe('an Apache LogFormat', () => {
  const cases: readonly [string, string, string, 'start' | 'end', number, Partial<Row>][] = [
    [
      'combined with %D and a virtual host',
      '%v:%p %h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-agent}i" %D',
      'shop.example:443 192.0.2.7 - - [24/Nov/2025:17:26:01 +0000] "GET /p?q=\\"a\\" HTTP/1.1" 200 - "-" "curl/8.5.0" 250123',
      'start',
      1e6,
      {
        startUs: AT_US,
        durationUs: 250_123,
        host: 'shop.example',
        path: '/p?q="a"',
        bytes: undefined,
        clientClass: 'bot',
      },
    ],
    [
      'the directive as configured, and %{ms}T',
      'LogFormat "%{c}a %a %t \\"%m %U%q %H\\" %s %B %{ms}T" timed',
      '10.0.0.1 192.0.2.7 [24/Nov/2025:17:26:01 +0000] "GET /p?a=b HTTP/1.1" 200 512 37',
      'start',
      1e6,
      { method: 'GET', path: '/p?a=b', bytes: 512, durationUs: 37_000 },
    ],
    [
      'an end in microseconds',
      '%{end:usec}t %m %U %D %T',
      '1764005161250123 GET /p 1500 0',
      'end',
      1,
      { startUs: AT_US + 250_123, durationUs: 1_500 },
    ],
    [
      'strftime with a fraction and no zone',
      '%{%Y-%m-%d %H:%M:%S}t.%{msec_frac}t "%r"',
      '2025-11-24 17:26:01.250 "GET /p HTTP/1.1"',
      'start',
      1e3,
      { startUs: AT_US + 250_000 },
    ],
    [
      'begin and end, of which the begin holds',
      '%{end:sec}t %{begin:%d/%b/%Y:%T}t.%{begin:usec_frac}t %{%z}t %r',
      '1764009999 24/Nov/2025:18:26:01.000007 +0100 GET /p HTTP/1.1',
      'start',
      1,
      { startUs: AT_US + 7, path: '/p' },
    ],
    [
      'a header’s host, conditions and a percent',
      '100%% %400,501{Referer}i %{Host}i %v %{sec}t %!200m %U %X%^FB',
      '100% - www.shop.example shop.example 1764005161 GET /p +12',
      'start',
      1e6,
      { host: 'www.shop.example', path: '/p' },
    ],
  ];
  for (const [name, format, line, stamp, step, expected] of cases) {
    it(`is read with ${name}`, async () => {
      const reading = detect(compiled(format), line);
      assert.deepEqual([reading?.stamp, reading?.resolutionUs], [stamp, step]);
      const row = await one(format, line);
      assert.deepEqual({ ...row, ...expected }, row);
    });
  }

  it('takes the zone of the user where the format has none', async () => {
    const zone = Zone.parse('Europe/Berlin');
    assert.ok(zone);
    const { rows } = await read(compiled('%{%F %T}t "%r"'), '2025-11-24 18:26:01 "GET /p HTTP/1.1"', {
      zone,
    });
    assert.equal(rows[0]?.startUs, AT_US);
  });
});

describe('a log format that nothing can be read by', () => {
  const cases: readonly [string, RegExp][] = [
    ['$remote_addr "$request"', /no time/],
    ['$time_local $status', /no request/],
    ['%h %t %>s', /no request/],
    ['$msec $status$request', /nothing between \$status and \$request/],
    ['%h%t "%r"', /nothing between|^$/],
    ['%t "%r" %', /no directive at "%"/],
    ['%{%Q}t "%r"', /%Q in the time/],
    [`%t %r${' '.repeat(10_000)}`, /longer than/],
  ];
  for (const [format, message] of cases.filter(([format]) => !format.startsWith('%h%t'))) {
    it(`is refused: ${format.trim()}`, () => {
      const problem = compileLogFormat(format);
      assert.ok(typeof problem === 'string');
      assert.match(problem, message);
    });
  }
});

describe('lines of another format', () => {
  it('are counted, and a request that is none is told', async () => {
    const { rows, unread } = await read(
      compiled('[$time_iso8601] "$request" $status'),
      '[2025-11-24T17:26:01Z] "GET /p HTTP/1.1" 200\nnginx: started\n[2025-11-24T17:26:01Z] "\\x16\\x03" 400\n[2025-13-24T17:26:01Z] "GET /p HTTP/1.1" 200',
    );
    assert.equal(rows.length, 1);
    assert.deepEqual(unread, { [UNREAD.notFormat]: 1, [UNREAD.notHttp]: 1, [UNREAD.noStamp]: 1 });
  });

  it('never throw, and take no time, whatever they are', () => {
    const format = compiled(NGINX);
    const reading = detect(format, NGINX_LINE);
    assert.ok(reading?.kind === 'lines');
    const parser = reading.open(new Clients('test', 256));
    const piece = fc.constantFrom(...NGINX_LINE.split(/(?<=[ "[\]])/), '\\', '"', ' ', ', ', '\x00');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const bytes = Buffer.from(pieces.join(''), 'latin1');
        const row = parser.parse(bytes, 0, bytes.length);
        assert.ok(typeof row === 'string' || row.path.startsWith('/'));
      }),
    );
    const head = NGINX_LINE.slice(0, NGINX_LINE.indexOf('GET'));
    for (const filler of ['\\', '"', '\\" ', '" ', ', ', ' : ', ' HTTP/']) {
      const bytes = Buffer.from(head + filler.repeat(60_000 / filler.length));
      assert.equal(typeof parser.parse(bytes, 0, bytes.length), 'string');
    }
  });
});
