// An import that finds nothing to replay says why, and what to check.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UserError } from '../../src/problem.js';
import { importRecording } from '../../src/recording/import.js';
import type { ReadOptions } from '../../src/recording/read/reader.js';
import { line, logFile } from './support.js';

async function problemOf(lines: readonly string[], options: Partial<ReadOptions> = {}) {
  const read = { seed: 7, clientKey: 'test', ...options, files: [logFile(lines)] };
  try {
    await importRecording(read, null);
  } catch (error) {
    assert.ok(error instanceof UserError);
    return error.problems[0] ?? assert.fail('an error without a problem');
  }
  return assert.fail('nothing was wrong');
}

describe('an import without a row', () => {
  const at = 1_764_005_161;
  const socket = line(at, '/live').replace('" 200 ', '" 101 ');
  const hello = line(at).replace('GET / HTTP/1.1', '\\x16\\x03\\x01');

  it('of lines that are none asks whether this is an access log', async () => {
    const { message, hint = '' } = await problemOf([hello, socket, hello]);
    assert.match(
      message,
      /^none of its 3 lines is a request that could be replayed \(request is not HTTP: 2; /,
    );
    assert.match(hint, /access log/);
  });

  it('of one line does not speak of lines', async () => {
    assert.match((await problemOf([hello])).message, /^its only line is no request/);
  });

  it('of websockets alone does not send anybody to options that were not given', async () => {
    const { message, hint = '' } = await problemOf([socket, socket]);
    assert.match(message, /\(websocket \(status 101\): 2\)$/);
    assert.doesNotMatch(hint, /--/);
  });

  it('inside the span that was asked for says so', async () => {
    const { hint = '' } = await problemOf([line(at), hello], { toUs: at * 1e6 });
    assert.match(hint, /--from, --to and --where/);
  });
});
