// A request's templates, compiled once and filled for every arrival that sends it.
import type { BodyTemplate, Plan, RequestTemplate } from '../scenario/plan.js';
import type { PlannedRequest } from './arrivals.js';
import type { Unfilled } from './pending.js';
import { ESCAPES, type ReaderOf, type Secrets, Template } from './template.js';

const CONTENT_TYPE: Readonly<Record<BodyTemplate['kind'], string>> = {
  json: 'application/json',
  form: 'application/x-www-form-urlencoded',
  text: 'text/plain; charset=utf-8',
};

/** Puts a path into a request, with whatever shows the tenant before it. */
export type PlacePath = (into: PlannedRequest, path: string) => void;

export class CompiledRequest {
  /** Whether a value of it is not known before it is sent. */
  readonly hasHoles: boolean;
  readonly #route: number;
  readonly #method: string;
  readonly #path: Template;
  readonly #headers: readonly (readonly [string, Template])[];
  /** The headers as they are sent, where no value of theirs changes. */
  readonly #fixedHeaders: readonly string[] | undefined;
  readonly #body: Template | null;

  constructor(request: Omit<RequestTemplate, 'weight'>, plan: Plan, secrets: Secrets, reader: ReaderOf) {
    const { body } = request;
    const named: Record<string, string> = {};
    const all = { ...plan.headers, ...request.headers };
    for (const [name, value] of Object.entries(all)) named[name.toLowerCase()] = value;
    if (body !== null) named['content-type'] ??= CONTENT_TYPE[body.kind];
    const headers = Object.entries(named).map(
      ([name, value]) => [name, new Template(value, ESCAPES.header, secrets, reader)] as const,
    );
    const fixed = headers.every(([, value]) => value.constant !== undefined);
    const escaping = body?.kind === 'text' ? 'plain' : (body?.kind ?? 'plain');
    this.#route = request.route;
    this.#method = request.method;
    this.#path = new Template(request.path, ESCAPES.path, secrets, reader);
    this.#headers = headers;
    this.#fixedHeaders = fixed ? headers.flatMap(([name, value]) => [name, value.fill()]) : undefined;
    this.#body = body === null ? null : new Template(body.text, ESCAPES[escaping], secrets, reader);
    const templates = [this.#path, ...headers.map(([, value]) => value)];
    if (this.#body !== null) templates.push(this.#body);
    this.hasHoles = templates.some(({ hasHoles }) => hasHoles);
  }

  /** Writes the request of the arrival at hand. */
  fill(into: PlannedRequest, place: PlacePath): void {
    into.route = this.#route;
    into.method = this.#method;
    into.recordedStatus = 0;
    into.recordedDurationUs = Number.NaN;
    into.headers = this.#fixedHeaders ?? this.#headers.flatMap(([name, value]) => [name, value.fill()]);
    into.body = this.#body === null ? null : this.#body.fill();
    const path = this.#path.fill();
    place(into, path);
    if (!this.hasHoles) {
      into.pending = null;
      return;
    }
    const prefix = into.path.slice(0, into.path.length - path.length);
    into.pending = {
      path: this.#path.partly()?.after(prefix) ?? null,
      headers: this.#pendingHeaders(),
      body: this.#body?.partly() ?? null,
    };
  }

  #pendingHeaders(): (string | Unfilled)[] | null {
    if (!this.#headers.some(([, value]) => value.hasHoles)) return null;
    return this.#headers.flatMap(([name, value]) => [name, value.partly() ?? value.fill()]);
  }
}
