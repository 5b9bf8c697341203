// The torture's table in the README, which is made from what was saved.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { placeTable, README, render, SAVED, type Saved } from '../torture/outcomes.js';

const saved = JSON.parse(readFileSync(SAVED, 'utf8')) as Saved;

describe('the torture', () => {
  it('has the saved outcome in the README, as it is', () => {
    const readme = readFileSync(README, 'utf8');
    assert.equal(readme, placeTable(readme, saved));
  });

  it('says how many came out right, also where not all did', () => {
    const row = { section: 'kills', what: 'kill -9', times: 30, seen: 'at most 1 s lost' };
    assert.match(render([{ ...row, wrong: [] }]), /✓ {2}kill -9: 30 of 30, at most 1 s lost/);
    assert.match(render([{ ...row, wrong: ['seed 3: exit 2'] }]), /✗ {2}kill -9: 29 of 30/);
  });

  it('has no place in a text without its marks', () => {
    assert.throws(() => placeTable('# flashcrowd', saved), /no place/);
  });
});
