// Outcomes: what can become of an operation. Every due arrival settles as exactly one of these.

/** In the order of every outcome array; what is new comes last. */
export const OUTCOMES = [
  'ok',
  'bad_status',
  'bad_body',
  'timeout',
  'refused',
  'reset',
  'dns',
  'tls',
  'protocol',
  'hook',
  'unfilled',
  'local',
  'shed',
  'unsent',
  'stopped',
  'abandoned',
] as const;

export type Outcome = (typeof OUTCOMES)[number];

/** Position of each outcome in an outcome array. */
export const OUTCOME_INDEX = Object.fromEntries(OUTCOMES.map((name, i) => [name, i])) as Readonly<
  Record<Outcome, number>
>;

/** An outcome in words, for reports. */
export const OUTCOME_WORDS: Readonly<Record<Outcome, string>> = {
  ok: 'answered as expected',
  bad_status: 'answered with an unexpected status',
  bad_body: 'answered with an unexpected body',
  timeout: 'not answered within the timeout',
  refused: 'connection refused',
  reset: 'connection broken before the answer was complete',
  dns: 'name not resolved',
  tls: 'TLS handshake failed',
  protocol: 'answer was not valid HTTP',
  hook: 'a hook of the scenario threw',
  unfilled: 'needed a value that no answer before had given',
  local: 'descriptors, ports or buffers of this machine ran out',
  shed: 'over the in-flight bound, not sent',
  unsent: 'due but never fired',
  stopped: 'cut by a stop',
  abandoned: 'not sent, as its visitor had left after a failure',
};
