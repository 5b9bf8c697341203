// Types for a module that a scenario names with `hooks:`; it is called around every request, for signatures and checks.
//
//   /** @type {import('flashcrowd/hooks').BeforeRequest} */
//   export function beforeRequest(request, context) {
//     request.headers.set('x-signature', sign(request.method, request.path));
//   }
//
// Hooks run in the sender's thread, between a request's due time and its first byte: they must be quick, and they must
// be synchronous. What they cost is measured and reported. What they are given is valid during the call only.

/** Headers by name; names are compared without regard to case. */
export interface HookHeaders extends Iterable<readonly [name: string, value: string]> {
  /** The value, those of several headers joined by a comma; undefined if there is none. */
  get(name: string): string | undefined;
  /**
   * Puts a header in place of all of that name.
   * @throws Error for a name or a value that cannot be sent, and for Host, framing and the tool's own headers
   */
  set(name: string, value: string): void;
  /** Takes all headers of that name out. */
  delete(name: string): void;
}

export interface HookRequest {
  readonly method: string;
  /** What the Host header says. */
  readonly host: string;
  /** Path with query. */
  path: string;
  /** Without Host, framing, and what names the tool and the run. */
  readonly headers: HookHeaders;
  body: string | Uint8Array | null;
}

export interface HookResponse {
  readonly status: number;
  readonly headers: Pick<HookHeaders, 'get' | typeof Symbol.iterator>;
  /** The first 64 KiB, decoded and read as UTF-8; null if they are damaged or in an unknown encoding. */
  readonly body: string | null;
}

export interface HookContext {
  /** Number of the request, unique in the plan. */
  readonly seq: number;
  /** Number of the visitor, unique in the stream. */
  readonly visitor: number;
  readonly stream: string;
  readonly route: string;
  readonly tenant: string | null;
}

/**
 * Called just before a request is sent; may change its path, headers and body. If it throws, the request is not sent
 * and its outcome is `hook`.
 */
export type BeforeRequest = (request: HookRequest, context: HookContext) => void;

/** Called with a complete response. If it throws, the outcome of the request is `hook`. */
export type AfterResponse = (
  response: HookResponse,
  request: {
    readonly [K in keyof HookRequest]: K extends 'headers' ? HookResponse['headers'] : HookRequest[K];
  },
  context: HookContext,
) => void;

/** What a hooks module exports: at least one of them. */
export interface Hooks {
  readonly beforeRequest?: BeforeRequest;
  readonly afterResponse?: AfterResponse;
}
