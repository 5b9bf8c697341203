// Parquet files of other tools as logs: which column is what, in which unit, and what is said when it is not clear.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';
import { Compression, readParquet, WriterPropertiesBuilder, writeParquet } from 'parquet-wasm';
import { UserError } from '../../src/problem.js';
import { type FieldMap, parseField } from '../../src/recording/fields/field-map.js';
import { openForeign } from '../../src/recording/parquet/parquet-foreign.js';
import { RecordingWriter } from '../../src/recording/parquet/parquet-writer.js';
import { Clients } from '../../src/recording/read/clients.js';
import { Zone } from '../../src/recording/read/zone.js';
import type { Row } from '../../src/recording/row.js';

const folder = mkdtempSync(join(tmpdir(), 'flashcrowd-foreign-'));
let files = 0;
const AT = Date.UTC(2025, 10, 24, 17, 26, 1) * 1e3;

function save(bytes: Uint8Array): string {
  const path = join(folder, `${files++}.parquet`);
  writeFileSync(path, bytes);
  return path;
}

function table(columnData: ColumnSource[], rowGroupSize = 1_000): string {
  return save(new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize })));
}

const paths = (...data: (string | null)[]): ColumnSource => ({ name: 'path', data, type: 'STRING' });

interface ReadOptions {
  readonly zone?: string;
  readonly fields?: readonly string[];
}

async function readAll(path: string, { zone = 'UTC', fields = [] }: ReadOptions = {}) {
  const map: FieldMap | null =
    fields.length === 0
      ? null
      : Object.fromEntries(fields.map((text) => parseField(text)!).map(({ of, field }) => [of, field]));
  const file = await openForeign(path, { zone: Zone.parse(zone)!, fields: map });
  const rows: Row[] = [];
  const unread: Record<string, number> = {};
  let seen = 0;
  const counter = {
    seen: () => void seen++,
    unread: (reason: string) => void (unread[reason] = (unread[reason] ?? 0) + 1),
    cut: () => assert.fail(),
  };
  for await (const batch of file.read(new Clients('test', 256), counter)) rows.push(...batch);
  await file.close();
  return { rows, unread, seen, stamp: file.stamp, resolutionUs: file.resolutionUs, model: file.stampModel() };
}

async function mistake(path: string, options?: ReadOptions): Promise<string> {
  try {
    await readAll(path, options);
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  return assert.fail('it was read');
}

describe('times', () => {
  const whole = BigInt(AT / 1e6);
  const cases: readonly [string, ColumnSource, ReadOptions?][] = [
    ['seconds', { name: 'ts', data: [whole], type: 'INT64' }],
    ['milliseconds', { name: 'ts', data: [whole * 1_000n], type: 'INT64' }],
    ['microseconds', { name: 'time', data: [whole * 1_000_000n], type: 'INT64' }],
    ['nanoseconds beyond 2^53', { name: '@timestamp', data: [whole * 1_000_000_000n], type: 'INT64' }],
    ['seconds as a double', { name: 'ts', data: [AT / 1e6], type: 'DOUBLE' }],
    ['a timestamp', { name: 'timestamp', data: [new Date(AT / 1e3)], type: 'TIMESTAMP' }],
    ['ISO text', { name: 'time', data: ['2025-11-24T17:26:01Z'], type: 'STRING' }],
    ['Apache text', { name: 'time_local', data: ['24/Nov/2025:18:26:01 +0100'], type: 'STRING' }],
    [
      'text without a zone',
      { name: 'time', data: ['2025-11-24 18:26:01'], type: 'STRING' },
      { zone: 'Europe/Berlin' },
    ],
    [
      'a unit said by the user',
      { name: 'ts', data: [whole * 1_000n], type: 'INT64' },
      { fields: ['time=ts@ms'] },
    ],
  ];
  for (const [name, column, options] of cases) {
    it(`may be ${name}`, async () => {
      const { rows } = await readAll(table([column, paths('/p')]), options);
      assert.equal(rows[0]?.startUs, AT);
    });
  }

  it('show their step', async () => {
    const at = (...data: bigint[]) =>
      table([{ name: 'ts', data, type: 'INT64' }, paths(...data.map(() => '/'))]);
    assert.equal((await readAll(at(whole, whole + 1n))).resolutionUs, 1e6);
    assert.equal((await readAll(at(whole * 1_000n, whole * 1_000n + 1n))).resolutionUs, 1e3);
    assert.equal((await readAll(at(whole * 1_000_000n + 7n))).resolutionUs, 1);
  });
});

describe('columns', () => {
  it('are found by the names that load balancers give them', async () => {
    const text = (name: string, value: string): ColumnSource => ({ name, data: [value], type: 'STRING' });
    const { rows, stamp } = await readAll(
      table([
        text('request_creation_time', '2025-11-24T17:26:01.250000Z'),
        text('time', '2025-11-24T17:26:03Z'),
        text('request_verb', 'POST'),
        text('request_url', 'https://shop.example:443/cart?x=1'),
        { name: 'elb_status_code', data: [503], type: 'INT32' },
        { name: 'sent_bytes', data: [1234n], type: 'INT64' },
        text('client_ip', '192.0.2.7'),
        text('user_agent', 'Googlebot/2.1'),
      ]),
    );
    assert.equal(stamp, 'start');
    assert.deepEqual(
      { ...rows[0], client: '' },
      {
        startUs: AT + 250_000,
        durationUs: undefined,
        method: 'POST',
        host: 'shop.example',
        path: '/cart?x=1',
        status: 503,
        bytes: 1234,
        client: '',
        clientClass: 'bot',
        headers: undefined,
        body: undefined,
      },
    );
    assert.match(rows[0]!.client, /^[0-9a-f]{16}$/);
  });

  it('may be said by the user', async () => {
    const { rows } = await readAll(
      table([
        { name: 'when', data: [BigInt(AT)], type: 'INT64' },
        {
          name: 'took',
          data: [1.5],
          type: 'DOUBLE',
        },
        paths('/list'),
        { name: 'q', data: ['a=1'], type: 'STRING' },
      ]),
      { fields: ['time=when', 'duration=took@ms', 'query=q'] },
    );
    assert.equal(rows[0]?.durationUs, 1_500);
    assert.equal(rows[0]?.path, '/list?a=1');
  });

  it('may hold objects, with a path of keys said by the user', async () => {
    const bytes = parquetWriteBuffer({
      columnData: [
        { name: 'ts', data: [BigInt(AT), BigInt(AT)] },
        { name: 'http', data: [{ uri: '/in' }, null] },
      ],
      schema: [
        { name: 'root', num_children: 2 },
        { name: 'ts', type: 'INT64', repetition_type: 'REQUIRED' },
        { name: 'http', num_children: 1, repetition_type: 'OPTIONAL' },
        { name: 'uri', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
      ],
    });
    const { rows, unread } = await readAll(save(new Uint8Array(bytes)), { fields: ['path=http.uri'] });
    assert.deepEqual(
      rows.map(({ path }) => path),
      ['/in'],
    );
    assert.equal(Object.values(unread)[0], 1);
  });

  it('that are lacking are named beside those that are there, safe on a terminal', async () => {
    const file = table([
      { name: 'w\u001b[31mhen', data: [1n], type: 'INT64' },
      { name: 'uri2', data: ['/'], type: 'STRING' },
    ]);
    const message = await mistake(file);
    assert.match(message, /a time or a path or URL; its columns are: w\?\[31mhen, uri2/);
    assert.match(await mistake(file, { fields: ['time=nope', 'path=uri2'] }), /a column nope for time/);
  });

  it('with a duration in a unit unknown are not used, and that is said', async () => {
    const { rows, model } = await readAll(
      table([
        { name: 'ts', data: [BigInt(AT)], type: 'INT64' },
        { name: 'duration', data: [12], type: 'INT32' },
        paths('/'),
      ]),
    );
    assert.equal(rows[0]?.durationUs, undefined);
    assert.match(model, /column duration is not used.*--field duration=duration@ms/);
  });
});

describe('rows', () => {
  it('that are no requests are counted by reason', async () => {
    const { rows, unread, seen } = await readAll(
      table([
        { name: 'ts', data: [BigInt(AT), null, BigInt(AT), BigInt(AT)], type: 'INT64', nullable: true },
        { ...paths('/a', '/b', null, 'no path'), nullable: true },
      ]),
    );
    assert.equal(seen, 4);
    assert.equal(rows.length + Object.values(unread).reduce((a, b) => a + b, 0), 4);
    assert.equal(unread['no time stamp'], 1);
    assert.deepEqual(rows[0]?.path, '/a');
  });

  it('come in the order of the file over row groups larger and smaller than a piece', async () => {
    for (const [count, group] of [
      [150_000, 150_000],
      [5_000, 700],
    ] as const) {
      const ids = Array.from({ length: count }, (_, i) => i);
      const file = table(
        [
          { name: 'ts', data: ids.map((i) => BigInt(AT + ((i * 7) % 1_000))), type: 'INT64' },
          { name: 'path', data: ids.map((i) => `/${i}`), type: 'STRING' },
        ],
        group,
      );
      const { rows } = await readAll(file);
      assert.equal(rows.length, count);
      assert.ok(rows.every((row, i) => row.path === `/${i}` && row.startUs === AT + ((i * 7) % 1_000)));
    }
  });

  it('of a recording that another tool wrote anew keep what logs do not have, in any compression', async () => {
    const path = join(folder, `${files++}.parquet`);
    const writer = await RecordingWriter.create(path, '1.2.3');
    const row: Row = {
      startUs: AT + 7,
      durationUs: 1_500,
      method: 'POST',
      host: 'shop.example',
      path: '/cart',
      status: 200,
      bytes: 10,
      client: 'c0ffee0123456789',
      clientClass: 'bot',
      headers: '[["accept","*/*"]]',
      body: Uint8Array.of(0, 255, 10),
    };
    await writer.append([row, { ...row, headers: '[["a\\r\\nb","x"]]', body: undefined }]);
    await writer.finish('{}');
    for (const codec of [
      Compression.UNCOMPRESSED,
      Compression.SNAPPY,
      Compression.GZIP,
      Compression.BROTLI,
      Compression.ZSTD,
      Compression.LZ4_RAW,
    ]) {
      const properties = new WriterPropertiesBuilder().setCompression(codec).build();
      const slice = save(writeParquet(readParquet(readFileSync(path)), properties));
      const { rows, stamp } = await readAll(slice);
      assert.equal(stamp, 'start');
      assert.deepEqual({ ...rows[0], client: row.client }, row, `codec ${codec}`);
      assert.equal(rows[1]?.headers, undefined);
      assert.equal(rows[1]?.body, undefined);
      assert.equal(rows[0]?.client, rows[1]?.client);
    }
  });
});
