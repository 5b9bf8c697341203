// The report of a search for headroom: what it looks like, that it keeps within its columns, that it can be read.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ExitCode } from '../../src/exit-codes.js';
import { judgeHeadroom, type TrialRecord } from '../../src/judge/headroom/headroom.js';
import { columnsOf } from '../../src/report/escape.js';
import { jsonText } from '../../src/report/json-text.js';
import { limitText, searchWords, trialWords } from '../../src/report/limit.js';
import { type LimitReport, limitJson, type SearchPlan } from '../../src/report/limit-json.js';
import { LIMIT, limitSchema } from '../../src/report/limit-schema.js';
import { paintFor } from '../../src/report/paint.js';
import { matchesGolden } from '../support/golden.js';
import { failedGate, trialOf } from '../support/trials.js';

const SEARCH: SearchPlan = {
  from: 1,
  min: 0.0625,
  max: 10,
  within: 0.1,
  trialsMax: 12,
  vary: 'promo',
  maxReason: "the target's ceiling of 3,000/s",
  trialsExpected: 8,
  peaksPerSec: { plan: 300, from: 300, max: 3_000 },
  budgetUs: 3 * 3600e6,
  coolDownUs: 60e6,
  trialUs: 165e6,
};

function reportOf(trials: readonly TrialRecord[], more: Partial<LimitReport> = {}): LimitReport {
  const headroom = judgeHeadroom(trials, 'found');
  const { exitCode } = headroom;
  return {
    scenario: 'Promo spike, 5×',
    target: 'https://edge.stg.example',
    search: SEARCH,
    trials,
    headroom,
    exitCode,
    ...more,
  };
}

const NIGHT = reportOf([
  trialOf(1, 'held'),
  trialOf(2, 'held'),
  trialOf(4, 'invalid'),
  trialOf(4, 'failed', { failed: [failedGate(0.134), failedGate(0.2, 'p99[route=cart, phase=peak] < 1s')] }),
  trialOf(2.828, 'held'),
  trialOf(3.363, 'failed'),
  trialOf(3.084, 'inconclusive'),
  trialOf(3.084, 'held'),
  trialOf(3.084, 'held'),
  trialOf(3.363, 'held'),
  trialOf(3.363, 'failed'),
]);

describe('the report of a limit', () => {
  for (const width of [80, 100]) {
    it(`golden: in ${width} columns`, () => {
      const text = limitText(NIGHT, width, paintFor(0));
      for (const line of text.split('\n')) assert.ok(columnsOf(line) <= width, line);
      matchesGolden(text, new URL(`golden/limit-${width}.txt`, import.meta.url));
    });
  }

  it('golden: as JSON, of its schema', () => {
    const json = limitJson(NIGHT);
    LIMIT.parse(json);
    matchesGolden(jsonText(json), new URL('golden/limit.json.txt', import.meta.url));
    assert.equal((limitSchema() as { title?: string }).title, 'flashcrowd limit');
  });

  it('says beforehand how many trials there will be and how long they take, at most and as a rule', () => {
    const words = searchWords('Promo spike, 5×', SEARCH);
    assert.match(
      words,
      /from 1× \(peak 300\/s\), down to 0.0625×, up to 10× \(peak 3,000\/s; the target's ceiling/,
    );
    assert.match(words, /only stream promo is multiplied/);
    assert.match(
      words,
      /about 8 trials of up to 2m45s with 1m00s between them: 29m00s; at most 12 trials: 44m00s/,
    );
  });

  it('answers in its first words, whatever the answer is', () => {
    const first = (trials: readonly TrialRecord[], ending?: Parameters<typeof judgeHeadroom>[1]) => {
      const headroom = judgeHeadroom(trials, ending ?? 'found', ending === 'refused' ? 'too much' : null);
      return limitText(reportOf(trials, { headroom }), 200, paintFor(0));
    };
    const twice = (k: number, outcome: TrialRecord['outcome']) => [trialOf(k, outcome), trialOf(k, outcome)];
    assert.match(
      first([...twice(10, 'held')]),
      /AT LEAST 10×.*\n.*nothing higher was tried \(the target's ceiling/,
    );
    assert.match(
      first(twice(0.0625, 'failed')),
      /LESS THAN 0\.0625×.*\n.*less than 0\.0625× of stream promo, 18\.8\/s/,
    );
    assert.match(
      first([...twice(2, 'held'), ...twice(2.1, 'invalid')]),
      /AT LEAST 2×.*\n.*generator-limited: at least 2×, 600\/s at the peak; 2\.1× cannot/,
    );
    assert.match(first(twice(1, 'inconclusive')), /UNDECIDED.*\n.*not known: 1× is open: p99/);
    assert.match(first([]), /UNDECIDED.*\n.*no trial says anything/);
    assert.match(
      first([trialOf(2, 'held'), trialOf(4, 'failed')], 'time_used'),
      /a single trial may mislead/,
    );
    assert.match(first([trialOf(2, 'held')], 'refused'), /the next trial may not be sent: too much/);
  });

  it('lets no text from outside move the cursor', () => {
    const hostile = fc.string({
      unit: fc.constantFrom('\u001b', '[', '2', 'J', '\u009b', '\r', '\n', 'a', '\u202e'),
    });
    fc.assert(
      fc.property(hostile, (text) => {
        const search = { ...SEARCH, vary: text, maxReason: text };
        const more = { reason: text, resultFile: text, failed: [failedGate(0.1, text)] };
        const trials = [trialOf(1, 'failed', more), trialOf(2, 'invalid', more), trialOf(2, 'invalid', more)];
        const headroom = judgeHeadroom(trials, 'refused', text);
        const report = { ...reportOf(trials), scenario: text, target: text, search, headroom };
        const all = [
          limitText(report, 80, paintFor(0)),
          searchWords(text, search),
          ...trials.map((trial) => trialWords(1, trial)),
          jsonText(limitJson(report)),
        ].join('');
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
        assert.doesNotMatch(all, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
        assert.equal(limitJson({ ...report, exitCode: ExitCode.interrupted }).exitCode, 130);
      }),
    );
  });
});
