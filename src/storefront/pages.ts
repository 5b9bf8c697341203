// What the shop shows: small pages of plausible size, ASCII only, so that characters are bytes.
import type { Place, RouteName } from './routes.js';

export interface Page {
  readonly type: string;
  /** ASCII: its length is its Content-Length. */
  readonly body: string;
}

const HTML = 'text/html; charset=utf-8';
const JSON_TYPE = 'application/json';
const ASSET_TYPES: Readonly<Record<string, string>> = { css: 'text/css', js: 'text/javascript' };

/** Bytes of a page's unchanging part. */
const SIZES = { home: 12_000, product: 8_000, search: 9_000, admin: 6_000, asset: 16_000 };

const TAIL: Readonly<Record<keyof typeof SIZES, string>> = {
  home: `${cards(SIZES.home)}</main></body></html>\n`,
  product: `${cards(SIZES.product)}</main></body></html>\n`,
  search: `${cards(SIZES.search)}</main></body></html>\n`,
  admin: `${rows(SIZES.admin)}</table></main></body></html>\n`,
  asset: filled(SIZES.asset, (n) => `.card-${n}{margin:0 auto;padding:${n % 16}px;color:#3a${n % 90}}\n`),
};

const CART_REST = `"currency":"EUR","totalCents":0,"note":"${'x'.repeat(300)}"`;
const CHECKOUT_REST = `"currency":"EUR","totalCents":4990,"receipt":"${'x'.repeat(200)}"`;

/** The page of a place that answers 200. */
export function pageOf(place: Place, method: string): Page {
  const { store, subject } = place;
  switch (place.route) {
    case 'home':
      return html(store, 'Welcome', 'home');
    case 'product':
      return html(store, `Product ${subject}`, 'product');
    case 'search':
      // Only harmless characters are shown: the words come from whoever asks.
      return html(store, `Search: ${subject.slice(0, 64).replace(/[^\w %+.-]/g, '')}`, 'search');
    case 'admin':
      return html(store, 'Dashboard', 'admin');
    case 'asset':
      return { type: ASSET_TYPES[extension(subject)] ?? 'application/octet-stream', body: TAIL.asset };
    case 'cart':
      return json(`"store":"${store}","id":"${subject}","items":${method === 'POST' ? 1 : 0},${CART_REST}`);
    case 'checkout':
      return json(`"store":"${store}","status":"paid",${CHECKOUT_REST}`);
    case 'other':
      return MISSING;
  }
}

export const MISSING: Page = { type: HTML, body: notice('Not found', 'There is nothing here.') };
export const NOT_ALLOWED: Page = {
  type: HTML,
  body: notice('Not allowed', 'This page does not take that method.'),
};
export const BUSY: Page = {
  type: HTML,
  body: notice('Busy', 'Too many visitors at the moment; please come back.'),
};
export const LATE: Page = { type: HTML, body: notice('Too slow', 'Nobody had time for this request.') };

function html(store: string, title: string, route: keyof typeof TAIL & RouteName): Page {
  return { type: HTML, body: `${head(`${title} | ${store}`)}<main><h1>${title}</h1>${TAIL[route]}` };
}

function head(title: string): string {
  return `<!doctype html><html lang="en"><head><title>${title}</title></head><body>`;
}

function notice(title: string, text: string): string {
  return `${head(title)}<main><h1>${title}</h1><p>${text}</p></main></body></html>\n`;
}

function json(members: string): Page {
  return { type: JSON_TYPE, body: `{${members}}\n` };
}

function extension(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1).toLowerCase();
}

function cards(bytes: number): string {
  return filled(
    bytes,
    (n) => `<article class="card"><a href="/products/${n}">Product ${n}</a><p>EUR ${n}.90</p></article>`,
  );
}

function rows(bytes: number): string {
  return `<table>${filled(bytes, (n) => `<tr><td>Order ${n}</td><td>paid</td><td>EUR ${n}.90</td></tr>`)}`;
}

function filled(bytes: number, piece: (n: number) => string): string {
  const pieces: string[] = [];
  for (let n = 1, length = 0; length < bytes; n++) {
    const next = piece(n);
    pieces.push(next);
    length += next.length;
  }
  return pieces.join('');
}
