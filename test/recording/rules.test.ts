// Patterns, host maps, and the paths that act.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { HostMap } from '../../src/recording/hosts.js';
import { CapturePattern, Pattern } from '../../src/recording/pattern.js';
import { isActingPath } from '../../src/recording/quarantine.js';

describe('a pattern', () => {
  const cases: readonly (readonly [pattern: string, takes: readonly string[], not: readonly string[]])[] = [
    ['/', ['/'], ['', '/a', '//']],
    ['/products/*', ['/products/', '/products/1/x'], ['/products', '/product/1']],
    ['/products/{id}', ['/products/1', '/products/red-shoe'], ['/products/', '/products/1/x']],
    ['/products/{id}/reviews', ['/products/1/reviews'], ['/products/1/2/reviews', '/products//reviews']],
    ['*.jpg', ['.jpg', '/a/b.jpg'], ['/a.jpgx']],
    ['/{a}-{b}.{c}', ['/x-y.z', '/x-y-z.t.u'], ['/x.z', '/-y.z/']],
    ['/a*b*c', ['/abc', '/a/b/c', '/abcbc'], ['/ab', '/acb']],
    ['a.c', ['a.c'], ['abc']],
    ['*', ['', 'anything'], []],
  ];
  for (const [pattern, takes, not] of cases) {
    it(pattern, () => {
      const compiled = new Pattern(pattern);
      for (const text of takes) assert.ok(compiled.test(text), text);
      for (const text of not) assert.ok(!compiled.test(text), text);
    });
  }

  it('agrees with the regular expression of the same meaning', () => {
    const piece = fc.constantFrom('/', 'a', 'b', '.', '*', '{id}');
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 8 }),
        fc.array(fc.constantFrom('/', 'a', 'b', '.')),
        (pieces, chars) => {
          const source = pieces.map((p) => (p === '*' ? '.*' : p === '{id}' ? '[^/]+' : `[${p}]`)).join('');
          const text = chars.join('');
          assert.equal(new Pattern(pieces.join('')).test(text), new RegExp(`^${source}$`).test(text));
        },
      ),
    );
  });
});

describe('a captured placeholder', () => {
  it('is the earliest place and then the longest text for which the rest of the pattern holds', () => {
    const piece = fc.constantFrom('/', 'a', 'b', '*', '{id}');
    const part = fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join(''));
    const text = fc.array(fc.constantFrom('/', 'a', 'b'), { maxLength: 9 }).map((chars) => chars.join(''));
    fc.assert(
      fc.property(part, part, text, (before, after, path) => {
        let expected: readonly [number, number] | null = null;
        for (let from = 0; from < path.length && expected === null; from++) {
          for (let to = path.length; to > from && expected === null; to--) {
            const fits =
              !path.slice(from, to).includes('/') &&
              new Pattern(before).test(path.slice(0, from)) &&
              new Pattern(after).test(path.slice(to));
            if (fits) expected = [from, to];
          }
        }
        assert.deepEqual(new CapturePattern(`${before}{x}${after}`, 'x').find(path), expected);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('hosts', () => {
  const map = new HostMap({
    '*.shop.example': '*.stg.example',
    'hot.shop.example': 'special.stg.example',
    '*.*.multi.example': '*-*.stg.example',
    'dev.example:8080': 'dev.stg.example',
  });
  const cases: readonly (readonly [string, string | null])[] = [
    ['a.shop.example', 'a.stg.example'],
    ['a.b.shop.example', 'a.b.stg.example'],
    ['a.shop.example:8443', 'a.stg.example'],
    ['hot.shop.example', 'special.stg.example'],
    ['x.y.multi.example', 'x-y.stg.example'],
    ['dev.example:8080', 'dev.stg.example'],
    ['dev.example', null],
    ['shop.example', null],
    ['a.shop.example.evil.example', null],
    ['axshop.example', null],
  ];
  for (const [host, mapped] of cases) it(host, () => assert.equal(map.get(host), mapped));
});

describe('paths that act', () => {
  const words =
    'logout logoff signout signoff unsubscribe optout checkout payment payments pay charge refund purchase buynow ' +
    'placeorder addtocart addtobasket addtobag emptycart clearcart removefromcart updatecart delete destroy remove ' +
    'deactivate cancel sendmail sendemail contact contactus newsletter subscribe adminajax xmlrpc wpcron wccart ' +
    'webhook webhooks';
  for (const word of words.split(' ')) {
    it(`have ${word} for a segment, in any case and at any place`, () => {
      for (const path of [
        `/${word}`,
        `/a-1/${word.toUpperCase()}/b`,
        `/%${word.charCodeAt(0).toString(16)}${word.slice(1)}`,
      ])
        assert.ok(isActingPath(path), path);
    });
  }

  for (const path of [
    '/logout',
    '/LOGOUT/',
    '/customer/account/logout/',
    '/Account/SignOut.aspx',
    '/%6cogout',
    '/log-out',
    '/users/sign_out',
    '/newsletter/unsubscribe?token=x',
    '/cart/add',
    '/cart/add.js',
    '/checkout/cart/add/uenc/x/product/7',
    '/cart/clear',
    '/basket/remove/7',
    '/?add-to-cart=12',
    '/shop?page=2&add_to_cart=12',
    '/?wc-ajax=add_to_cart',
    '/add-to-cart/12',
    '/checkout',
    '/checkout/information?step=2',
    '/pay',
    '/api/payment/7',
    '/order/place',
    '/orders/7/cancel',
    '/mail/send',
    '/contact',
    '/contact-us.php',
    '/items/7/delete',
    '/wp-admin/admin-ajax.php?action=x',
    '/xmlrpc.php',
    '/wp-login.php?action=logout',
    '/cart?remove_item=0a1b',
  ]) {
    it(`${path} acts`, () => assert.ok(isActingPath(path)));
  }
  for (const path of [
    '/',
    '/cart',
    '/cart/',
    '/carts-and-trolleys',
    '/paypal-logo.png',
    '/products/checkout-counter',
    '/blog/how-to-unsubscribe',
    '/products/pay-phone?ref=contact',
    '/search?q=delete+file',
    '/search?q=checkout',
    '/order/7',
    '/orders',
    '/collections/mailboxes',
    '/images/delete-key.jpg',
    '/mail',
    '/constructor/toString',
    '/account',
  ]) {
    it(`${path} does not`, () => assert.ok(!isActingPath(path)));
  }
});
