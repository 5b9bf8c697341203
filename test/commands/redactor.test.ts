// The redactor: whatever form a message has a secret in, the message says its name instead.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hideUsers, Redactor } from '../../src/commands/redactor.js';
import { oneLine } from '../../src/plain-text.js';

const secret = fc
  .string({ unit: 'binary', minLength: 8, maxLength: 40 })
  .filter((text) => text.trim().length >= 8);

const FORMS: readonly [name: string, of: (text: string) => string][] = [
  ['as it is', (text) => text],
  ['as JSON', (text) => JSON.stringify(text)],
  ['in a URL', (text) => `/?q=${encodeURIComponent(text)}`],
  [
    'in a URL with small digits',
    (text) => encodeURIComponent(text).replace(/%../g, (code) => code.toLowerCase()),
  ],
  ['in a form', (text) => encodeURIComponent(text).replaceAll('%20', '+')],
  ['in hexadecimal', (text) => Buffer.from(text).toString('hex')],
  ['in Base64', (text) => Buffer.from(text).toString('base64')],
  ['as the password of basic authorisation', (text) => Buffer.from(`shop:${text}`).toString('base64')],
  ['as its user', (text) => Buffer.from(`${text}:pass`).toString('base64')],
  ['in Base64 for URLs', (text) => Buffer.from(`xy${text}z`).toString('base64url')],
];

for (const [name, of] of FORMS) {
  test(`a secret is not told ${name}`, () => {
    fc.assert(
      fc.property(secret, (text) => {
        const shown = new Redactor({ KEY: text }).redact(`the hook threw: ${of(text)}!`);
        assert.match(shown, /\[env:KEY\]/);
        assert.ok(!shown.includes(text) && !shown.includes(of(text)), shown);
      }),
    );
  });
}

test('the beginning of a secret is not told where a message was cut', () => {
  const redactor = new Redactor({ KEY: 'abcdefghijklmnop' });
  for (let shown = 1_986; shown < 2_000; shown++) {
    const message = oneLine(`${'x'.repeat(shown)}abcdefghijklmnop and more`);
    assert.doesNotMatch(redactor.redact(message), /abcd/);
  }
  assert.equal(redactor.redact('say "abcdefgh..."'), 'say "[env:KEY]..."');
});

test('the longest of secrets that hold one another is taken, and what is no secret stays', () => {
  const redactor = new Redactor({ SHORT: 'hunter2', LONG: 'hunter2-and-more', TINY: 'a' });
  assert.equal(redactor.redact('a hunter2-and-more, a hunter2'), 'a [env:LONG], a [env:SHORT]');
  assert.equal(new Redactor({}).redact('as it is…'), 'as it is…');
});

test('values of users are not told, and a message is withheld where that cannot be made sure', () => {
  const columns = [
    ['a.user@shop.example', 'b@shop.example'],
    ['pass "word" 1', 'x'],
  ];
  const text =
    'posted email=b%40shop.example&password=pass+%22word%22+1 {"p":"pass \\"word\\" 1"} for a.user@shop.example x';
  assert.equal(hideUsers(text, columns), 'posted email=[user]&password=[user] {"p":"[user]"} for [user] x');
  assert.match(hideUsers(text, [new Array<string>(100_001).fill('user')]), /is not shown/);
  assert.equal(hideUsers(text, []), text);
});
