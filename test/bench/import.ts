// Measures an import beside the tools people count logs with: npm run bench:import [-- FILE | --lines MILLIONS]
// Each side runs in a process of its own, sides take turns, and the middle of the rounds is shown.
import { spawnSync } from 'node:child_process';
import { createReadStream, createWriteStream, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createGunzip, createGzip } from 'node:zlib';
import { type DrawKey, draw, drawKey } from '../../src/random.js';
import { detectFormat, sampleOf } from '../../src/recording/formats/index.js';
import { importRecording } from '../../src/recording/import.js';
import { openRecording } from '../../src/recording/parquet/recording-file.js';
import { Clients } from '../../src/recording/read/clients.js';
import { readBlocks } from '../../src/recording/read/lines.js';
import { RecordingReader } from '../../src/recording/read/reader.js';
import { Zone } from '../../src/recording/read/zone.js';
import { CLONE_SHIFT_MAX_US, type Plan, type RecordingStream } from '../../src/scenario/plan.js';
import { Batcher } from '../../src/schedule/batcher.js';
import { RecordedSchedule } from '../../src/schedule/recorded.js';

const ROUNDS = 3;
/** Of a column of the table. */
const WIDTH = 14;

/** The files that the sides read. */
interface Inputs {
  readonly plain: string;
  readonly gzip: string;
  readonly parquet: string;
}

/** Our sides, by name: each returns how many lines, rows or arrivals it has handled. */
const OURS: Readonly<Record<string, (inputs: Inputs) => Promise<number>>> = {
  'parse lines': ({ plain }) => parse(plain),
  'gzip to rows in order': async ({ gzip }) => {
    let rows = 0;
    for await (const batch of rowsOf(gzip)) rows += batch.length;
    return rows;
  },
  'gzip to Parquet': ({ gzip, parquet }) => convert(gzip, parquet),
  'replay of Parquet': ({ parquet }) => replay(parquet),
};

/** What others take for the same lines. */
const PEERS: readonly (readonly [name: string, command: string, args: (inputs: Inputs) => string[]])[] = [
  ['wc -l', 'wc', ({ plain }) => ['-l', plain]],
  [
    'zcat | awk, by status',
    'sh',
    ({ gzip }) => ['-c', 'zcat "$1" | awk \'{ n[$9]++ } END { for (s in n) print s, n[s] }\'', 'sh', gzip],
  ],
  [
    'goaccess',
    'goaccess',
    ({ plain }) => [plain, '--log-format=COMBINED', '--no-progress', '-o', `${plain}.json`],
  ],
];

function rowsOf(file: string) {
  return new RecordingReader({ files: [file], seed: 1, clientKey: 'bench' });
}

async function parse(file: string): Promise<number> {
  const clients = new Clients('bench');
  let lines = 0;
  let parser: ReturnType<typeof open> | undefined;
  const open = (block: { bytes: Buffer; length: number }) => {
    const { reading } = detectFormat(file, sampleOf(block.bytes, block.length), {
      zone: Zone.UTC,
      fields: null,
    });
    if (reading.kind !== 'lines') throw new Error('the bench reads logs of lines');
    return reading.open(clients);
  };
  for await (const { bytes, length } of readBlocks(createReadStream(file))) {
    parser ??= open({ bytes, length });
    for (let from = 0; from < length; lines++) {
      const to = bytes.indexOf(10, from);
      parser.parse(bytes, from, to);
      from = to + 1;
    }
  }
  return lines;
}

/** The whole import, with its audit. */
async function convert(gzip: string, parquet: string): Promise<number> {
  return (await importRecording({ files: [gzip], seed: 1, clientKey: 'bench' }, parquet)).rows;
}

/** What a reader thread does: decodes, schedules and batches; the batches are dropped. */
async function replay(parquet: string): Promise<number> {
  const file = await openRecording(parquet);
  const stream: RecordingStream = {
    kind: 'recording',
    name: 'bench',
    amplify: 1,
    digests: ['0'],
    read: {},
    fold: false,
    ids: [],
    pace: null,
    fromUs: null,
    toUs: null,
    where: null,
    hosts: null,
    writes: [],
  };
  const plan: Plan = {
    format: 1,
    seed: 1,
    lanes: 64,
    speed: 1,
    timeoutUs: 10e6,
    connections: { kind: 'fresh' },
    headers: {},
    tenants: null,
    routes: [
      { name: 'product', expect: [[200, 399]], match: { method: 'GET', path: '/products/{id}' } },
      { name: 'other', expect: [[200, 399]], match: null },
    ],
    streams: [stream],
  };
  const { firstUs, rows } = file;
  if (firstUs === null) return 0;
  const input = {
    kind: 'recording' as const,
    file: parquet,
    fingerprint: file.fingerprint,
    span: { fromUs: null, toUs: null },
    originUs: firstUs,
    lines: rows,
    rows,
    unread: {},
    stampModel: '',
    resolutionUs: 1e6,
    timed: true,
    curve: null,
    ids: [],
    cloneShiftUs: CLONE_SHIFT_MAX_US,
  };
  const schedule = new RecordedSchedule(plan, 0, input, { index: 0, count: 1 });
  const batcher = new Batcher();
  let arrivals = 0;
  const take = () => {
    arrivals += batcher.take()?.seq.length ?? 0;
  };
  const emit = (arrival: Parameters<Batcher['add']>[0]) => {
    batcher.add(arrival);
    if (batcher.full) take();
  };
  for await (const batch of file.read()) schedule.push(batch, emit);
  schedule.end(emit);
  take();
  await file.close();
  return arrivals;
}

/** A shop's day in the combined format: a heavy-tailed choice of 200,000 paths, 100,000 addresses, a line each 4 ms. */
function* makeLines(count: number): Generator<string> {
  const key: DrawKey = drawKey(1, 'bench lines');
  const agents = ['Firefox/140.0', 'Chrome/141.0.0.0 Safari/537.36', 'Version/18.0 Mobile Safari/604.1'];
  const statuses = [200, 200, 200, 200, 200, 200, 304, 302, 404, 503];
  let second = -1;
  let stamp = '';
  let text = '';
  for (let i = 0; i < count; i++) {
    const n = i * 8;
    const now = Math.floor(i / 250);
    if (now !== second) {
      second = now;
      const date = new Date(Date.UTC(2025, 10, 24) + now * 1e3);
      stamp = `${String(date.getUTCDate()).padStart(2, '0')}/Nov/2025:${date.toISOString().slice(11, 19)} +0000`;
    }
    const visitor = Math.floor(draw(key, n) * draw(key, n + 1) * 100_000);
    const item = Math.floor(draw(key, n + 2) ** 3 * 200_000);
    const path =
      item % 5 === 0
        ? `/assets/theme-${item}.css?v=${item % 97}`
        : item % 3 === 0
          ? `/search?q=item+${item}&page=${item % 9}`
          : `/products/a-longer-name-of-a-product-${item}`;
    const address = `10.${visitor >> 16}.${(visitor >> 8) & 255}.${visitor & 255}`;
    const status = statuses[Math.floor(draw(key, n + 3) * statuses.length)];
    const agent = `Mozilla/5.0 (X11; Linux x86_64) ${agents[visitor % agents.length]}`;
    const bytes = Math.floor(draw(key, n + 4) * 60_000);
    text += `${address} - - [${stamp}] "GET ${path} HTTP/1.1" ${status} ${bytes} "-" "${agent}"\n`;
    if (text.length > 65_536) {
      yield text;
      text = '';
    }
  }
  yield text;
}

interface Measured {
  readonly rows: number;
  readonly wallS: number;
  /** NaN for other people's programs. */
  readonly cpuS: number;
  readonly rssMb: number;
}

/** Runs one of our sides in this process, and prints what it took. */
async function runSide(name: string, inputs: Inputs): Promise<void> {
  const side = OURS[name];
  if (side === undefined) throw new Error(`no side ${name}`);
  const before = process.cpuUsage();
  const startMs = performance.now();
  const rows = await side(inputs);
  const wallS = (performance.now() - startMs) / 1e3;
  const { user, system } = process.cpuUsage(before);
  const measured = {
    rows,
    wallS,
    cpuS: (user + system) / 1e6,
    rssMb: process.resourceUsage().maxRSS / 1_024,
  };
  process.stdout.write(JSON.stringify(measured satisfies Measured));
}

function measureSide(name: string, inputs: Inputs): Measured {
  const args = ['--import', 'tsx', fileURLToPath(import.meta.url), '--side', name, JSON.stringify(inputs)];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${name} failed: ${stderr}`);
  return JSON.parse(stdout) as Measured;
}

function measurePeer(command: string, args: readonly string[], lines: number): Measured | undefined {
  const startMs = performance.now();
  const { error, status } = spawnSync(command, args, { stdio: ['ignore', 'ignore', 'ignore'] });
  if (error || status !== 0) return undefined;
  return { rows: lines, wallS: (performance.now() - startMs) / 1e3, cpuS: Number.NaN, rssMb: Number.NaN };
}

function median(all: readonly Measured[]): Measured {
  return all.toSorted((a, b) => a.wallS - b.wallS)[Math.floor(all.length / 2)]!;
}

/** The log plain and packed, whichever was given. */
async function prepare(folder: string, given: string | undefined, lines: number): Promise<Inputs> {
  const inputs = {
    plain: join(folder, 'access.log'),
    gzip: join(folder, 'access.log.gz'),
    parquet: join(folder, 'access.parquet'),
  };
  if (given === undefined) await pipeline(Readable.from(makeLines(lines)), createWriteStream(inputs.plain));
  else if (given.endsWith('.gz')) {
    await pipeline(createReadStream(given), createGunzip(), createWriteStream(inputs.plain));
  } else await pipeline(createReadStream(given), createWriteStream(inputs.plain));
  await pipeline(createReadStream(inputs.plain), createGzip(), createWriteStream(inputs.gzip));
  return inputs;
}

function print(name: string, measured: Measured | undefined, baseS: number): void {
  if (measured === undefined) {
    console.log(`${name.padEnd(24)} not installed`);
    return;
  }
  const { rows, wallS, cpuS, rssMb } = measured;
  const figures = [
    `${wallS.toFixed(2)} s`,
    `${((rows / wallS) * 1e-6).toFixed(2)} M/s`,
    Number.isNaN(cpuS) ? '' : `${((cpuS / rows) * 1e6).toFixed(2)} µs`,
    Number.isNaN(rssMb) ? '' : `${rssMb.toFixed(0)} MiB`,
    `${(wallS / baseS).toFixed(3)}×`,
  ];
  console.log(name.padEnd(24) + figures.map((figure) => figure.padStart(WIDTH)).join(''));
}

async function main(args: readonly string[]): Promise<void> {
  const at = args.indexOf('--lines');
  const millions = at >= 0 ? Number(args[at + 1]) : 2;
  const given = at >= 0 ? undefined : args[0];
  if (!(millions > 0) || (given !== undefined && !existsSync(given))) {
    throw new Error('usage: npm run bench:import [-- FILE | --lines MILLIONS]');
  }
  const folder = mkdtempSync(join(tmpdir(), 'flashcrowd-bench-'));
  try {
    const inputs = await prepare(folder, given, millions * 1e6);
    const ours = new Map(Object.keys(OURS).map((name) => [name, [] as Measured[]]));
    const peers = new Map(PEERS.map(([name]) => [name, [] as Measured[]]));
    let lines = 0;
    for (let round = 0; round < ROUNDS; round++) {
      for (const [name, all] of ours) {
        all.push(measureSide(name, inputs));
        if (name === 'parse lines') lines = all[0]!.rows;
      }
      for (const [name, command, argsOf] of PEERS) {
        const measured = measurePeer(command, argsOf(inputs), lines);
        if (measured) peers.get(name)!.push(measured);
      }
    }
    // The ratio that the README quotes; machines differ, and so do hours on a shared one.
    const goaccess = peers.get('goaccess')!;
    const base = goaccess.length > 0 ? 'goaccess' : 'to Parquet';
    const baseS = median(goaccess.length > 0 ? goaccess : ours.get('gzip to Parquet')!).wallS;
    const mb = (file: string) => `${(statSync(file).size / 1e6).toFixed(0)} MB`;
    console.log(
      `${lines.toLocaleString('en-US')} lines, ${mb(inputs.plain)}, gzip ${mb(inputs.gzip)}, ` +
        `Parquet ${mb(inputs.parquet)}; middle of ${ROUNDS} rounds\n`,
    );
    console.log(
      ' '.repeat(24) +
        ['wall', 'lines', 'CPU a line', 'memory', `of ${base}`].map((h) => h.padStart(WIDTH)).join(''),
    );
    for (const [name, all] of ours) print(name, median(all), baseS);
    for (const [name, all] of peers) print(name, all.length > 0 ? median(all) : undefined, baseS);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const [first, side, inputs] = process.argv.slice(2);
if (first === '--side' && side !== undefined && inputs !== undefined)
  await runSide(side, JSON.parse(inputs) as Inputs);
else await main(process.argv.slice(2));
