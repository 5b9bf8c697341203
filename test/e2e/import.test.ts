// Imports with the built command: any packing, the audit, what its options do, and what an interrupt leaves.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import * as zlib from 'node:zlib';
import { line, zipOf } from '../recording/support.js';
import { auditOf, cli, file, folder, importOfPipe, LOG, piped, T0 } from '../support/recording-cli.js';

const TEXT = `${LOG.join('\n')}\n`;

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, n) => sum + n, 0);
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

  it('audits as JSON with names to rely on, writes nothing, and accounts for every line', async () => {
    const socket = line(T0 + 1, '/live').replace('" 200 ', '" 101 ');
    file('all.log', `${[...LOG, socket, 'no request', 'nor this', LOG[0]].join('\n')}\n`);
    const before = readdirSync(folder);
    const audit = await auditOf('all.log', '-o', 'not.parquet');
    assert.deepEqual(readdirSync(folder), before);
    const promised = 'lines parsed dropped from to peakSecond methods statuses hosts clients format stamp';
    for (const name of promised.split(' ')) assert.ok(name in audit, name);
    assert.deepEqual(Object.keys(audit.peakSecond), ['at', 'requests']);
    assert.equal(audit.lines, 64);
    assert.equal(audit.lines, audit.parsed + sumOf(audit.dropped));
    assert.equal(audit.parsed, audit.rows + sumOf(audit.setApart));
    assert.ok(sumOf(audit.dropped) === 2 && sumOf(audit.setApart) === 1);
  });

  it('escapes what a log holds, as JSON and as text', async () => {
    const hostile = [`/a"b\\\u001b[31m`, '/<script>', '/\u202e\u2028', '/\u009b2J'].map((path) =>
      line(T0, path),
    );
    const name = 'hostile\u202e\u009b2J.log';
    file(name, `${[...LOG, ...hostile, '\u001b]0;owned\u0007'].join('\n')}\n`);
    for (const form of [['--json'], []]) {
      const { code, stdout, stderr } = await cli('import', '--audit', name, ...form);
      assert.equal(code, 0, stderr);
      if (form.length > 0) JSON.parse(stdout);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
      assert.doesNotMatch(stdout + stderr, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e]/);
    }
  });

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

  it('takes out what looks like a secret, but for what is kept by name', async () => {
    const held = async (out: string, ...more: string[]) => {
      const { code, stderr } = await cli('import', 'a.log', '-o', out, ...more);
      assert.equal(code, 0, stderr);
      file('held.yaml', `target: http://127.0.0.1:9\nstreams: [{ name: night, recording: ${out} }]\n`);
      return (await cli('plan', 'held.yaml', '--arrivals')).stdout.includes('token=s3cret');
    };
    assert.deepEqual(
      [await held('none.parquet'), await held('kept.parquet', '--keep', 'token')],
      [false, true],
    );
  });

  it('that is interrupted leaves nothing and exits with 130, though its input goes silent', {
    timeout: 60_000,
  }, async (t) => {
    const child = importOfPipe('-o', 'cut.parquet');
    t.after(() => child.kill('SIGKILL'));
    // Enough that rows come out of the order window: the recording is being written then.
    const many = Array.from({ length: 60_000 }, (_, i) => line(T0 + Math.floor(i / 20), `/${i}`)).join('\n');
    child.stdin.on('error', () => {});
    child.stdin.write(`${many}\n`, () => child.kill('SIGINT'));
    const [code] = await once(child, 'close');
    assert.equal(code, 130);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('cut.parquet')),
      [],
    );
  });
});
