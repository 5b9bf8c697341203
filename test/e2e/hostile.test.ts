// Hostile texts end to end: a log, a server, file names and a result changed by hand, through the built command.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { stamp } from '../recording/support.js';
import { type CliResult, runCli } from '../support/cli.js';
import { assertNoFormula, assertPlain, HOSTILE, ON_A_LINE } from '../support/hostile.js';
import { type RawServer, startRawServer } from '../support/raw-server.js';

/** A text in a file name that systems allow. */
const NAME = '\u001b[2Jshop\u202e=1+1';

let folder: string;
let server: RawServer;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'flashcrowd-hostile-'));
  const short = ON_A_LINE.filter((text) => text.length < 200 && !text.includes('\0'));
  server = await startRawServer((socket) => {
    const text = short[server.requests.length % short.length] ?? '';
    const head = `HTTP/1.1 200 ${text}\r\nx-cache: ${text}\r\nlocation: ${text}\r\nset-cookie: a=${text}; path=${text}\r\ncontent-type: ${text}\r\n`;
    socket.write(Buffer.from(`${head}content-length: 2\r\n\r\nok`));
  });
  const log = ON_A_LINE.flatMap((text, i) => [
    `192.0.2.${i} - ${text} [${stamp(1_764_000_000 + i)}] "GET /${text} HTTP/1.1" 200 512 "${text}" "${text}"`,
    `192.0.2.${i} - - [${stamp(1_764_000_000 + i)}] "${text} /ok HTTP/1.1" 200 512 "-" "-"`,
    `${text} - - [${stamp(1_764_000_000 + i)}] "GET /ok?q=${i} HTTP/1.1" ${text} 512 "-" "-"`,
    text,
    `192.0.2.${i} - - [${stamp(1_764_000_000 + i)}] "GET /ok/${i} HTTP/1.1" 200 512 "-" "-"`,
  ]);
  writeFileSync(join(folder, `${NAME}.log`), `${log.join('\n')}\n`);
  const stream = {
    stages: [{ rate: 60, for: '1s' }],
    tenant: '{shop}',
    name: 'promo',
    requests: [{ route: 'shop', get: '/p/{shop}', headers: { 'x-shop': '{shop}' } }],
    data: { shop: { list: HOSTILE.filter((text) => text.length < 200 && !text.includes('env:')) } },
  };
  writeFileSync(
    join(folder, 'run.yaml'),
    JSON.stringify({
      name: `../${NAME}`,
      label: NAME,
      target: `http://127.0.0.1:${server.port}`,
      streams: [stream],
    }),
  );
  writeFileSync(
    join(folder, 'replay.yaml'),
    JSON.stringify({
      name: NAME,
      target: `http://127.0.0.1:${server.port}`,
      streams: [{ name: '-2+3', recording: `${NAME}.log` }],
    }),
  );
});
after(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function cli(...args: string[]): Promise<CliResult> {
  const result = await runCli(args, { cwd: folder, env: { XDG_CACHE_HOME: join(folder, 'cache') } });
  assertPlain(result.stdout, `the output of ${args[0]}`);
  assertPlain(result.stderr, `the diagnostics of ${args[0]}`);
  assert.doesNotMatch(result.stderr, /\n\s+at /, 'it is no crash');
  return result;
}

describe('hostile texts', () => {
  it('of a log get through no audit, draft, list of arrivals or message', async () => {
    const { code, stderr } = await cli('import', `${NAME}.log`, '-o', 'log.parquet');
    assert.equal(code, 0, stderr);
    await cli('import', `${NAME}.log`, '--audit', '--json');
    await cli('init', `${NAME}.log`);
    const listed = await cli('plan', 'replay.yaml', '--arrivals');
    assert.equal(listed.code, 0, listed.stderr);
    assert.ok(assertNoFormula(listed.stdout, 'the list').length > 10);
  });

  it('of a scenario and of a server get through no report, result or list', async () => {
    const run = await cli('run', 'run.yaml', '--report', 'text', '--report', 'json=s.json');
    assert.match(run.stderr, /^result: out\/[a-z0-9-]+\.ndjson$/m);
    const [result = ''] = readdirSync(join(folder, 'out'));
    for (const file of [join('out', result), 's.json'])
      assertPlain(readFileSync(join(folder, file), 'utf8'), file);
    assert.ok(JSON.parse(readFileSync(join(folder, 's.json'), 'utf8')).outcomes.ok > 0, run.stderr);
    const listed = await cli('plan', 'run.yaml', '--arrivals');
    assert.ok(assertNoFormula(listed.stdout, 'the list').length > 10);
    await cli('plan', 'run.yaml');
  });

  it('of file names and of the command line get through no message', async () => {
    writeFileSync(join(folder, `${NAME}.ndjson`), `${NAME}\n{"t":"${'x'.repeat(50)}\u202e"}\n`);
    for (const args of [
      ['report', `${NAME}.ndjson`],
      ['report', `missing ${NAME}`],
      ['run', `missing ${NAME}`],
      ['report', 'x', '--report', NAME],
      [NAME],
      ['plan', 'run.yaml', '--target', NAME],
    ]) {
      const { code } = await cli(...args);
      assert.equal(code, 2, args.join(' '));
    }
  });
});
