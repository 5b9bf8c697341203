// The platform behind a real HTTP server on loopback: requests in, tickets through, pages out.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { BUSY, LATE, MISSING, NOT_ALLOWED, type Page, pageOf } from './pages.js';
import { Platform, type Ticket } from './platform.js';
import { allowHeader, allows, locate, type Place } from './routes.js';
import { resolveSettings, type StorefrontOptions, type StorefrontSettings } from './settings.js';
import { type StorefrontView, viewOf } from './view.js';

/** A storefront that listens. */
export interface Storefront {
  readonly port: number;
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly settings: StorefrontSettings;
  /** What `/__storefront/timeline` serves. */
  view(sinceS?: number): StorefrontView;
  /** Stops listening and cuts every connection. */
  close(): Promise<void>;
}

interface Reply {
  readonly response: ServerResponse;
  readonly method: string;
  readonly place: Place;
  readonly inside: Set<Ticket<Reply>>;
}

const HOST = '127.0.0.1';
const CONTROL = '/__storefront/';
/** Connections that may wait to be accepted; the system's own limit applies too. */
const BACKLOG = 4_096;

/**
 * Starts a storefront on loopback.
 * @param port 0 for any free one
 * @throws RangeError for settings out of range; rejects with the system's error when it cannot listen
 */
export async function startStorefront(options: StorefrontOptions = {}, port = 0): Promise<Storefront> {
  const front = new Front(resolveSettings(options));
  await front.listen(port);
  return front;
}

class Front implements Storefront {
  readonly settings: StorefrontSettings;
  readonly #platform: Platform<Reply>;
  readonly #server: Server;
  readonly #startedAt = new Date();
  readonly #originMs = performance.now();
  /** Tickets by connection: when one is lost, so are all requests on it, pipelined ones included. */
  readonly #inside = new WeakMap<Socket, Set<Ticket<Reply>>>();
  #timer: NodeJS.Timeout | undefined;
  #armedForUs = Number.POSITIVE_INFINITY;
  #closed = false;
  /** Carts handed out; nothing is kept of them. */
  #carts = 0;

  constructor(settings: StorefrontSettings) {
    this.settings = settings;
    this.#platform = new Platform<Reply>(settings, (ticket, status) => {
      const { reply } = ticket;
      reply.inside.delete(ticket);
      if (status === 200) send(reply, 200, pageOf(reply.place, reply.method));
      else if (status === 503) send(reply, 503, BUSY, 'Retry-After', String(settings.retryAfterS));
      else send(reply, 504, LATE);
    });
    // Connections idle as long as they do behind nginx; a head must be whole within a minute, a body within five.
    this.#server = createServer({
      keepAliveTimeout: 75_000,
      headersTimeout: 60_000,
      requestTimeout: 300_000,
    });
    this.#server.on('connection', (socket) => this.#watch(socket));
    this.#server.on('request', (request, response) => this.#handle(request, response));
    this.#server.on('clientError', (_error, socket) => {
      if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
      else socket.destroy();
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://${HOST}:${this.port}`;
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host: HOST, port, backlog: BACKLOG }, () => {
        this.#server.off('error', reject);
        // Running out of descriptors while accepting is an overloaded server's daily life, not the end of it.
        this.#server.on('error', () => {});
        this.#arm();
        resolve();
      });
    });
  }

  view(sinceS = 0): StorefrontView {
    const nowUs = this.#nowUs();
    this.#platform.advance(nowUs);
    return viewOf(this.#platform, this.#startedAt, nowUs, sinceS);
  }

  close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  #nowUs(): number {
    return Math.round((performance.now() - this.#originMs) * 1e3);
  }

  #watch(socket: Socket): void {
    const inside = new Set<Ticket<Reply>>();
    this.#inside.set(socket, inside);
    socket.once('close', () => {
      for (const ticket of inside) this.#platform.abort(ticket, this.#nowUs());
      inside.clear();
    });
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const { url = '/', method = 'GET' } = request;
    if (url.startsWith(CONTROL)) {
      this.#control(url, method, response);
      return;
    }
    // What is posted is read and thrown away: no page here depends on it.
    if (method !== 'GET') request.resume();
    let place = locate(url, request.headers.host);
    if (place.route === 'cart' && method === 'POST' && place.subject === '')
      place = { ...place, subject: String(++this.#carts) };
    const inside = this.#inside.get(request.socket) ?? new Set();
    const reply: Reply = { response, method, place, inside };
    if (place.route === 'other') {
      this.#platform.reject(place.store, place.route, '404', this.#nowUs());
      send(reply, 404, MISSING);
    } else if (!allows(place.route, method)) {
      this.#platform.reject(place.store, place.route, '405', this.#nowUs());
      send(reply, 405, NOT_ALLOWED, 'Allow', allowHeader(place.route));
    } else {
      const ticket = this.#platform.arrive(place.store, place.route, this.#nowUs(), reply);
      if (ticket.state !== 'settled') inside.add(ticket);
    }
    this.#arm();
  }

  #control(url: string, method: string, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(url, 'http://storefront.invalid');
    const known = pathname === `${CONTROL}timeline`;
    const status = !known ? 404 : method === 'GET' || method === 'HEAD' ? 200 : 405;
    const sinceS = Math.max(0, Math.floor(Number(searchParams.get('since') ?? 0) || 0));
    const body = `${JSON.stringify(status === 200 ? this.view(sinceS) : { error: known ? 'GET only' : 'not found' })}\n`;
    response.writeHead(status, {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
      ...(status === 405 && { Allow: 'GET, HEAD' }),
    });
    response.end(body);
  }

  /** One timer for everything: set for whatever happens next, left alone when it is early enough. */
  #arm(): void {
    const wakeUs = this.#platform.nextUs;
    if (this.#closed || wakeUs >= this.#armedForUs) return;
    clearTimeout(this.#timer);
    this.#armedForUs = wakeUs;
    this.#timer = setTimeout(() => this.#wake(), Math.max(1, Math.ceil((wakeUs - this.#nowUs()) / 1e3)));
  }

  #wake(): void {
    this.#armedForUs = Number.POSITIVE_INFINITY;
    this.#platform.advance(this.#nowUs());
    this.#arm();
  }
}

function send(reply: Reply, status: number, page: Page, ...extra: string[]): void {
  const { response, method } = reply;
  // A flat list, which is sent as it is, and a string, which goes out in one write with the head.
  response.writeHead(status, [
    'Content-Type',
    page.type,
    'Content-Length',
    String(page.body.length),
    ...extra,
  ]);
  if (method === 'HEAD') response.end();
  else response.end(page.body, 'latin1');
}
