// What a plan says of visits with an order: their steps, who logs in, and whether there are enough users.
import type { PlannedStep, PlannedStream } from '../report/plan.js';
import type { FlowStep, PlanStream, RateInput, RateStream, StreamInput } from '../scenario/plan.js';

/** A rate stream's input for showing its plan: users are secrets, so `{user.email}` stays as it is. */
export function withoutUsers({ kind, curve, values }: RateInput): RateInput {
  return { kind, curve, values };
}

/** What a mean visit of a stream with a flow or a login is; undefined for a mere mix. */
export function meanVisit(stream: RateStream): { requests: number; pausesUs: number } | undefined {
  const { login, flow, visits } = stream;
  if (login === undefined && flow === undefined) return undefined;
  const share = login?.share ?? 0;
  const loginUs = (login?.steps ?? []).reduce((sum, { thinkUs }) => sum + thinkUs, 0);
  const flowUs = flow?.steps.slice(0, -1).reduce((sum, { thinkUs }) => sum + thinkUs, 0);
  return {
    requests: visits.requests + share * (login?.steps.length ?? 0),
    pausesUs: share * loginUs + (flowUs ?? (visits.requests - 1) * visits.thinkUs),
  };
}

/** The share of each route in a stream's requests, by route; undefined for a mere mix. */
export function routeSharesOf(stream: RateStream): [route: number, share: number][] | undefined {
  const { login, flow, visits, requests } = stream;
  const mean = meanVisit(stream);
  if (mean === undefined) return undefined;
  const weights = requests.reduce((sum, { weight }) => sum + weight, 0);
  return [
    ...(login?.steps ?? []).map(({ route }): [number, number] => [route, login?.share ?? 0]),
    ...(flow?.steps ?? []).map(({ route }): [number, number] => [route, 1]),
    ...requests.map(({ route, weight }): [number, number] => [route, (visits.requests * weight) / weights]),
  ].map(([route, n]) => [route, n / mean.requests]);
}

/** @param loggedIn how many visitors of the shard log in */
export function visitsOf(
  stream: PlanStream,
  input: StreamInput,
  peakPerSec: number,
  loggedIn: number,
): Pick<PlannedStream, 'flow' | 'login'> {
  if (stream.kind !== 'rate' || input.kind !== 'rate') return {};
  const { flow, login } = stream;
  const mean = meanVisit(stream);
  return {
    ...(flow !== undefined && { flow: flow.steps.map(stepOf) }),
    ...(login !== undefined &&
      mean !== undefined && {
        login: {
          share: login.share,
          visitors: loggedIn,
          users: input.users?.count ?? 0,
          atOnce: Math.ceil((peakPerSec / mean.requests) * login.share * (mean.pausesUs / 1e6)),
          steps: login.steps.map(stepOf),
        },
      }),
  };
}

/** Pools of users that are too small. */
export function warningsOf(streams: readonly PlannedStream[]): string[] {
  return streams.flatMap(({ name, login }) =>
    login === undefined || login.atOnce <= login.users
      ? []
      : `stream ${name}: about ${login.atOnce} visitors are logged in at once at the peak, and there are ${login.users} users: some are in the shop several times`,
  );
}

function stepOf({ method, path, thinkUs, captures }: FlowStep): PlannedStep {
  return {
    request: `${method} ${path}`,
    thinkS: thinkUs / 1e6,
    captures: captures.map(({ name }) => name),
  };
}
