// Which paths act when they are fetched, so that a replay may hit them only when a route is allowed by name.

/*
 * A path acts when one of its words does. Words are what stands between `/`, `.`, `?`, `&`, `=` (and, inside them,
 * `-` and `_`), compared without case and after undoing percent-encoding, so `%6cogout` hides nothing:
 *
 *   segment   a whole segment (its extension aside) that is an action: /logout, /Account/SignOut.aspx, /cart/clear,
 *             /checkout and all below it; not /paypal-logo.png, /products/checkout-counter, /blog/how-to-unsubscribe,
 *             whose segments hold more than the action
 *   pair      two segments in a row: /cart/add, /order/place, /mail/send; not /cart, which only shows
 *   query     a key, or the value of one that names actions: ?add-to-cart=12, ?action=logout, ?remove_item=…;
 *             not ?q=checkout
 *   file      scripts that only act: wp-admin/admin-ajax.php, xmlrpc.php, wp-cron.php
 *
 * In doubt it says yes: a page too many in quarantine is counted and can be allowed, an order placed cannot be undone.
 */

/** Segments that act by themselves; `-` and `_` in them are left out before comparing. */
const ACTS = new Set(
  (
    'logout logoff signout signoff unsubscribe optout checkout payment payments pay charge refund ' +
    'purchase buynow placeorder addtocart addtobasket addtobag emptycart clearcart removefromcart updatecart ' +
    'delete destroy remove deactivate cancel sendmail sendemail contact contactus newsletter subscribe ' +
    'adminajax xmlrpc wpcron wccart webhook webhooks'
  ).split(' '),
);

/** Objects, and what done to them acts. */
const PAIRS: ReadonlyMap<string, RegExp> = new Map([
  ['cart', /^(?:add|update|change|clear|empty|remove|delete|apply|submit)$/],
  ['carts', /^(?:add|update|change|clear|remove|delete)$/],
  ['basket', /^(?:add|update|change|clear|empty|remove|delete|apply|submit)$/],
  ['bag', /^(?:add|update|clear|empty|remove|delete)$/],
  ['wishlist', /^(?:add|remove|delete|clear)$/],
  ['order', /^(?:place|submit|create|confirm|complete|cancel|refund|reorder)$/],
  ['orders', /^(?:place|submit|create|confirm|complete|cancel|refund)$/],
  ['mail', /^send$/],
  ['email', /^send$/],
  ['sms', /^send$/],
  ['message', /^send$/],
  ['messages', /^send$/],
  ['account', /^(?:delete|close|create|register)$/],
  ['password', /^(?:reset|forgot|change)$/],
]);

/** Actions in a query: a key that is one, or the value of a key that names actions; not `?q=checkout`. */
const QUERY = new RegExp(
  '[?&](?:(?:action|do|act|cmd|task|op|method|wc-ajax|route|ajax)=)?(?:' +
    'add[-_]?to[-_]?(?:cart|basket|bag|wishlist)|(?:remove|delete|undo|trash)(?:[-_]?(?:item|from[-_]cart))?|' +
    '(?:remove|apply)[-_]?coupon|empty[-_]?cart|log-?out|sign-?out|unsubscribe|checkout|place[-_]?order|' +
    'update_order_review)(?=[&=]|$)',
);

/** Nothing acts without one of these or an encoded character; each begins with three plain letters. */
const HINTS = (
  'log-?_?o(?:ut|ff) sign-?_?o(?:ut|ff) subscri opt-?_?out newsletter cart basket bag wishlist checkout pay charge ' +
  'refund purchase buy order delete destroy remove trash deactiv cancel mail sms message contact account password ' +
  'ajax xmlrpc cron webhook coupon'
).split(' ');
const HINT = new RegExp(`%|${HINTS.join('|')}`, 'i');

/**
 * The first three letters of each hint, five bits a letter, upper and lower case alike. Going over a path with one look
 * a character takes a third of the time that the expression takes, and seldom leaves it anything to do.
 */
const BEGINNINGS = new Uint8Array(2 ** 15);
for (const hint of HINTS) {
  let three = 0;
  for (let i = 0; i < 3; i++) three = (three << 5) | (hint.charCodeAt(i) & 31);
  BEGINNINGS[three] = 1;
}
const PERCENT = 37;

/** False only where `HINT` finds nothing. */
function mayHint(path: string): boolean {
  let three = 0;
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i);
    three = ((three << 5) | (code & 31)) & 0x7fff;
    if (BEGINNINGS[three] === 1 || code === PERCENT) return true;
  }
  return false;
}

/** Longest part of a path that is looked at; a longer one acts if its head does. */
const LENGTH_MAX = 4_096;

/**
 * Whether fetching a path may do something: order, pay, mail, log out, delete.
 * @param path with its query, as recorded
 */
export function isActingPath(path: string): boolean {
  if (!mayHint(path) || !HINT.test(path)) return false;
  const text = decode(path.slice(0, LENGTH_MAX)).toLowerCase();
  const mark = text.indexOf('?');
  if (mark >= 0 && QUERY.test(text.slice(mark))) return true;
  const segments = (mark < 0 ? text : text.slice(0, mark)).split(/[/;]/);
  let before = '';
  for (const segment of segments) {
    if (segment === '') continue;
    const word = segment.replace(/\.[a-z]{2,5}$/, '').replace(/[-_]/g, '');
    if (ACTS.has(word)) return true;
    if (PAIRS.get(before)?.test(word)) return true;
    before = word;
  }
  return false;
}

/** Percent-encoding undone for ASCII; the rest cannot be part of a word here. */
function decode(path: string): string {
  return path.replace(/%([0-7][0-9a-fA-F])/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
