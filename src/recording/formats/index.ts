// The list of input formats, and which of them a file is in.
import { distance } from 'fastest-levenshtein';
import { UserError } from '../../problem.js';
import { alb, elb } from './alb.js';
import { caddy } from './caddy.js';
import { cloudflare } from './cloudflare.js';
import { csv } from './csv.js';
import { envoy } from './envoy.js';
import type { Format, FormatOptions, Reading, Sample } from './format.js';
import { gcp } from './gcp.js';
import { gor } from './gor.js';
import { haproxy } from './haproxy.js';
import { har } from './har.js';
import { jsonLines } from './json-lines.js';
import { compileLogFormat } from './log-format.js';
import { ltsv } from './ltsv.js';
import { ncsa } from './ncsa.js';
import { nginxProxyManager } from './npm.js';
import { s3 } from './s3.js';
import { squid } from './squid.js';
import { traefik } from './traefik.js';
import { traefikJson } from './traefik-json.js';
import { unfitting } from './unfitting.js';
import { uwsgi } from './uwsgi.js';
import { vegeta } from './vegeta.js';
import { vercel } from './vercel.js';
import { cloudfront, w3c } from './w3c.js';
import { detectWrapped } from './wrappers.js';
import { zeek } from './zeek.js';

/** Every format; on a tie the earlier wins, so what is told apart by more stands before what takes nearly anything. */
export const FORMATS: readonly Format[] = [
  har,
  gor,
  vegeta,
  alb,
  elb,
  s3,
  cloudfront,
  w3c,
  zeek,
  haproxy,
  envoy,
  squid,
  uwsgi,
  nginxProxyManager,
  traefik,
  ltsv,
  ncsa,
  caddy,
  traefikJson,
  cloudflare,
  gcp,
  vercel,
  jsonLines,
  csv,
];

const SAMPLE_LINES = 256;
/** A file fits when at least this share of its first lines does: logs are mixed, but not that mixed. */
const FIT_MIN = 0.1;

/** A file's format, and how to read it. */
export interface Detected {
  readonly format: Format;
  readonly reading: Reading;
}

/** The first lines of a block of `length` bytes of whole lines. */
export function sampleOf(bytes: Buffer, length: number): Sample {
  const lines: [number, number][] = [];
  for (let from = 0; from < length && lines.length < SAMPLE_LINES; ) {
    const found = bytes.indexOf(10, from);
    const end = found < 0 || found > length ? length : found;
    const to = end > from && bytes[end - 1] === 13 ? end - 1 : end;
    if (to > from) lines.push([from, to]);
    from = end + 1;
  }
  return { bytes, length, lines };
}

/**
 * Chooses the format of a file by its first bytes.
 * @param place the file, for the message
 * @throws UserError when none fits
 */
export function detectFormat(
  place: string,
  sample: Sample,
  options: FormatOptions,
  formats: readonly Format[] = FORMATS,
): Detected {
  const detect = (inside: Sample) => bestOf(inside, options, formats);
  const best = detectWrapped(sample, detect(sample), detect);
  if (!best || best.reading.score < FIT_MIN) {
    throw new UserError([unfitting(place, sample, FORMATS, formats)]);
  }
  return best;
}

function bestOf(sample: Sample, options: FormatOptions, formats: readonly Format[]): Detected | undefined {
  let best: Detected | undefined;
  for (const format of formats) {
    const reading = format.detect(sample, options);
    if (reading !== null && reading.score > (best?.reading.score ?? 0)) best = { format, reading };
  }
  return best;
}

/**
 * The formats that `--format` may mean: one by its id, or one made of an nginx `log_format` or an Apache `LogFormat`.
 * @returns what is wrong with the text, where it is neither
 */
export function formatsNamed(text: string): readonly Format[] | string {
  const known = FORMATS.find((format) => format.id === text.trim().toLowerCase());
  if (known !== undefined) return [known];
  if (/[$%]./.test(text)) {
    const compiled = compileLogFormat(text);
    return typeof compiled === 'string' ? compiled : [compiled];
  }
  const ids = FORMATS.map((format) => format.id);
  const near = ids.find((id) => distance(id, text.slice(0, 100).toLowerCase()) <= Math.ceil(id.length / 3));
  const hint = near === undefined ? `one of ${ids.join(', ')}` : `did you mean ${near}?`;
  return `is no known format (${hint}), nor a log_format such as '$remote_addr … "$request" …' or '%h … "%r" …'`;
}
