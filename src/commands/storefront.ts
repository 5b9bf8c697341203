// `flashcrowd storefront`: runs the simulated shop platform on loopback until it is stopped.
import { createReadStream } from 'node:fs';
import { ExitCode } from '../exit-codes.js';
import { type Problem, UserError } from '../problem.js';
import { EVENT_HINT, EVENTS_MAX, parseEvent, type ScriptedEvent } from '../storefront/script.js';
import { type Storefront, startStorefront } from '../storefront/server.js';
import type { AutoscalerSettings, StorefrontOptions } from '../storefront/settings.js';
import { formatCount, formatDuration, parseDurationUs, UnitError } from '../units.js';

/** As typed on the command line: numbers and durations may still be text. Absent means the default. */
export interface StorefrontCommandOptions {
  /** The port on 127.0.0.1; 0 for any free one. */
  readonly port?: string | number | undefined;
  readonly seed?: string | number | undefined;
  /** Divides the autoscaler's durations. */
  readonly speed?: string | number | undefined;
  /** Stores counted by name. */
  readonly stores?: string | number | undefined;
  /** The share of capacity that one store may take, above 0 to 1. */
  readonly isolation?: string | number | undefined;
  /** Storefront pages before the dashboard. */
  readonly priority?: boolean | undefined;
  readonly minInstances?: string | number | undefined;
  readonly maxInstances?: string | number | undefined;
  /** Requests that an instance serves at once. */
  readonly concurrency?: string | number | undefined;
  /** Requests that may wait. */
  readonly queue?: string | number | undefined;
  /** How long one may wait. */
  readonly waitLimit?: string | number | undefined;
  /** From the order of an instance to its first request, at least. */
  readonly boot?: string | number | undefined;
  /** Age of the newest utilisation that the autoscaler sees. */
  readonly metricLag?: string | number | undefined;
  /** Clients that have left are served in vain. */
  readonly serveAbandoned?: boolean | undefined;
  /** A file of events, one a line; empty lines and lines that start with # are left out. */
  readonly script?: string | undefined;
  /** Further events. */
  readonly event?: readonly string[] | undefined;
}

/** A script's events are some hundred lines. */
const SCRIPT_BYTES_MAX = 1024 * 1024;

/**
 * Listens, says where, and waits for SIGINT or SIGTERM; then says what came by.
 * @returns the exit code: stopping a storefront is how it ends well
 * @throws UserError for options out of range and for a port that cannot be had
 */
export async function storefrontCommand(options: StorefrontCommandOptions): Promise<number> {
  const { port, settings } = await read(options);
  const storefront = await start(settings, port);
  const stopped = stopSignal();
  process.stdout.write(`storefront listening on ${storefront.url}\n`);
  await stopped;
  const summary = summarise(storefront);
  await storefront.close();
  process.stdout.write(`${summary}\n`);
  return ExitCode.passed;
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
      resolve();
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
}

function summarise(storefront: Storefront): string {
  const { totals, instancesMax, uptimeS } = storefront.view(Number.MAX_SAFE_INTEGER);
  const statuses = Object.entries(totals.statuses).map(
    ([status, count]) => `${formatCount(count)} × ${status}`,
  );
  return [
    `storefront closed after ${formatDuration(uptimeS * 1e6)}: ${formatCount(totals.arrivals)} requests`,
    ...statuses,
    ...(totals.aborted > 0 ? [`${formatCount(totals.aborted)} aborted`] : []),
    ...(totals.inside > 0 ? [`${formatCount(totals.inside)} cut`] : []),
    `${instancesMax} instances at most`,
  ].join(', ');
}

async function read(
  options: StorefrontCommandOptions,
): Promise<{ port: number; settings: StorefrontOptions }> {
  const problems: Problem[] = [];
  const number = (flag: string, value: string | number | undefined): number | undefined => {
    if (value === undefined) return undefined;
    const parsed = typeof value === 'number' ? value : value.trim() === '' ? Number.NaN : Number(value);
    if (Number.isFinite(parsed)) return parsed;
    problems.push(onCommandLine(flag, `"${value}" is not a number`));
    return undefined;
  };
  const durationUs = (flag: string, value: string | number | undefined): number | undefined => {
    try {
      return value === undefined ? undefined : parseDurationUs(value);
    } catch (error) {
      if (!(error instanceof UnitError)) throw error;
      problems.push(onCommandLine(flag, error.message));
      return undefined;
    }
  };
  const port = number('--port', options.port) ?? 0;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    problems.push(onCommandLine('--port', `must be a whole number from 0 to 65535, not ${port}`));
  }
  const autoscaler: Partial<AutoscalerSettings> = given({
    minInstances: number('--min-instances', options.minInstances),
    maxInstances: number('--max-instances', options.maxInstances),
    bootUs: durationUs('--boot', options.boot),
    metricLagUs: durationUs('--metric-lag', options.metricLag),
  });
  const settings: StorefrontOptions = {
    ...given({
      seed: number('--seed', options.seed),
      speed: number('--speed', options.speed),
      stores: number('--stores', options.stores),
      isolation: number('--isolation', options.isolation),
      priority: options.priority,
      concurrency: number('--concurrency', options.concurrency),
      queueLimit: number('--queue', options.queue),
      waitLimitUs: durationUs('--wait-limit', options.waitLimit),
      servesAbandoned: options.serveAbandoned,
    }),
    autoscaler,
  };
  const script = [
    ...(options.script === undefined ? [] : await readScript(options.script, problems)),
    ...(options.event ?? []).flatMap((line) => readEvent(line, onCommandLine('--event', ''), problems)),
  ];
  if (problems.length > 0) throw new UserError(problems);
  return { port, settings: { ...settings, script } };
}

/** The events of a file; what is wrong with it is added to the problems, each at its line. */
async function readScript(file: string, problems: Problem[]): Promise<ScriptedEvent[]> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of createReadStream(file, { end: SCRIPT_BYTES_MAX })) chunks.push(chunk as Buffer);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const message = code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code})`;
    problems.push({ place: file, path: '', message });
    return [];
  }
  const bytes = Buffer.concat(chunks);
  const lines = bytes.toString('utf8').split('\n');
  if (bytes.length > SCRIPT_BYTES_MAX || lines.length > 10 * EVENTS_MAX) {
    problems.push({ place: file, path: '', message: `is too long: a script has up to ${EVENTS_MAX} events` });
    return [];
  }
  return lines.flatMap((line, i) => {
    const text = line.trim();
    if (text === '' || text.startsWith('#')) return [];
    return readEvent(text, { place: `${file}:${i + 1}`, path: '', message: '' }, problems);
  });
}

function readEvent(line: string, at: Problem, problems: Problem[]): ScriptedEvent[] {
  try {
    return [parseEvent(line)];
  } catch (error) {
    if (!(error instanceof UnitError)) throw error;
    problems.push({ ...at, message: error.message, hint: EVENT_HINT });
    return [];
  }
}

async function start(settings: StorefrontOptions, port: number): Promise<Storefront> {
  try {
    return await startStorefront(settings, port);
  } catch (error) {
    if (error instanceof RangeError) {
      throw new UserError(error.message.split('\n').map((message) => onCommandLine('', message)));
    }
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error;
    const why = code === 'EACCES' ? 'needs more rights than this user has' : 'is taken by another program';
    throw new UserError([
      { ...onCommandLine('--port', `${port} ${why}`), hint: 'leave --port out to get a free one' },
    ]);
  }
}

function onCommandLine(path: string, message: string): Problem {
  return { place: 'command line', path, message };
}

/** Drops what was not given, so that defaults stand. */
function given<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
