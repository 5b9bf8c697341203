// What hooks see of a request and its response; made once and pointed at one exchange after the other.
import type { HookContext, HookHeaders, HookRequest, HookResponse } from 'flashcrowd/hooks';
import type { Plan } from '../../scenario/plan.js';
import type { Answer } from '../answer.js';
import type { Exchange } from '../exchange.js';
import { decodeBody } from './body.js';

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const PATH = /^\/[\x21-\x7e]*$/;
/** The target's, the transport's and the tool's. */
const NOT_THEIRS = /^(?:host|content-length|transfer-encoding|connection|te|trailer|upgrade|x-flashcrowd.*)$/;

/** A request's headers; lists that others share are copied before they are changed. */
class RequestHeaders implements HookHeaders {
  #planned: readonly string[] = [];
  #own: readonly string[] = [];
  #isOpen = false;

  point({ request, extraHeaders }: Exchange, isOpen: boolean): void {
    this.#planned = request.headers;
    this.#own = extraHeaders ?? [];
    this.#isOpen = isOpen;
  }

  commit(exchange: Exchange): void {
    exchange.request.headers = this.#planned;
    exchange.extraHeaders = this.#own.length === 0 ? null : this.#own;
  }

  get(name: string): string | undefined {
    return joined(this, name);
  }

  set(name: string, value: string): void {
    const lower = String(name).toLowerCase();
    const text = String(value);
    if (!NAME.test(lower)) throw new Error(`${JSON.stringify(name)} is not a header name`);
    if (!VALUE.test(text)) throw new Error(`the value of ${lower} holds a character that a header cannot`);
    this.delete(lower);
    this.#own = [...this.#own, name, text];
  }

  delete(name: string): void {
    const lower = String(name).toLowerCase();
    if (!this.#isOpen) throw new Error('a request that was sent cannot be changed');
    if (NOT_THEIRS.test(lower)) throw new Error(`the header ${lower} is not a hook's to change`);
    this.#planned = without(this.#planned, lower);
    this.#own = without(this.#own, lower);
  }

  *[Symbol.iterator](): Iterator<readonly [string, string]> {
    yield* pairs(this.#own);
    yield* pairs(this.#planned);
  }
}

/** A request, as hooks may change it before it is sent and look at it afterwards. */
export class RequestView implements HookRequest {
  readonly headers = new RequestHeaders();
  #method = 'GET';
  #host = '';
  #path = '/';
  #body: string | Uint8Array | null = null;
  #isOpen = false;

  /** @param targetHost what the Host header says where the request names no other */
  constructor(private readonly targetHost: string) {}

  get method(): string {
    return this.#method;
  }

  get host(): string {
    return this.#host;
  }

  get path(): string {
    return this.#path;
  }

  set path(path: string) {
    this.#mayChange();
    if (typeof path !== 'string' || !PATH.test(path))
      throw new Error(`${JSON.stringify(path)} is not a path: it starts with / and is printable ASCII`);
    this.#path = path;
  }

  get body(): string | Uint8Array | null {
    return this.#body;
  }

  set body(body: string | Uint8Array | null) {
    this.#mayChange();
    if (body !== null && typeof body !== 'string' && !(body instanceof Uint8Array))
      throw new Error('a body is a string, a Uint8Array or null');
    this.#body = body;
  }

  /** @param isOpen whether it may be changed still */
  point(exchange: Exchange, isOpen: boolean): void {
    const { method, host, path, body } = exchange.request;
    this.#method = method;
    this.#host = host ?? this.targetHost;
    this.#path = path;
    this.#body = body;
    this.#isOpen = isOpen;
    this.headers.point(exchange, isOpen);
  }

  /** Makes what was changed part of the exchange. */
  commit(exchange: Exchange): void {
    exchange.request.path = this.#path;
    exchange.request.body = this.#body;
    this.headers.commit(exchange);
  }

  #mayChange(): void {
    if (!this.#isOpen) throw new Error('a request that was sent cannot be changed');
  }
}

/** A response; its body is decoded when a hook first asks for it. */
export class ResponseView implements HookResponse {
  #answer: Answer | null = null;
  #body: string | null | undefined;
  readonly headers = {
    get: (name: string) => joined(this.headers, name),
    [Symbol.iterator]: () => pairs(this.#answer?.headers ?? []),
  };

  get status(): number {
    return this.#answer?.status ?? 0;
  }

  get body(): string | null {
    if (this.#body === undefined) this.#body = this.#answer === null ? null : decodeBody(this.#answer);
    return this.#body;
  }

  point(answer: Answer): void {
    this.#answer = answer;
    this.#body = undefined;
  }
}

/** Which request it is. */
export class ContextView implements HookContext {
  seq = 0;
  visitor = 0;
  stream = '';
  route = '';
  tenant: string | null = null;

  constructor(private readonly plan: Plan) {}

  point(exchange: Exchange): void {
    this.seq = exchange.seq;
    this.visitor = exchange.visitor;
    this.stream = this.plan.streams[exchange.stream]?.name ?? '';
    this.route = this.plan.routes[exchange.request.route]?.name ?? '';
    this.tenant = exchange.request.tenant;
  }
}

/** The values of one name, joined as a proxy would; undefined if there is none. */
function joined(headers: Iterable<readonly [string, string]>, name: string): string | undefined {
  const lower = String(name).toLowerCase();
  let value: string | undefined;
  for (const [other, text] of headers) {
    if (other.toLowerCase() === lower) value = value === undefined ? text : `${value}, ${text}`;
  }
  return value;
}

/** The list itself if it holds no such name. */
function without(headers: readonly string[], lower: string): readonly string[] {
  const kept: string[] = [];
  for (const [name, value] of pairs(headers)) if (name.toLowerCase() !== lower) kept.push(name, value);
  return kept.length === headers.length ? headers : kept;
}

function* pairs(headers: readonly string[]): Generator<readonly [string, string]> {
  for (let i = 0; i + 1 < headers.length; i += 2) yield [headers[i] as string, headers[i + 1] as string];
}
