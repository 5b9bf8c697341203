// Golden files: what a report looked like when somebody last looked at it. UPDATE_GOLDEN=1 writes them anew.
// JSON among them is called .txt, so that no formatter lays it out its own way.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';

/** Compares a text with a file beside the test that asks. */
export function matchesGolden(actual: string, file: URL): void {
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(file, actual);
  assert.equal(actual, readFileSync(file, 'utf8'));
}
