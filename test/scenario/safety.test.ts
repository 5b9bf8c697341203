// Safety: which hosts are this machine, and what the ceiling says.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkCeiling, isLoopback } from '../../src/scenario/safety.js';
import type { Target } from '../../src/scenario/target.js';
import { GOOD, load, problemsOf } from './support.js';

test('loopback is localhost, 127.0.0.0/8 and ::1, and nothing that looks like them', () => {
  for (const host of ['localhost', 'LOCALHOST', '127.0.0.1', '127.255.255.254', '::1', '[::1]']) {
    assert.ok(isLoopback(host), host);
  }
  const others = [
    'localhost.example',
    '127.0.0.1.example',
    '127.0.0',
    '127.0.0.256',
    '128.0.0.1',
    '0.0.0.0',
    '::',
    '10.0.0.1',
    '',
  ];
  for (const host of others) assert.ok(!isLoopback(host), host);
});

test('a URL is judged by the host it really names', async (t) => {
  for (const url of ['http://127.1:80', 'http://0x7f000001:80', 'http://2130706433', 'http://LOCALHOST.']) {
    assert.equal((await load(t, { yaml: GOOD, overrides: { target: url } })).target.loopback, true, url);
  }
  for (const url of [
    'http://localhost.evil.example',
    'http://[::ffff:127.0.0.1]',
    'http://0.0.0.0',
    'http://127.0.0.1.nip.io',
  ]) {
    const problems = await problemsOf(t, { yaml: GOOD, overrides: { target: url } });
    assert.ok(
      problems.some(({ message }) => /is not this machine and is not allowed/.test(message)),
      url,
    );
  }
});

test('a peak at the ceiling is within, a peak above it is not', () => {
  const target: Target = {
    url: 'https://stg.example',
    hostname: 'stg.example',
    port: 443,
    secure: true,
    loopback: false,
    http: 'auto',
    hosts: null,
    ceilingPerSec: 100,
    basicAuth: null,
  };
  assert.equal(checkCeiling(target, 100), undefined);
  assert.match(checkCeiling(target, 101)?.message ?? '', /peak of 101\/s exceeds the ceiling of 100\/s/);
  assert.equal(checkCeiling({ ...target, ceilingPerSec: null }, 1e9), undefined);
});
