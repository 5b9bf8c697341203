// What a first reading tells, and what it refuses.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UserError } from '../../src/problem.js';
import { surveyRecording } from '../../src/recording/survey.js';
import { TemplateTable, templateOf } from '../../src/recording/templates.js';
import { line, logFile } from './support.js';

const T0 = Date.UTC(2025, 10, 24, 17, 26) / 1000;
const OPTIONS = { seed: 7, clientKey: 'test' };

describe('a survey', () => {
  const lines = [
    ...Array.from({ length: 30 }, (_, i) => line(T0 + i, `/products/${i}?ref=${i}`)),
    ...Array.from({ length: 12 }, () => line(T0 + 30, '/')),
    'rubbish',
  ];

  it('finds span, counts, routes and peak', async () => {
    const file = logFile(lines);
    const survey = await surveyRecording([file], OPTIONS);
    assert.deepEqual(survey.files, [file]);
    assert.equal(Math.floor(survey.originUs / 1e6), T0);
    assert.equal(Math.floor(survey.lastUs / 1e6), T0 + 30);
    assert.deepEqual([survey.lines, survey.rows, survey.kept], [43, 42, 42]);
    assert.deepEqual(survey.templates, [
      { method: 'GET', path: '/products/{id}', count: 30 },
      { method: 'GET', path: '/', count: 12 },
    ]);
    assert.deepEqual(survey.peak, { atUs: (T0 + 30) * 1e6, count: 12 });
    assert.equal(survey.digests.length, 1);
    assert.deepEqual(survey.hosts, []);
  });

  it('honours the cut', async () => {
    const cut = { fromUs: (T0 + 10) * 1e6, toUs: (T0 + 20) * 1e6 };
    const survey = await surveyRecording([logFile(lines)], { ...OPTIONS, ...cut });
    assert.equal(survey.originUs, cut.fromUs);
    assert.ok(survey.lastUs < cut.toUs && survey.lastUs >= cut.toUs - 1e6);
    assert.deepEqual([survey.rows, survey.kept], [42, 10]);
  });

  it('lists hosts where the log has them', async () => {
    const hosted = ['a.example', 'b.example:8080', 'a.example:443'].map((host) => `${host} ${line(T0)}`);
    const { hosts } = await surveyRecording([logFile(hosted)], OPTIONS);
    assert.deepEqual(hosts, [
      { host: 'a.example', count: 2 },
      { host: 'b.example:8080', count: 1 },
    ]);
  });

  const refused: readonly (readonly [string, string | readonly string[], object, RegExp])[] = [
    ['an empty file', '', {}, /is empty/],
    ['blank lines alone', '\n\n', {}, /none of its 2 lines/],
    [
      'no line that can be sent',
      [line(T0).replace('GET / HTTP/1.1', '-')],
      {},
      /none of its 1 lines .*no request/,
    ],
    [
      'another format',
      ['\x1b[31mevil', 'lines'],
      {},
      /no known log format fits; the first line is "\\x1b\[31mevil"/,
    ],
    ['a cut outside', [line(T0)], { toUs: 1 }, /none of its 1 requests is between[\s\S]*2025-11-24T17:26/],
  ];
  for (const [name, content, cut, message] of refused) {
    it(`refuses ${name}`, async () => {
      const file = logFile(content);
      await assert.rejects(surveyRecording([file], { ...OPTIONS, ...cut }), (error: unknown) => {
        assert.ok(error instanceof UserError);
        assert.ok(error.problems[0]!.place.startsWith(file));
        assert.match(error.message, message);
        assert.notEqual(error.problems[0]!.hint, undefined);
        return true;
      });
    });
  }
});

describe('templates', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['/', '/'],
    ['/products/123', '/products/{id}'],
    ['/products/123?color=red', '/products/{id}'],
    ['/products/123/', '/products/{id}/'],
    ['/img/123.jpg', '/img/{id}.jpg'],
    ['/a/0f1e2d3c4b', '/a/{id}'],
    ['/a/deadbeef', '/a/deadbeef'],
    ['/o/123e4567-e89b-12d3-a456-426614174000', '/o/{id}'],
    ['/s/eyJhbGciOiJIUzI1NiJ9x0', '/s/{id}'],
    ['/collections/summer-sale-2025', '/collections/summer-sale-2025'],
    ['/checkout/information', '/checkout/information'],
    ['/a/b/c/d/e/f/g/h/i/j/k/l/m/n', '/a/b/c/d/e/f/g/h/i/j/k/l/*'],
  ];
  for (const [path, template] of cases) it(path, () => assert.equal(templateOf(path), template));

  it('are counted in bounded memory', () => {
    const table = new TemplateTable();
    for (let i = 0; i < 15_000; i++)
      table.add('GET', `/page-${i.toString(36).replaceAll(/\d/g, 'z')}-${'y'.repeat(i % 9)}/w${i}`);
    const counted = table.list().reduce((sum, { count }) => sum + count, 0);
    assert.equal(counted + table.uncounted, 15_000);
    assert.ok(table.list().length <= 10_000);
  });
});
