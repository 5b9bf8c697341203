// Recordings of one and of several files: starts, order, counts, and what is said of the rest.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SET_APART, UNREAD } from '../../src/recording/formats/format.js';
import { RecordingReader } from '../../src/recording/read/reader.js';
import { compileRules } from '../../src/recording/read/rules.js';
import { sortOnDisk } from '../../src/recording/read/sort.js';
import { line, logFile, readAll } from './support.js';

const T0 = Date.UTC(2025, 10, 24, 17, 26) / 1000;

function sorted(rows: readonly { startUs: number }[]): boolean {
  return rows.every((row, i) => i === 0 || rows[i - 1]!.startUs <= row.startUs);
}

describe('one file', () => {
  it('is read in start order although lines are written at the end', async () => {
    const lines = Array.from({ length: 5_000 }, (_, i) =>
      line(T0 + Math.floor(i / 8) - (i % 40 === 0 ? 120 : 0), `/${i}`),
    );
    const { rows, batches, summary } = await readAll([logFile(lines)]);
    assert.equal(rows.length, 5_000);
    assert.ok(sorted(rows));
    assert.ok(Math.max(...batches) <= 1_024);
    assert.equal(summary.lines, 5_000);
    assert.deepEqual(summary.dropped, {});
    assert.equal(summary.firstUs, rows[0]!.startUs);
    assert.equal(summary.lastUs, rows[4_999]!.startUs);
    assert.match(summary.files[0]!.digest ?? '', /^[0-9a-f]{64}$/);
  });

  it("keeps each client's order inside a second", async () => {
    const lines = Array.from({ length: 60 }, (_, i) =>
      line(T0 + Math.floor(i / 20), `/${i}`, `192.0.2.${i % 3}`),
    );
    const { rows } = await readAll([logFile(lines)]);
    for (const client of new Set(rows.map((row) => row.client))) {
      const own = rows.filter((row) => row.client === client).map((row) => Number(row.path.slice(1)));
      assert.deepEqual(
        own,
        own.toSorted((a, b) => a - b),
      );
    }
  });

  it('counts what it cannot use by reason, with the first lines, and goes on', async () => {
    const bad = line(T0).replace('GET / HTTP/1.1', '-');
    const content = [line(T0), bad, '', 'x'.repeat(70_000), bad, `${line(T0 + 1)}\r`, bad, bad, 'rubbish'];
    const { rows, summary } = await readAll([logFile(content)]);
    assert.equal(rows.length, 2);
    const {
      [UNREAD.noRequest]: none,
      [UNREAD.blank]: blank,
      [UNREAD.tooLong]: long,
      ...rest
    } = summary.dropped;
    assert.deepEqual([none, blank, long], [4, 1, 1]);
    assert.deepEqual(Object.values(rest), [1]);
    assert.equal(summary.lines, 9);
    assert.equal(summary.rows + Object.values(summary.dropped).reduce((a, b) => a + b, 0), 9);
    const examples = summary.examples.filter(({ reason }) => reason === UNREAD.noRequest);
    assert.deepEqual(
      examples.map((example) => example.line),
      [2, 5, 7],
    );
  });

  it('drops and counts what comes later than the window allows', async () => {
    const lines = Array.from({ length: 1_000 }, (_, i) => line(T0 + i));
    lines.push(line(T0));
    const { rows, summary } = await readAll([logFile(lines)], { windowUs: 60e6 });
    assert.equal(rows.length, 1_000);
    assert.deepEqual(summary.setApart, { [SET_APART.tooLate]: 1 });
    assert.equal(summary.parsed, 1_001);
    assert.equal(summary.rows, 1_000);
  });

  it('without durations says what it does not know', async () => {
    const { summary } = await readAll([logFile([line(T0)])]);
    assert.match(summary.stampModels.join('; '), /does not say whether Apache .* or nginx/);
    const dashes = await readAll([logFile([line(T0).replace(' 512 ', ' - ')])]);
    assert.match(dashes.summary.stampModels.join('; '), /as Apache writes/);
  });

  it("with nginx's request time is moved from ends to starts, and sorted again", async () => {
    const lines = [line(T0, '/fast', '192.0.2.1', ' 0.001'), line(T0 + 30, '/slow', '192.0.2.2', ' 60.000')];
    const { rows, summary } = await readAll([logFile(lines)]);
    assert.deepEqual(
      rows.map((row) => row.path),
      ['/slow', '/fast'],
    );
    const slow = rows[0]!.startUs - (T0 - 30) * 1e6;
    assert.ok(slow >= 0 && slow < 1e6);
    assert.match(summary.stampModels.join('; '), /moved back by the duration/);
  });

  it('may be empty', async () => {
    const { rows, summary } = await readAll([logFile('')]);
    assert.deepEqual([rows.length, summary.lines, summary.firstUs], [0, 0, null]);
  });
});

describe('what is set apart', () => {
  const lines = [
    line(T0, '/page'),
    line(T0, '/socket').replace(' 200 ', ' 101 '),
    line(T0 + 400, '/poll', '192.0.2.9', ''),
    line(T0 + 2, '/cart'),
  ];

  it('websockets and long polls', async () => {
    const timed = lines.map((text, i) => `${text} ${i === 2 ? '301.000' : '0.100'}`);
    const { rows, summary } = await readAll([logFile(timed)]);
    assert.deepEqual(
      rows.map((row) => row.path),
      ['/page', '/cart'],
    );
    assert.deepEqual(summary.setApart, { [SET_APART.upgrade]: 1, [SET_APART.longPoll]: 1 });
    assert.equal(summary.parsed, summary.rows + 2);
  });

  it('what the filter and the cut leave out, each heard of once', async () => {
    const heard: string[] = [];
    const { rows, summary } = await readAll([logFile(lines)], {
      where: { not: { path: ['/cart'] } },
      toUs: (T0 + 100) * 1e6,
      setApart: (row, reason) => heard.push(`${row.path} ${reason}`),
    });
    assert.deepEqual(
      rows.map((row) => row.path),
      ['/page'],
    );
    assert.deepEqual(heard, [
      `/socket ${SET_APART.upgrade}`,
      `/cart ${SET_APART.where}`,
      `/poll ${SET_APART.outside}`,
    ]);
    assert.equal(summary.rows, 1);
    assert.equal(summary.parsed, 4);
  });
});

describe('stamps in coarse steps', () => {
  it('are found out and spread over their step', async () => {
    const lines = Array.from({ length: 300 }, (_, i) => line(T0 + Math.floor(i / 10) * 3));
    const { rows, summary } = await readAll([logFile(lines)]);
    assert.equal(summary.resolutionUs, 3e6);
    const phases = rows.map((row) => (row.startUs - T0 * 1e6) % 3e6);
    assert.ok(phases.some((us) => us > 2e6) && phases.some((us) => us < 1e6));
    assert.match(summary.stampModels.join('; '), /steps of 3 s/);
  });

  it('are not taken for coarse where something merely asks at intervals', async () => {
    const lines = Array.from({ length: 120 }, (_, i) => line(T0 + Math.floor(i / 2) * 10, '/health'));
    const { summary } = await readAll([logFile(lines)]);
    assert.equal(summary.resolutionUs, 1e6);
  });

  it('few stamps prove nothing', async () => {
    const { summary } = await readAll([logFile([line(T0), line(T0 + 60), line(T0 + 120)])]);
    assert.equal(summary.resolutionUs, 1e6);
  });
});

describe('a clock that was set back', () => {
  const at = (seconds: number) => line(T0 + seconds);

  it('shows where, and by how much; a stray line shows nothing', async () => {
    const lines = [
      ...Array.from({ length: 100 }, (_, i) => at(10_000 + i)),
      at(9_000),
      ...Array.from({ length: 100 }, (_, i) => at(10_100 + i - (i % 5) * 20)),
      ...Array.from({ length: 100 }, (_, i) => at(6_600 + i)),
    ];
    const reader = new RecordingReader({ files: [logFile(lines)], seed: 7, clientKey: 'test' });
    for await (const _ of reader);
    const [jump, ...more] = reader.summary.clockJumps;
    assert.deepEqual(more, []);
    assert.equal(jump?.line, 202);
    assert.ok(jump.seconds < -3_500 && jump.seconds > -3_700);
  });
});

describe('a log far out of order', () => {
  const lines = Array.from({ length: 3_000 }, (_, i) => line(T0 + ((i * 7919) % 3_000) * 2, `/${i}`));

  it('loses rows, and says so, unless it is sorted first', async () => {
    const plain = await readAll([logFile(lines)]);
    assert.ok((plain.summary.setApart[SET_APART.tooLate] ?? 0) > 1_000);
    const sortedRead = await readAll([logFile(lines)], { rules: compileRules({ sort: true }) });
    assert.equal(sortedRead.rows.length, 3_000);
    assert.ok(sorted(sortedRead.rows));
    assert.deepEqual(sortedRead.summary.setApart, {});
  });

  it('is sorted alike in one run, in many, and in more than are merged at once', async () => {
    const { rows } = await readAll([logFile(lines)], { rules: compileRules({ sort: true }) });
    const shuffled = rows.toSorted((a, b) => (a.path < b.path ? -1 : 1));
    const batches = async function* () {
      for (let i = 0; i < shuffled.length; i += 10) yield shuffled.slice(i, i + 10);
    };
    for (const runRows of [10_000, 700, 10]) {
      const found = [];
      for await (const piece of sortOnDisk(batches(), runRows)) found.push(...piece);
      assert.deepEqual(found, rows);
    }
  });
});

describe('several files', () => {
  it('are merged by time, whatever their order', async () => {
    const parts = [0, 1, 2].map((part) =>
      Array.from({ length: 1_500 }, (_, i) =>
        line(T0 + Math.floor(i / 2), `/${part}/${i}`, `192.0.2.${part}`),
      ),
    );
    const files = parts.map((lines, part) => logFile(lines, part === 1));
    const { rows, summary } = await readAll(files);
    assert.equal(rows.length, 4_500);
    assert.ok(sorted(rows));
    assert.equal(summary.lines, 4_500);
    assert.equal(new Set(rows.map((row) => row.path)).size, 4_500);
  });

  it('that follow one another are read one after the other, in any order given', async () => {
    const days = [2, 0, 1].map((day) =>
      logFile(Array.from({ length: 700 }, (_, i) => line(T0 + day * 86_400 + i * 120, `/${day}/${i}`))),
    );
    const { rows, summary } = await readAll(days);
    assert.equal(rows.length, 2_100);
    assert.ok(sorted(rows));
    assert.deepEqual(summary.dropped, {});
  });

  it('read twice give the same rows; another seed other offsets', async () => {
    const files = [0, 1].map((part) =>
      logFile(Array.from({ length: 50 }, (_, i) => line(T0 + i, `/${part}`))),
    );
    const first = await readAll(files);
    assert.deepEqual((await readAll(files)).rows, first.rows);
    assert.notDeepEqual((await readAll(files, { seed: 8 })).rows, first.rows);
  });

  it('name a client of both alike', async () => {
    const { rows } = await readAll([logFile([line(T0)]), logFile([line(T0 + 5)])]);
    assert.equal(rows[0]!.client, rows[1]!.client);
  });
});
