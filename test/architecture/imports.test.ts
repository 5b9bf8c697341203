// The architecture as a test: which stage may import which, what the pure stages may not touch, what is fenced where.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const SRC = fileURLToPath(new URL('../../src', import.meta.url));

/** The pipeline: a stage imports from stages before it, never after. */
const STAGES = [
  'recording',
  'scenario',
  'schedule',
  'measure',
  'drive',
  'workers',
  'judge',
  'report',
  'live',
];
/** What every stage may import. */
const COMMON = ['units', 'random', 'plain-text', 'problem', 'version'];
const PURE = ['schedule', 'judge', 'report'];
/** Risky dependencies, each in one file. */
const FENCED: Readonly<Record<string, string>> = {
  commander: 'cli.ts',
  undici: 'drive/transports/undici-transport.ts',
  'hdr-histogram-js': 'measure/histogram.ts',
  chalk: 'report/paint.ts',
  'csv-parse': 'recording/read/csv.ts',
  yaml: 'scenario/yaml.ts',
  tldts: 'recording/formats/sites.ts',
  'tough-cookie': 'drive/visits/cookies.ts',
  jstat: 'judge/statistics/distributions.ts',
  hyparquet: 'recording/parquet/parquet.ts',
  yauzl: 'recording/read/zip.ts',
  re2js: 'scenario/regex.ts',
};

interface Source {
  /** Relative to src, with forward slashes. */
  readonly file: string;
  readonly stage: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const sources: Source[] = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => {
    const text = readFileSync(join(SRC, file), 'utf8');
    const imports = [...text.matchAll(/(?:from|import)\s+'([^']+)'|import\('([^']+)'\)/g)].map(
      (m) => m[1] ?? m[2] ?? '',
    );
    return { file: file.replaceAll('\\', '/'), stage: file.split(/[\\/]/)[0] as string, text, imports };
  });

/** The first folder or file name of a relative import, as seen from src. */
function placeOf(source: Source, specifier: string): string {
  const path = relative(SRC, join(SRC, dirname(source.file), specifier)).replaceAll('\\', '/');
  return (path.split('/')[0] as string).replace(/\.js$/, '');
}

function relativeImports(source: Source): string[] {
  return source.imports
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => placeOf(source, specifier));
}

/** The code without its comments and texts. */
function codeOf(source: Source): string {
  return source.text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/\/\/.*$/gm, '')
    .replace(/'(?:[^'\\\n]|\\.)*'/g, "''");
}

describe('the architecture', () => {
  it('lets a stage import only from stages before it', () => {
    const wrong: string[] = [];
    for (const source of sources) {
      const order = STAGES.indexOf(source.stage);
      if (order < 0) continue;
      for (const place of relativeImports(source)) {
        const at = STAGES.indexOf(place);
        const allowed = COMMON.includes(place) || (at >= 0 && at <= order);
        const verdict = source.stage === 'judge' && place === 'exit-codes';
        if (!allowed && !verdict) wrong.push(`${source.file} imports ${place}`);
      }
    }
    assert.deepEqual(wrong, []);
  });

  it('keeps the storefront to itself', () => {
    for (const source of sources) {
      const places = relativeImports(source);
      if (source.stage === 'storefront') {
        for (const place of places)
          assert.ok(['storefront', 'units', 'random'].includes(place), `${source.file} imports ${place}`);
      } else if (source.file !== 'commands/storefront.ts') {
        assert.ok(!places.includes('storefront'), `${source.file} imports the storefront`);
      }
    }
  });

  it('keeps clocks, chance and Node out of the pure stages', () => {
    for (const source of sources.filter(({ stage }) => PURE.includes(stage))) {
      assert.ok(
        !source.imports.some((specifier) => specifier.startsWith('node:')),
        `${source.file} imports node:`,
      );
      for (const banned of [
        'Date.now',
        'new Date()',
        'Math.random',
        'process.',
        'performance.',
        'setTimeout',
      ]) {
        assert.ok(!codeOf(source).includes(banned), `${source.file} uses ${banned}`);
      }
    }
  });

  it('draws nothing from Math.random anywhere', () => {
    for (const source of sources) assert.ok(!codeOf(source).includes('Math.random'), source.file);
  });

  it('ends the process where a defect shows, at the second Ctrl-C and at a closed pipe, else nowhere', () => {
    const enders = sources
      .filter((source) => codeOf(source).includes('process.exit('))
      .map(({ file }) => file);
    assert.deepEqual(enders.sort(), ['cli.ts', 'commands/stop.ts', 'commands/terminal.ts']);
  });

  it('fences risky dependencies in one file each', () => {
    for (const [dependency, home] of Object.entries(FENCED)) {
      const users = sources.filter(({ imports }) =>
        imports.some((i) => i === dependency || i.startsWith(`${dependency}/`)),
      );
      assert.deepEqual(
        users.map(({ file }) => file),
        [home],
        dependency,
      );
    }
    const csv = sources.filter(({ imports }) => imports.some((i) => i.startsWith('csv-parse')));
    assert.equal(csv.length, 1);
  });

  it('opens every file with a sentence on its purpose', () => {
    for (const { file, text } of sources) assert.match(text, /^(?:#!.*\n)?\/\/ \S.*/, file);
  });
});
