// Other people's load generators: how each is told to do what ours does. One that is not installed is left out.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Child, GENERATOR_CORE, isInstalled } from './processes.js';

/** A program and its arguments. */
type Command = readonly [program: string, ...args: string[]];

/** A generator that can be started against a URL; it goes on until it is ended, or for `LAST_S`. */
export interface Side {
  readonly name: string;
  start(url: string): Child;
  /** Ends it in order, and looks at what it says of itself. */
  finish?(generator: Child): Promise<void>;
}

/** Connections of every closed loop; as many requests are under way. */
export const CONNECTIONS = 50;
/** No load lasts longer, whatever happens to the bench. */
export const LAST_S = 10;

const AUTOCANNON = createRequire(import.meta.url).resolve('autocannon');
const autocannon = (...args: readonly (string | number)[]): Command => [
  process.execPath,
  AUTOCANNON,
  '--no-progress',
  ...args.map(String),
];

function sidesOf(commands: Readonly<Record<string, (url: string) => Command>>): Side[] {
  return Object.entries(commands)
    .filter(([name]) => name === 'autocannon' || isInstalled(programOf(name)))
    .map(([name, commandOf]) => ({
      name,
      start: (url) => {
        const [program, ...args] = commandOf(url);
        return new Child(program, args, { cores: GENERATOR_CORE });
      },
    }));
}

/** A side may be one way of several to run a program: `h2load (h1)`. */
function programOf(name: string): string {
  return name.split(' ')[0] as string;
}

/** Keep-alive over HTTP/1.1, as fast as they can. */
export const CLOSED_LOOP: readonly Side[] = sidesOf({
  wrk: (url) => ['wrk', '-t1', `-c${CONNECTIONS}`, `-d${LAST_S}s`, url],
  autocannon: (url) => autocannon('-c', CONNECTIONS, '-d', LAST_S, url),
  hey: (url) => ['hey', '-cpus', '1', '-z', `${LAST_S}s`, '-c', String(CONNECTIONS), url],
  ab: (url) => ['ab', '-q', '-k', '-c', String(CONNECTIONS), '-t', String(LAST_S), '-n', '100000000', url],
  h2load: (url) => ['h2load', '--h1', '-t1', '-c', String(CONNECTIONS), '-D', String(LAST_S), url],
});

/** Over TLS; hey is far behind either way. */
export const CLOSED_LOOP_TLS: readonly Side[] = CLOSED_LOOP.filter(({ name }) => name !== 'hey');

/** Connections and streams of HTTP/2: as many requests under way as elsewhere. */
export const H2_CONNECTIONS = 5;
export const H2_STREAMS = CONNECTIONS / H2_CONNECTIONS;

export const H2: readonly Side[] = sidesOf({
  h2load: (url) => [
    'h2load',
    '-t1',
    ...['-c', String(H2_CONNECTIONS), '-m', String(H2_STREAMS)],
    ...['-D', String(LAST_S), url],
  ],
});

/** Exchanges under way while every one has a connection of its own. */
export const HANDSHAKES_UNDER_WAY = 10;

/** A connection and a TLS handshake for each request. */
export const FRESH: readonly Side[] = sidesOf({
  wrk: (url) => ['wrk', '-t1', `-c${HANDSHAKES_UNDER_WAY}`, `-d${LAST_S}s`, '-H', 'Connection: close', url],
  autocannon: (url) => autocannon('-c', HANDSHAKES_UNDER_WAY, '-D', 1, '-d', LAST_S, url),
  ab: (url) => [
    'ab',
    '-q',
    ...['-c', String(HANDSHAKES_UNDER_WAY), '-t', String(LAST_S), '-n', '100000000', url],
  ],
  'openssl s_time': (url) => sTime('-new', url),
});

/** The same with sessions that are resumed. */
export const RESUMED: readonly Side[] = sidesOf({
  'openssl s_time': (url) => sTime('-reuse', url),
});

/** One connection after the other. */
function sTime(how: '-new' | '-reuse', url: string): Command {
  return ['openssl', 's_time', how, '-connect', new URL(url).host, '-www', '/', '-time', String(LAST_S)];
}

/**
 * As many requests a second as named, evenly.
 * @param seconds how long
 */
export function pacedSides(perSec: number, seconds: number, folder: string): Side[] {
  return sidesOf({
    autocannon: (url) => autocannon('-c', CONNECTIONS, '-R', perSec, '-d', seconds, url),
    wrk2: (url) => ['wrk2', '-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, `-R${perSec}`, url],
    vegeta: (url) => {
      const targets = join(folder, 'vegeta.txt');
      writeFileSync(targets, `GET ${url}\n`);
      const args = [`-targets=${targets}`, `-rate=${perSec}`, `-duration=${seconds}s`, '-output=/dev/null'];
      return ['vegeta', '-cpus=1', 'attack', ...args];
    },
    k6: (url) => {
      const script = join(folder, 'k6.js');
      writeFileSync(script, k6Script(url, perSec, seconds));
      return ['k6', 'run', '--quiet', script];
    },
  });
}

function k6Script(url: string, perSec: number, seconds: number): string {
  const scenario = {
    executor: 'constant-arrival-rate',
    rate: perSec,
    timeUnit: '1s',
    duration: `${seconds}s`,
    preAllocatedVUs: 200,
  };
  return `import http from 'k6/http';
export const options = { discardResponseBodies: true, scenarios: { paced: ${JSON.stringify(scenario)} } };
export default () => http.get(${JSON.stringify(url)});
`;
}
