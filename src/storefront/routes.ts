// Which store and which page a request is for: by Host label or by path prefix `/s/STORE/`.

/** The pages of every store, and `other` for whatever is none of them; counts are kept in this order. */
export const ROUTES = ['home', 'product', 'search', 'cart', 'checkout', 'admin', 'asset', 'other'] as const;

export type RouteName = (typeof ROUTES)[number];

/** The store of a request that names none: a bare `http://127.0.0.1:PORT/`. */
export const DEFAULT_STORE = 'default';

/** Where a request leads. */
export interface Place {
  readonly store: string;
  readonly route: RouteName;
  /** The product's or cart's id, the words searched for or the asset's name, as written in the URL; else empty. */
  readonly subject: string;
}

const READ = ['GET', 'HEAD'];
const METHODS: Readonly<Record<RouteName, readonly string[]>> = {
  home: READ,
  product: READ,
  search: READ,
  cart: [...READ, 'POST'],
  checkout: ['POST'],
  admin: [...READ, 'POST'],
  asset: READ,
  other: [],
};
const ALLOW = new Map<RouteName, string>(ROUTES.map((route) => [route, METHODS[route].join(', ')]));

const PRODUCTS = '/products/';
const ASSETS = '/assets/';
const CARTS = '/cart/';
const STORE = /^[a-z0-9][a-z0-9-]{0,62}$/;
const ADDRESS = /^[\d.]+$/;
const PRODUCT = /^[\w.~%-]{1,128}$/;

/** Whether the page answers this method; else the answer is 405 with `allowHeader`. */
export function allows(route: RouteName, method: string): boolean {
  return METHODS[route].includes(method);
}

/** The value of `Allow` for a 405. */
export function allowHeader(route: RouteName): string {
  return ALLOW.get(route) as string;
}

/**
 * Finds the store and the page of a request; a path prefix wins over the Host.
 * @param url the request target as received; anything but an absolute path is `other`
 */
export function locate(url: string, host: string | undefined): Place {
  const mark = url.indexOf('?');
  let path = mark < 0 ? url : url.slice(0, mark);
  let store = '';
  if (path.startsWith('/s/')) {
    const slash = path.indexOf('/', 3);
    const name = (slash < 0 ? path.slice(3) : path.slice(3, slash)).toLowerCase();
    if (!STORE.test(name)) return nowhere(storeOfHost(host));
    store = name;
    path = slash < 0 ? '/' : path.slice(slash);
  } else {
    store = storeOfHost(host);
  }
  return place(store, path, mark < 0 ? '' : url.slice(mark + 1));
}

function place(store: string, path: string, query: string): Place {
  if (path === '/') return { store, route: 'home', subject: '' };
  if (path.startsWith(PRODUCTS)) {
    const id = path.slice(PRODUCTS.length);
    return PRODUCT.test(id) ? { store, route: 'product', subject: id } : nowhere(store);
  }
  if (path.startsWith(ASSETS) && path.length > ASSETS.length) {
    return { store, route: 'asset', subject: path.slice(ASSETS.length) };
  }
  if (path === '/search') return { store, route: 'search', subject: wordsOf(query) };
  if (path === '/cart') return { store, route: 'cart', subject: '' };
  if (path.startsWith(CARTS)) {
    const id = path.slice(CARTS.length);
    return /^\d{1,16}$/.test(id) ? { store, route: 'cart', subject: id } : nowhere(store);
  }
  if (path === '/checkout') return { store, route: 'checkout', subject: '' };
  if (path === '/admin' || path.startsWith('/admin/')) return { store, route: 'admin', subject: '' };
  return nowhere(store);
}

function nowhere(store: string): Place {
  return { store, route: 'other', subject: '' };
}

/** `hot-shop` of `hot-shop.shop.test:8080`; a host that names no store is the default one's. */
export function storeOfHost(host: string | undefined): string {
  if (host === undefined || host === '' || host.startsWith('[')) return DEFAULT_STORE;
  const colon = host.indexOf(':');
  const name = (colon < 0 ? host : host.slice(0, colon)).toLowerCase();
  if (name === 'localhost' || ADDRESS.test(name)) return DEFAULT_STORE;
  const dot = name.indexOf('.');
  const label = dot < 0 ? name : name.slice(0, dot);
  return STORE.test(label) ? label : DEFAULT_STORE;
}

function wordsOf(query: string): string {
  if (query.startsWith('q=')) return valueFrom(query, 2);
  const at = query.indexOf('&q=');
  return at < 0 ? '' : valueFrom(query, at + 3);
}

function valueFrom(query: string, from: number): string {
  const end = query.indexOf('&', from);
  return end < 0 ? query.slice(from) : query.slice(from, end);
}
