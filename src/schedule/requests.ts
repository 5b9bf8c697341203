// Made-up requests: which request an arrival of a rate stream sends, a pure function of (plan, seq, visitor).
import { type DrawKey, draw, drawKey } from '../random.js';
import type { BodyTemplate, DataSource, Plan, RateStream, RequestTemplate } from '../scenario/plan.js';
import type { PlannedRequest } from './arrivals.js';
import { ESCAPES, type Secrets, type SlotReader, Template } from './template.js';
import { Zipf } from './zipf.js';

export type { Secrets } from './template.js';

const CONTENT_TYPE: Readonly<Record<BodyTemplate['kind'], string>> = {
  json: 'application/json',
  form: 'application/x-www-form-urlencoded',
  text: 'text/plain; charset=utf-8',
};

/** Makes the requests of one rate stream. */
export class RequestMaker {
  readonly #mix: DrawKey;
  /** Running sums of the weights, the last is 1. */
  readonly #upTo: readonly number[];
  readonly #compiled: readonly CompiledRequest[];
  readonly #tenant: Template | null;
  readonly #place: (into: PlannedRequest, tenant: string, path: string) => void;
  // The arrival at hand, which the placeholders read.
  #number = 0;
  #seq = 0;
  #visitor = 0;
  #tenantName: string | null = null;

  constructor(
    plan: Plan,
    stream: RateStream,
    streamIndex: number,
    values: Readonly<Record<string, readonly string[]>>,
    secrets: Secrets,
  ) {
    this.#mix = drawKey(plan.seed, streamIndex, 'mix');
    const total = stream.requests.reduce((sum, request) => sum + request.weight, 0);
    let sum = 0;
    this.#upTo = stream.requests.map((request) => (sum += request.weight) / total);

    const readers =
      (keyOf: () => number, purpose: string) =>
      (name: string): SlotReader => {
        if (name === 'seq') return () => String(this.#seq);
        if (name === 'visitor') return () => String(this.#visitor);
        if (name === 'tenant') return () => this.#tenantName ?? '';
        const source = stream.data[name];
        if (source === undefined)
          throw new Error(`placeholder {${name}} was not checked when the scenario was loaded`);
        return sampler(source, values[name] ?? [], plan.seed, [streamIndex, purpose, name], keyOf);
      };
    const perRequest = readers(() => this.#number, 'data');
    this.#compiled = stream.requests.map((request) => compile(request, plan, secrets, perRequest));
    this.#tenant =
      stream.tenant === null
        ? null
        : new Template(
            stream.tenant,
            ESCAPES.plain,
            secrets,
            readers(() => this.#visitor, 'tenant'),
          );
    this.#place = placeTenant(plan);
  }

  /** Writes the request of the stream's arrival `number`, whose plan-wide number is `seq`. */
  make(number: number, seq: number, visitor: number, into: PlannedRequest): void {
    this.#number = number;
    this.#seq = seq;
    this.#visitor = visitor;
    this.#tenantName = this.#tenant === null ? null : this.#tenant.fill();
    const request = this.#compiled[this.#choose(number)] as CompiledRequest;
    into.route = request.route;
    into.method = request.method;
    into.recordedStatus = 0;
    into.recordedDurationUs = Number.NaN;
    into.tenant = this.#tenantName;
    into.host = null;
    const path = request.path.fill();
    if (this.#tenantName === null) into.path = path;
    else this.#place(into, this.#tenantName, path);
    into.headers = request.fixedHeaders ?? request.headers.flatMap(([name, value]) => [name, value.fill()]);
    into.body = request.body === null ? null : request.body.fill();
  }

  #choose(number: number): number {
    const last = this.#upTo.length - 1;
    if (last === 0) return 0;
    const u = draw(this.#mix, number);
    let i = 0;
    while (i < last && u >= (this.#upTo[i] as number)) i++;
    return i;
  }
}

interface CompiledRequest {
  readonly route: number;
  readonly method: string;
  readonly path: Template;
  readonly headers: readonly (readonly [string, Template])[];
  /** The headers as they are sent, where no value of theirs changes. */
  readonly fixedHeaders: readonly string[] | undefined;
  readonly body: Template | null;
}

function compile(
  request: RequestTemplate,
  plan: Plan,
  secrets: Secrets,
  reader: (name: string) => SlotReader,
): CompiledRequest {
  const named: Record<string, string> = {};
  const all = { ...plan.headers, ...request.headers };
  for (const [name, value] of Object.entries(all)) named[name.toLowerCase()] = value;
  if (request.body !== null) named['content-type'] ??= CONTENT_TYPE[request.body.kind];
  const headers = Object.entries(named).map(
    ([name, value]) => [name, new Template(value, ESCAPES.header, secrets, reader)] as const,
  );
  const fixed = headers.every(([, value]) => value.constant !== undefined);
  const escaping = request.body?.kind === 'text' ? 'plain' : (request.body?.kind ?? 'plain');
  return {
    route: request.route,
    method: request.method,
    path: new Template(request.path, ESCAPES.path, secrets, reader),
    headers,
    fixedHeaders: fixed ? headers.flatMap(([name, value]) => [name, value.fill()]) : undefined,
    body: request.body === null ? null : new Template(request.body.text, ESCAPES[escaping], secrets, reader),
  };
}

/** How a tenant's name goes into a request: as its Host, as the first part of its path, or nowhere. */
function placeTenant(plan: Plan): (into: PlannedRequest, tenant: string, path: string) => void {
  if (plan.tenants?.by === 'host') {
    const { sendAs } = plan.tenants;
    return (into, tenant, path) => {
      // Whatever a tenant is called, it stays one label of the host: it cannot name another shop.
      into.host = sendAs.replace('{tenant}', tenant.toLowerCase().replace(/[^a-z0-9-]/g, '-'));
      into.path = path;
    };
  }
  if (plan.tenants?.by === 'path') {
    const { pattern } = plan.tenants;
    return (into, tenant, path) => {
      into.path = pattern.replace('{tenant}', encodeURIComponent(tenant)) + path;
    };
  }
  return (into, _tenant, path) => {
    into.path = path;
  };
}

/** Draws values of a data source; the same name and key give the same value. */
function sampler(
  source: DataSource,
  csvValues: readonly string[],
  seed: number,
  purpose: readonly (string | number)[],
  keyOf: () => number,
): SlotReader {
  const values = source.kind === 'list' ? source.values : csvValues;
  const size = source.kind === 'range' ? source.to - source.from + 1 : values.length;
  const valueAt =
    source.kind === 'range' ? (i: number) => String(source.from + i) : (i: number) => values[i] as string;
  const keys = [drawKey(seed, ...purpose, 0)];
  const uniform = (attempt: number) => {
    const key = (keys[attempt] ??= drawKey(seed, ...purpose, attempt));
    return draw(key, keyOf());
  };
  if (source.zipf === null) return () => valueAt(Math.floor(uniform(0) * size));
  const zipf = new Zipf(size, source.zipf);
  return () => valueAt(zipf.rank(uniform) - 1);
}
