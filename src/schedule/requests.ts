// Made-up requests: which request an arrival of a rate stream sends, a pure function of (plan, seq, visitor, position).
import { type DrawKey, draw, drawKey } from '../random.js';
import type { FlowStep, Plan, RateInput, RateStream } from '../scenario/plan.js';
import { USER } from '../scenario/templates.js';
import type { PlannedRequest, VisitStep } from './arrivals.js';
import { CompiledRequest, type PlacePath } from './compiled-request.js';
import { sampler } from './sampler.js';
import { ESCAPES, type ReaderOf, type Secrets, type SlotReader, Template } from './template.js';
import type { Visits } from './visits.js';

export type { Secrets } from './template.js';

interface CompiledStep {
  readonly request: CompiledRequest;
  readonly step: VisitStep;
}

/** Makes the requests of one rate stream. */
export class RequestMaker {
  readonly #mix: DrawKey;
  /** Running sums of the weights, the last is 1. */
  readonly #upTo: readonly number[];
  readonly #requests: readonly CompiledRequest[];
  readonly #login: readonly CompiledStep[];
  readonly #flow: readonly CompiledStep[];
  /** What the first request behind a login has to do with it; null where nobody logs in. */
  readonly #behindLogin: VisitStep | null;
  readonly #tenant: Template | null;
  readonly #place: PlacePath;
  readonly #visits: Visits;
  // The arrival at hand, which the placeholders read.
  #number = 0;
  #seq = 0;
  #visitor = 0;
  #tenantName: string | null = null;

  /** @param input without users, `{user.name}` stays as it is: a plan can be shown without them */
  constructor(
    plan: Plan,
    stream: RateStream,
    streamIndex: number,
    input: Pick<RateInput, 'values' | 'users'>,
    secrets: Secrets,
    visits: Visits,
  ) {
    this.#visits = visits;
    this.#mix = drawKey(plan.seed, streamIndex, 'mix');
    const total = stream.requests.reduce((sum, request) => sum + request.weight, 0);
    let sum = 0;
    this.#upTo = stream.requests.map((request) => (sum += request.weight) / total);

    const readers =
      (keyOf: () => number, purpose: string): ReaderOf =>
      (name) => {
        if (name === 'seq') return () => String(this.#seq);
        if (name === 'visitor') return () => String(this.#visitor);
        if (name === 'tenant') return () => this.#tenantName ?? '';
        if (name.startsWith(USER)) return this.#userReader(name.slice(USER.length), input);
        const source = stream.data[name];
        // What is no data is captured: that was checked when the scenario was loaded.
        if (source === undefined) return null;
        return sampler(source, input.values[name] ?? [], plan.seed, [streamIndex, purpose, name], keyOf);
      };
    const perRequest = readers(() => this.#number, 'data');
    const perVisit = readers(() => this.#visitor, 'visit');
    this.#requests = stream.requests.map(
      (request) => new CompiledRequest(request, plan, secrets, perRequest),
    );
    const compile = (steps: readonly FlowStep[], dependent: boolean) =>
      steps.map((step, i): CompiledStep => {
        const request = new CompiledRequest(step, plan, secrets, perVisit);
        const before = dependent || request.hasHoles ? steps[i - 1] : undefined;
        return { request, step: { waitUs: before?.thinkUs ?? null, captures: step.captures } };
      });
    const login = stream.login?.steps ?? [];
    this.#login = compile(login, true);
    this.#flow = compile(stream.flow?.steps ?? [], stream.flow?.dependent ?? false);
    const lastOfLogin = login[login.length - 1];
    this.#behindLogin =
      lastOfLogin === undefined
        ? null
        : { waitUs: lastOfLogin.thinkUs, captures: stream.flow?.steps[0]?.captures ?? [] };
    this.#tenant =
      stream.tenant === null
        ? null
        : new Template(
            stream.tenant,
            ESCAPES.plain,
            secrets,
            readers(() => this.#visitor, 'tenant'),
          );
    this.#place = this.#placing(plan);
  }

  /** Writes the request of the stream's arrival `number`, whose plan-wide number is `seq`. */
  make(number: number, seq: number, visitor: number, position: number, into: PlannedRequest): void {
    this.#number = number;
    this.#seq = seq;
    this.#visitor = visitor;
    this.#tenantName = this.#tenant === null ? null : this.#tenant.fill();
    into.tenant = this.#tenantName;
    into.host = null;
    const { loginSteps } = this.#visits;
    const fixed = position < loginSteps ? this.#login[position] : this.#flow[position - loginSteps];
    const request = fixed?.request ?? (this.#requests[this.#choose(number)] as CompiledRequest);
    request.fill(into, this.#place);
    into.step = fixed?.step ?? null;
    if (loginSteps > 0 && position === loginSteps && this.#visits.logsIn(visitor))
      into.step = this.#behindLogin;
  }

  #choose(number: number): number {
    const last = this.#upTo.length - 1;
    if (last === 0) return 0;
    const u = draw(this.#mix, number);
    let i = 0;
    while (i < last && u >= (this.#upTo[i] as number)) i++;
    return i;
  }

  #userReader(column: string, { users }: Pick<RateInput, 'users'>): SlotReader | null {
    const values = users?.columns[column];
    if (users === undefined || values === undefined) return null;
    return () => values[this.#visits.userOf(this.#visitor, users.count)] as string;
  }

  /** How a tenant's name goes into a request: as its Host, as the first part of its path, or nowhere. */
  #placing({ tenants }: Plan): PlacePath {
    if (tenants?.by === 'host') {
      return (into, path) => {
        // Whatever a tenant is called, it stays one label of the host: it cannot name another shop.
        const label = this.#tenantName?.toLowerCase().replace(/[^a-z0-9-]/g, '-');
        if (label !== undefined) into.host = tenants.sendAs.replace('{tenant}', label);
        into.path = path;
      };
    }
    if (tenants?.by === 'path') {
      return (into, path) => {
        const name = this.#tenantName;
        const prefix = name === null ? '' : tenants.pattern.replace('{tenant}', ESCAPES.path(name));
        into.path = prefix + path;
      };
    }
    return (into, path) => {
      into.path = path;
    };
  }
}
