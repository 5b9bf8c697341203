// What a recording of some kind cannot know, in sentences: so that nobody takes a replay for more than it is.
import type { StampKind, Vantage } from '../formats/format.js';

/** What is known of a recording's kind, and of its rows. */
export interface RecordingKind {
  readonly vantages: readonly Vantage[];
  readonly stamps: readonly StampKind[];
  /** Step of the stamps, microseconds. */
  readonly resolutionUs: number;
  /** Whether any row has it. */
  readonly has: {
    readonly statuses: boolean;
    readonly durations: boolean;
    readonly hosts: boolean;
    readonly headers: boolean;
    readonly bodies: boolean;
  };
}

/** Sentences, the gravest first. */
export function whatItCannotHold({ vantages, stamps, resolutionUs, has }: RecordingKind): string[] {
  const out: string[] = [];
  const say = (when: boolean, sentence: string) => {
    if (when) out.push(sentence);
  };
  const any = (...of: Vantage[]) => vantages.some((vantage) => of.includes(vantage));
  const server = any('origin', 'balancer');
  say(stamps.includes('none'), 'Times: its requests have none, so their order is all that can be replayed.');
  say(any('browser'), 'Other visitors: it is what single browsers asked for, not the load of a shop.');
  say(any('generator'), 'Real visitors: it is what a load generator sent, with the rhythm that it had.');
  say(server, 'What a CDN or cache in front answered: it never came this far.');
  say(any('cdn'), 'What reached the origin: answers from the CDN are in it, and a replay sends these too.');
  say(
    server || any('cdn'),
    'Requests refused before the logger (full queues, connections not accepted): where it failed, demand was higher.',
  );
  say(
    !has.statuses,
    'Statuses: whether the shop held when this was recorded cannot be told, and retries not found.',
  );
  say(!has.durations, 'Durations: a replay cannot be compared with how slow it was.');
  say(
    stamps.includes('end') && !has.durations,
    'Starts: stamps are written at the end, so that each start is late by as long as its request took.',
  );
  say(stamps.includes('unknown'), 'What its stamps mark: they are taken for the start of each request.');
  say(
    resolutionUs > 1_000 && !stamps.includes('none'),
    `The order inside a stamp of ${resolutionUs / 1e6} s: starts are spread over it at random.`,
  );
  say(!has.hosts, 'Hosts: which of several shops was asked cannot be told by it.');
  say(!has.headers, 'Headers and cookies: whoever shares an address and a user agent is one client.');
  say(!has.bodies, 'Request bodies: what was posted is not known.');
  return out;
}
