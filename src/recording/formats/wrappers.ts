// Undoes what shippers and containers put around each line of a log, so that the log's own format can read the rest.

import { isObject, readJsonEntry } from '../fields/json-entry.js';
import type { Clients } from '../read/clients.js';
import {
  type Format,
  type LineParser,
  type LineReading,
  type Reading,
  type Sample,
  UNREAD,
} from './format.js';

/** A line's own text inside its wrapping. */
interface Inner {
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
}

interface Wrapper {
  /** What is around the lines, in words. */
  readonly name: string;
  /** What is inside; undefined for a line that is not wrapped so. */
  unwrap(bytes: Buffer, from: number, to: number): Inner | undefined;
}

/** A format and how it reads a file. */
interface Found {
  readonly format: Format;
  readonly reading: Reading;
}

/** Longest prefix that is looked for. */
const PREFIX_BYTES_MAX = 512;
/** A wrapper fits when at least this share of the first lines is wrapped so. */
const WRAPPED_MIN = 0.5;
/** How much better than without a wrapper a format has to fit the lines that are inside. */
const CLEARLY_BETTER = 0.2;
/** Wrappers inside wrappers: a container's lines that went through syslog. */
const DEPTH_MAX = 2;

const ISO = '\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d:\\d\\d(?:[.,]\\d{1,9})?(?:Z|[+-]\\d\\d:?\\d\\d)?';
const TAG = '[^\\s:\\[\\]{}"]{1,64}(?:\\[\\d{1,10}\\])?:';

/** Prefixes whose time stamps are those of the shipping, never of the request. */
const WRAPPERS: readonly Wrapper[] = [
  prefix('docker compose', '(?:\\x1b\\[[\\d;]{1,12}m)?[\\w.-]{1,100} *\\| ?(?:\\x1b\\[0?m ?)?'),
  prefix('container runtime (CRI)', `${ISO} std(?:out|err) F `),
  prefix(
    'syslog (RFC 3164)',
    `(?:<\\d{1,3}>)?[A-Z][a-z]{2} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d (?:[^\\s:{"]{1,255} )?${TAG} ?`,
  ),
  prefix(
    'syslog (RFC 5424)',
    `<\\d{1,3}>\\d ${ISO} [^ ]{1,255} [^ ]{1,48} [^ ]{1,128} [^ ]{1,32} (?:-|\\[[^\\]]{1,400}\\])(?: \\xef\\xbb\\xbf| |$)`,
  ),
  prefix('rsyslog', `(?:<\\d{1,3}>)?${ISO} [^ ]{1,255} (?:${TAG})? *`),
  prefix('container log with time stamps', `${ISO} `),
  prefix('kubectl', '\\[[\\w./-]{1,250}\\] '),
  { name: 'JSON envelope', unwrap: fromEnvelope },
  { name: 'quotes', unwrap: fromQuotes },
];

/**
 * Looks for a format inside whatever is around the sample's lines.
 * @param plain what fits the lines as they are, if anything
 * @param detect chooses the format of a sample
 * @returns the format inside the wrapping that fits best, where it fits clearly better than `plain`; else `plain`
 */
export function detectWrapped(
  sample: Sample,
  plain: Found | undefined,
  detect: (sample: Sample) => Found | undefined,
  depth = DEPTH_MAX,
): Found | undefined {
  let best = plain;
  let least = plain === undefined ? 0 : plain.reading.score + CLEARLY_BETTER;
  if (depth === 0 || sample.lines.length === 0 || least >= 1) return best;
  for (const wrapper of WRAPPERS) {
    const inside = unwrapped(sample, wrapper);
    if (inside.lines.length < sample.lines.length * WRAPPED_MIN) continue;
    const found = detectWrapped(inside, detect(inside), detect, depth - 1);
    if (found === undefined || found.reading.kind !== 'lines') continue;
    const score = (found.reading.score * inside.lines.length) / sample.lines.length;
    if (score <= least) continue;
    least = score;
    best = {
      format: found.format,
      reading: { ...found.reading, score, open: opener(wrapper, found.reading) },
    };
  }
  return best;
}

/** The sample's lines as they are inside, without those that are not wrapped. */
function unwrapped(sample: Sample, wrapper: Wrapper): Sample {
  const parts: Buffer[] = [];
  const lines: [number, number][] = [];
  let at = 0;
  for (const [from, to] of sample.lines) {
    const inner = wrapper.unwrap(sample.bytes, from, to);
    if (inner === undefined || inner.to <= inner.from) continue;
    const part = inner.bytes.subarray(inner.from, inner.to);
    parts.push(part, Buffer.from('\n'));
    lines.push([at, at + part.length]);
    at += part.length + 1;
  }
  const bytes = Buffer.concat(parts);
  return { bytes, length: bytes.length, lines };
}

function opener(wrapper: Wrapper, reading: LineReading): (clients: Clients) => LineParser {
  return (clients) => {
    const parser = reading.open(clients);
    return {
      parse: (bytes, from, to) => {
        const inner = wrapper.unwrap(bytes, from, to);
        if (inner === undefined) return UNREAD.notFormat;
        return inner.to <= inner.from ? UNREAD.blank : parser.parse(inner.bytes, inner.from, inner.to);
      },
      stampModel: () => `${parser.stampModel()} (inside ${wrapper.name})`,
    };
  };
}

function prefix(name: string, pattern: string): Wrapper {
  const regexp = new RegExp(`^${pattern}`);
  return {
    name,
    unwrap: (bytes, from, to) => {
      const head = bytes.toString('latin1', from, Math.min(to, from + PREFIX_BYTES_MAX));
      const found = regexp.exec(head);
      return found === null ? undefined : { bytes, from: from + found[0].length, to };
    },
  };
}

/** Keys that hold the line in the objects that shippers make of lines, the commonest first. */
const ENVELOPE_KEYS = ['log', 'message', 'msg', 'MESSAGE', 'line', 'textPayload', '_raw'];

function fromEnvelope(bytes: Buffer, from: number, to: number): Inner | undefined {
  const entry = readJsonEntry(bytes, from, to);
  if (entry === undefined) return undefined;
  for (const key of ENVELOPE_KEYS) {
    const value = entry.object[key];
    if (isObject(value) || Array.isArray(value)) continue;
    const text = entry.get(key)?.replace(/[\r\n]+$/, '');
    if (text) return innerOf(text);
  }
  return undefined;
}

/** A line in quotes as a whole: its own quotes are doubled, escaped, or as they were. */
function fromQuotes(bytes: Buffer, from: number, to: number): Inner | undefined {
  if (to - from < 3 || bytes[from] !== 34 || bytes[to - 1] !== 34) return undefined;
  const text = bytes.toString('latin1', from + 1, to - 1);
  if (/\\"/.test(text)) return innerOf(text.replace(/\\(["\\])/g, '$1'));
  return innerOf(/""/.test(text) ? text.replaceAll('""', '"') : text);
}

/** A copy, of text whose characters are bytes; a line has no line ends inside. */
function innerOf(text: string): Inner {
  const bytes = Buffer.from(text.replace(/[\r\n]/g, ' '), 'latin1');
  return { bytes, from: 0, to: bytes.length };
}
