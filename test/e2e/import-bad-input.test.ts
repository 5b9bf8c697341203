// What bad input gets from the built command: counted and named, or refused with a reason; never a crash.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import * as zlib from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { line } from '../recording/support.js';
import { auditOf, cli, file, folder, LOG, piped, T0 } from '../support/recording-cli.js';

/** A Parquet file with one column of texts. */
function parquetOf(name: string, data: string[]): Uint8Array {
  return new Uint8Array(parquetWriteBuffer({ columnData: [{ name, data, type: 'STRING' }] }));
}

describe('bad input', () => {
  file('a.log', `${LOG.join('\n')}\n`);
  const foreign = parquetOf('shop', ['hot', 'cold']);
  execFileSync('mkfifo', [join(folder, 'pipe')]);
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
    [
      'Parquet without a time and a path',
      [file('shops.parquet', foreign)],
      /no column that is known as a time[\s\S]*--field/,
    ],
    ['Parquet without its end', [file('half.parquet', foreign.subarray(0, foreign.length / 2))], /cut off/],
    ['JSON without requests', [file('list.json', '[1,2,3]')], /no known log format/],
    ['a HAR without entries', [file('none.har', '{"log":{"version":"1.2","entries":[]}}')], /is empty/],
    ['stamps before there were shops', [file('1970.log', line(3_600))], /no known log format/],
    ['UTF-16', [file('u16.log', Buffer.from(`\ufeff${LOG[0]}`, 'utf16le'))], /iconv/],
    ['half a zip archive', [file('half.zip', 'PK\x03\x04 and then nothing')], /no whole zip archive/],
    ['a packed nothing', [file('nothing.gz', zlib.gzipSync(''))], /is empty/],
    ['a pipe by its name', ['pipe'], /is a pipe[\s\S]*flashcrowd import -/],
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

  it('standard input without a byte, or of a kind that is read from its end, is refused', async () => {
    for (const [input, message] of [
      ['', /standard input: is empty/],
      ['PK\x03\x04rest', /zip archive[\s\S]*Save it to a file/],
      [Buffer.from(foreign), /Parquet[\s\S]*Save it to a file/],
    ] as const) {
      const { code, stderr } = await piped(input, '--audit');
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
    }
  });

  it('a recording never replaces a log, or anything else that is none', async () => {
    symlinkSync('a.log', join(folder, 'link.log'));
    file('other.log', `${LOG[0]}\n`);
    for (const [out, message] of [
      ['a.log', /a.log is one of the files to import/],
      ['link.log', /one of the files to import/],
      ['other.log', /other.log is there already and is no recording/],
      ['pipe', /is no recording/],
      ['.', /is a directory/],
      ['nowhere/night.parquet', /its folder does not exist/],
    ] as const) {
      const { code, stderr } = await cli('import', 'a.log', '-o', out);
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
    }
    assert.equal(readFileSync(join(folder, 'a.log'), 'utf8'), `${LOG.join('\n')}\n`);
    for (const _ of ['made', 'made anew']) {
      assert.equal((await cli('import', 'a.log', '-o', 'again.parquet')).code, 0);
    }
  });

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

  it('odd logs are read all the same', async () => {
    const odd: readonly (readonly [string, string | Buffer, number])[] = [
      ['one line', LOG[0] ?? '', 1],
      ['another century', [1, 2, 3].map((s) => line(Date.UTC(2099, 0, 1) / 1000 + s)).join('\n'), 3],
      ['Windows line ends', LOG.join('\r\n'), 60],
      ['a byte order mark', `\ufeff${LOG.join('\n')}`, 60],
      ['blank lines between', LOG.join('\n\n'), 60],
      [
        'bytes that are no UTF-8',
        Buffer.from(`${line(T0, '/caf\xe9')}\n${line(T0, '/\xff\xfe')}`, 'latin1'),
        2,
      ],
      ['a line of 10 MB between', [LOG[0], 'x'.repeat(1e7), LOG[1]].join('\n'), 2],
      ['gzip after gzip', Buffer.concat(LOG.map((text) => zlib.gzipSync(`${text}\n`))), 60],
    ];
    for (const [name, content, rows] of odd) {
      assert.equal((await auditOf(file('odd.log', content))).rows, rows, name);
    }
  });

  it('what unpacks to a thousand times its size is not read on', async () => {
    // Lines that no format has cost least to read; what is unpacked before it is noticed is 256 MB.
    const bomb = Buffer.concat([zlib.gzipSync(`${LOG.join('\n')}\n`), zlib.gzipSync(Buffer.alloc(280e6))]);
    const audit = await auditOf(file('bomb.gz', bomb));
    assert.equal(audit.rows, 60);
    assert.match(audit.files[0].cut, /more than 400 times its size/);
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
