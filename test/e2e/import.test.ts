// Recordings end to end with the built command: any packing, what bad input gets, replay, and that night beside this one.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as zlib from 'node:zlib';
import { line, zipOf } from '../recording/support.js';
import { runCli } from '../support/cli.js';
import { type RawAnswer, startRawServer } from '../support/raw-server.js';

const folder = mkdtempSync(join(tmpdir(), 'flashcrowd-import-'));
const env = { XDG_CACHE_HOME: join(folder, 'cache') };
const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const T0 = Date.UTC(2025, 10, 24, 17, 26) / 1000;

const LOG = Array.from({ length: 60 }, (_, i) =>
  line(T0 + Math.floor(i / 20), `/products/${i % 7}?token=s3cret&q=${i}`, `192.0.2.${i % 5}`),
);
const TEXT = `${LOG.join('\n')}\n`;

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Answers every request, with 404 for what starts so. */
const answering =
  (unknown = '?'): RawAnswer =>
  (socket, head) => {
    const status = head.split(' ')[1]?.startsWith(unknown) ? 404 : 200;
    socket.write(`HTTP/1.1 ${status} X\r\ncontent-length: 2\r\n\r\nok`);
  };

function cli(...args: string[]) {
  return runCli(args, { cwd: folder, env });
}

async function auditOf(...args: string[]) {
  const { code, stdout, stderr } = await cli('import', '--audit', '--json', ...args);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

/** Runs an import whose input comes through a pipe. */
async function piped(input: Buffer | string, ...args: string[]) {
  const child = spawn(process.execPath, [CLI, 'import', '-', ...args], {
    cwd: folder,
    env: { ...process.env, ...env },
  });
  let stdout = '';
  child.stdout.on('data', (text) => (stdout += text));
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  return { code, stdout };
}

describe('an import', () => {
  const half = Math.floor(LOG.length / 2);
  file('part-2.log', LOG.slice(half).join('\n'));
  file('part-1.log', LOG.slice(0, half).join('\n'));
  const packed: Record<string, string[]> = {
    plain: [file('a.log', TEXT)],
    gzip: [file('a.log.gz', zlib.gzipSync(TEXT))],
    zlib: [file('a.z', zlib.deflateSync(TEXT))],
    brotli: [file('a.log.br', zlib.brotliCompressSync(TEXT))],
    zip: [
      file('a.zip', zipOf({ '1.log': LOG.slice(0, half).join('\n'), '2.log': LOG.slice(half).join('\n') })),
    ],
    glob: ['part-*.log'],
  };
  for (const [name, files] of Object.entries(packed)) {
    it(`reads ${name}`, async () => {
      const audit = await auditOf(...files);
      assert.deepEqual(
        [audit.lines, audit.parsed, audit.rows, audit.peakSecond.requests, audit.format],
        [60, 60, 60, 20, 'combined'],
      );
      assert.deepEqual(audit.peakSecond.at.slice(0, 17), '2025-11-24T17:26:');
      assert.deepEqual([audit.methods, audit.statuses, audit.clients], [{ GET: 60 }, { 200: 60 }, 5]);
    });
  }

  it('reads zstd where Node has it, and says what to do where not', async () => {
    const { zstdCompressSync } = zlib as typeof zlib & { zstdCompressSync?: (text: string) => Buffer };
    if (zstdCompressSync !== undefined) {
      assert.equal((await auditOf(file('a.zst', zstdCompressSync(TEXT)))).rows, 60);
      return;
    }
    const { code, stderr } = await cli(
      'import',
      '--audit',
      file('a.zst', Buffer.from('28b52ffd2000', 'hex')),
    );
    assert.equal(code, 2);
    assert.match(stderr, /zstd-compressed[\s\S]*zstd -d/);
  });

  it('reads standard input, plain and packed', async () => {
    for (const input of [TEXT, zlib.gzipSync(TEXT)]) {
      const { code, stdout } = await piped(input, '--audit', '--json');
      assert.equal(code, 0);
      assert.equal(JSON.parse(stdout).rows, 60);
    }
  });

  it('writes a recording without secrets, which names clients alike with the same key alone', async () => {
    const names: string[] = [];
    for (const [out, ...more] of [
      ['k1.parquet', '--key-file', 'key'],
      ['k2.parquet', '--key-file', 'key'],
      ['k3.parquet'],
    ] as const) {
      const { code, stderr } = await cli('import', 'a.log', '-o', out, ...more);
      assert.equal(code, 0, stderr);
      names.push(readFileSync(join(folder, out)).toString('latin1'));
      assert.ok(!names.at(-1)?.includes('s3cret') && !names.at(-1)?.includes('192.0.2.'));
    }
    const [one, two, three] = names.map((text) =>
      [...text.matchAll(/[0-9a-f]{16}/g)]
        .map(([name]) => name)
        .sort()
        .join(),
    );
    assert.equal(one, two);
    assert.notEqual(one, three);
  });

  it('cuts, filters, and takes a format, a zone and fields from its user', async () => {
    const cut = await auditOf('a.log', '--from', '2025-11-24T17:26:01Z', '--to', '2025-11-24T17:26:02Z');
    assert.equal(cut.rows, 20);
    assert.equal((await auditOf('a.log', '--where', 'path=/products/1')).rows, 9);
    file(
      'own.log',
      '24/Nov/2025:17:26:01 +0000 GET /a 200 0.250\n24/Nov/2025:17:26:02 +0000 GET /b 503 0.100\n',
    );
    const own = await auditOf(
      'own.log',
      '--format',
      '$time_local $request_method $request_uri $status $request_time',
    );
    assert.deepEqual([own.rows, own.from.slice(0, 14)], [2, '2025-11-24T17:']);
    file(
      'own.jsonl',
      '{"when":"2025-11-24T17:26:01.000","what":"/a","took":250}\n{"when":"2025-11-24T17:26:02.500","what":"/b","took":10}\n',
    );
    const fields = ['time=when', 'path=what', 'duration=took@ms'].flatMap((field) => ['--field', field]);
    const zoned = await auditOf('own.jsonl', ...fields, '--stamp', 'end', '--sort', '--zone', '+0100');
    assert.deepEqual([zoned.rows, zoned.from.slice(0, 23)], [2, '2025-11-24T16:26:00.750']);
  });

  it('that is interrupted leaves nothing and exits with 130', async () => {
    const child = spawn(process.execPath, [CLI, 'import', '-', '-o', 'cut.parquet'], {
      cwd: folder,
      env: { ...process.env, ...env },
    });
    // Enough that rows come out of the order window, so that the import is under way.
    const many = Array.from({ length: 60_000 }, (_, i) => line(T0 + Math.floor(i / 20), `/${i}`)).join('\n');
    child.stdin.on('error', () => {});
    child.stdin.write(`${many}\n`, () => {
      child.kill('SIGINT');
      const feed = setInterval(() => child.stdin.write(`${many}\n`), 50);
      child.once('exit', () => clearInterval(feed));
    });
    const [code] = await once(child, 'close');
    assert.equal(code, 130);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('cut.parquet')),
      [],
    );
  });
});

describe('bad input', () => {
  const gz = zlib.gzipSync(`${LOG.join('\n').repeat(50)}\n`);
  const refused: readonly (readonly [string, string[], RegExp])[] = [
    ['an empty file', [file('empty.log', '')], /is empty/],
    ['blank lines', [file('blank.log', '\n\n\n')], /none of its 3 lines/],
    [
      'binary junk',
      [file('junk.log', Buffer.from(Array.from({ length: 4_000 }, (_, i) => (i * 7919) % 256)))],
      /no known log format/,
    ],
    ['a line of 10 MB', [file('long.log', 'x'.repeat(1e7))], /longer than 64 KiB|no known/],
    ['a HAR that is not JSON', [file('x.har', '{"log": {"entries": [')], /har|JSON|log/i],
    ['Parquet cut off', [file('x.parquet', 'PAR1 and then nothing')], /Parquet/],
    ['a directory', [folder], /directory/],
    ['a file that is not there', ['nowhere.log'], /no such file/],
    ['a glob that matches nothing', ['nothing-*.log'], /no file matches/],
    ['an unknown format', ['a.log', '--format', 'combinde'], /no known format[\s\S]*combined/],
    ['an unknown zone', ['a.log', '--zone', 'Mars/Base'], /no time zone/],
    ['an unknown filter', ['a.log', '--where', 'shop=1'], /no filter/],
    ['an instant that is none', ['a.log', '--from', 'noon'], /not an instant/],
    ['a cut that leaves nothing', ['a.log', '--from', '2026-01-01T00:00:00Z'], /--from/],
  ];
  for (const [name, args, message] of refused) {
    it(`${name} is refused with a reason`, async () => {
      const { code, stderr } = await cli('import', '--audit', ...args);
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /\n\s+at /);
    });
  }

  it('an import without a name for its recording is refused', async () => {
    const { code, stderr } = await cli('import', 'a.log');
    assert.equal(code, 2);
    assert.match(stderr, /-o night.parquet/);
  });

  it('a truncated gzip gives what is before the cut, and says so', async () => {
    const audit = await auditOf(file('cut.gz', gz.subarray(0, gz.length - 40)));
    assert.ok(audit.rows > 100);
    assert.match(audit.files[0].cut, /damaged or cut off/);
  });

  it('what is mixed in is counted and named', async () => {
    const tls = `192.0.2.9 - - [24/Nov/2025:17:26:01 +0000] "\\x16\\x03\\x01" 400 0 "-" "-"`;
    const old = line(T0).replace('2025', '1970');
    const audit = await auditOf(
      file(
        'mixed.log',
        Buffer.from([...LOG, tls, old, '{"a":1}', '\xff\xfe\xfa', line(T0, '/\xfc')].join('\n'), 'latin1'),
      ),
    );
    assert.deepEqual([audit.lines, audit.rows], [65, 61]);
    const dropped = Object.values<number>(audit.dropped).reduce((sum, n) => sum + n, 0);
    assert.equal(audit.lines, audit.parsed + dropped);
    assert.ok(Object.keys(audit.dropped).length >= 2);
  });
});

describe('a run of a recording', () => {
  const summaryOf = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8'));

  it('sends what a log held, imports it once, and its shards are the whole', async () => {
    const server = await startRawServer(answering());
    const posts = Array.from({ length: 4 }, (_, i) => line(T0 + i, '/cart/add').replace('GET', 'POST'));
    file('run.log', `${[...LOG, ...posts].join('\n')}\n`);
    file(
      'run.yaml',
      `target: http://127.0.0.1:${server.port}\nconnections: { pool: 4 }\nstreams: [{ name: night, recording: run.log }]\n`,
    );
    const seen: number[] = [];
    for (const shard of ['0/1', '0/2', '1/2']) {
      const { code, stderr } = await cli(
        'run',
        'run.yaml',
        '--shard',
        shard,
        '--report',
        'json=run.json',
        '--speed',
        '10',
      );
      assert.ok(code === 0 || code === 3, stderr);
      const { planned, sent, coverage } = summaryOf('run.json');
      assert.equal(planned, sent);
      if (shard === '0/1') {
        assert.equal(planned, 60);
        assert.deepEqual(coverage.routes, [{ route: '/cart/add', rows: 4, share: 4 / 64 }]);
      }
      seen.push(planned);
    }
    assert.equal((seen[1] as number) + (seen[2] as number), 60);
    assert.equal(server.requests.length, 120);
    assert.ok(server.requests.every((head) => !head.includes('s3cret')));
    const folderOf = join(folder, 'cache', 'flashcrowd', 'recordings');
    assert.equal(readdirSync(folderOf).length, 1, 'one import for three runs');
    await server.close();
  });

  it('says how that night went and how this build does, and counts ids that staging has not', async () => {
    const server = await startRawServer(answering('/products/6'));
    const night = Array.from({ length: 200 }, (_, i) =>
      line(T0 + Math.floor(i / 50), `/products/${i % 8}`, `192.0.2.${i % 9}`, ' 2.500').replace(
        ' 200 ',
        i % 8 < 4 ? ' 503 ' : ' 200 ',
      ),
    );
    file('night.log', `${night.join('\n')}\n`);
    file(
      'night.yaml',
      `target: http://127.0.0.1:${server.port}\nconnections: { pool: 8 }\nstreams: [{ name: night, recording: night.log }]\ngates: [errors < recorded, p99 < recorded * 1.2]\n`,
    );
    const { code, stdout, stderr } = await cli(
      'run',
      'night.yaml',
      '--report',
      'json=night.json',
      '--report',
      'text',
    );
    assert.ok(code === 0 || code === 3, stderr);
    const { recorded, unknownIds, gates } = summaryOf('night.json');
    assert.deepEqual([recorded.requests, recorded.errors], [200, 0.5]);
    assert.equal(unknownIds, 25);
    assert.deepEqual(
      gates.map(({ result }: { result: string }) => result),
      ['pass', 'pass'],
    );
    assert.match(stdout, /That night\s+50.0 % of 200 requests failed/);
    await server.close();
  });

  it('begins with a scenario that init drafts and plan accepts', async () => {
    assert.equal((await cli('init', 'night.log', '-o', 'draft.yaml')).code, 0);
    const { code, stdout, stderr } = await cli('plan', 'draft.yaml', '--json');
    assert.equal(code, 0, stderr);
    assert.equal(JSON.parse(stdout).planned, 200);
    assert.equal(
      (await cli('init', '--spike', '5x', '--target', 'http://127.0.0.1:9', '-o', 'spike.yaml')).code,
      0,
    );
    assert.equal((await cli('plan', 'spike.yaml')).code, 0);
    assert.equal((await cli('init', '--spike', '5x', '-o', 'spike.yaml')).code, 2, 'it is there already');
  });

  it('may map ids, fold retries and follow a rate', async () => {
    file('staging.csv', 'product\nA\nB\n');
    file(
      'more.yaml',
      `target: http://127.0.0.1:9\nroutes: { product: { path: "/products/{product}" } }\nids: { product: { map: staging.csv } }\n` +
        'streams:\n  - { name: night, recording: night.log, fold: true }\n  - { name: paced, recording: night.log, stages: [{ rate: 50, for: 2s }], arrivals: even }\n',
    );
    const { code, stdout, stderr } = await cli('plan', 'more.yaml', '--arrivals');
    assert.equal(code, 0, stderr);
    const rows = stdout
      .trim()
      .split('\n')
      .slice(1)
      .map((text) => text.split(','));
    assert.equal(rows.filter(([, , stream]) => stream === 'paced').length, 100);
    assert.ok(rows.every((cells) => /^\/products\/[AB]$/.test(cells[7] ?? '')));
  });
});
