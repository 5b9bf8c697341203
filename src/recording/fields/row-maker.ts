// Makes rows of what a format has found in a line, as text: the checks and clean-ups that all formats share.

import { UNREAD } from '../formats/format.js';
import type { Clients } from '../read/clients.js';
import type { Row } from '../row.js';
import { RequestReader, readHost } from './request.js';

/** What a line said, as text whose characters are bytes (latin1); `-`, '' and undefined are nothing. */
export interface Found {
  /** The stamp, UTC microseconds; NaN makes the line one without a stamp. */
  readonly startUs: number;
  readonly durationUs?: number | undefined;
  /** The request line, `GET /p HTTP/1.1`; else method and target. */
  readonly request?: string | undefined;
  readonly method?: string | undefined;
  /** Path with query, or an absolute URL. */
  readonly target?: string | undefined;
  readonly host?: string | undefined;
  readonly scheme?: string | undefined;
  readonly status?: string | number | undefined;
  readonly bytes?: string | number | undefined;
  /** Address or name of the client, without a port. */
  readonly address?: string | undefined;
  readonly agent?: string | undefined;
  readonly headers?: string | undefined;
  readonly body?: Uint8Array | undefined;
}

export class RowMaker {
  readonly #request = new RequestReader();

  constructor(private readonly clients: Clients) {}

  /** The row, or why there is none. A host in the target wins over the one beside it. */
  make(found: Found): Row | string {
    if (Number.isNaN(found.startUs)) return UNREAD.noStamp;
    const request = this.#request;
    const wrong =
      found.request === undefined
        ? request.readParts(given(found.method) ?? 'GET', given(found.target) ?? '')
        : request.readText(found.request);
    if (wrong !== '') return wrong;
    const host = given(found.host);
    const slot = this.clients.of(given(found.address) ?? '', given(found.agent) ?? '');
    return {
      startUs: found.startUs,
      durationUs: found.durationUs,
      method: request.method,
      host: request.host ?? (host === undefined ? undefined : readHost(host, found.scheme ?? '')),
      path: request.path,
      status: readStatus(found.status),
      bytes: readCount(found.bytes),
      client: this.clients.name(slot),
      clientClass: this.clients.classAt(slot),
      headers: found.headers,
      body: found.body,
    };
  }
}

/** The text, or undefined for what logs write for nothing. */
export function given(text: string | undefined): string | undefined {
  return text === undefined || text === '' || text === '-' ? undefined : text;
}

/** A status from 100 to 599; undefined for anything else, such as 0, 000, -1 or `-`. */
export function readStatus(value: string | number | undefined): number | undefined {
  const status = typeof value === 'number' ? value : /^\d{3}$/.test(value ?? '') ? Number(value) : 0;
  return Number.isInteger(status) && status >= 100 && status <= 599 ? status : undefined;
}

/** A whole number of bytes; undefined for anything else. */
export function readCount(value: string | number | undefined): number | undefined {
  const n = typeof value === 'number' ? value : /^\d{1,15}$/.test(value ?? '') ? Number(value) : Number.NaN;
  return Number.isSafeInteger(n) && n >= 0 ? n : undefined;
}

/** A duration in some unit as whole microseconds; undefined for `-`, a negative one, and what is no number. */
export function readDurationUs(value: string | number | undefined, usPerUnit: number): number | undefined {
  const n =
    typeof value === 'number' ? value : /^\d{1,15}(?:\.\d+)?$/.test(value ?? '') ? Number(value) : Number.NaN;
  return n >= 0 ? Math.round(n * usPerUnit) : undefined;
}

/** An address without its port: `192.0.2.7:443`, `[2001:db8::1]:443`. */
export function withoutPort(address: string): string {
  if (address.startsWith('[')) return address.slice(1, Math.max(1, address.indexOf(']')));
  const colon = address.lastIndexOf(':');
  return colon > 0 && address.indexOf(':') === colon ? address.slice(0, colon) : address;
}

/** Text as characters that are its UTF-8 bytes, as `Found` wants it. */
export function bytesOf(text: string): string {
  return Buffer.byteLength(text) === text.length ? text : Buffer.from(text, 'utf8').toString('latin1');
}
