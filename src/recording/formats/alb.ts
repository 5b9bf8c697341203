// Access logs of AWS load balancers: application (ALB) and classic (ELB).

import { readIso } from '../fields/instants.js';
import { readDurationUs } from '../fields/row-maker.js';
import { beforePort, type FoundLine, splitFields, textFormat } from '../fields/text-format.js';
import { Zone } from '../read/zone.js';
import { type Format, SET_APART, UNREAD } from './format.js';

const TYPES: ReadonlySet<string> = new Set(['http', 'https', 'h2', 'grpcs', 'ws', 'wss']);
const NETWORK = 'line of a network load balancer: no HTTP request in it';
/** A request that took longer is not believed: AWS's own examples have creation times years before. */
const LONGEST_US = 3600e6;
/** Fields up to the creation time of the request; what follows is appended to from year to year. */
const ALB_FIELDS = 22;
const ELB_FIELDS = 13;
const NUMBER = /^-?\d{1,9}(?:\.\d{1,9})?$/;

export const alb: Format = textFormat({
  id: 'alb',
  name: 'AWS application load balancer log',
  vantage: 'balancer',
  expects:
    'lines such as: https 2026-02-20T17:26:01.186641Z app/shop/50dc 192.0.2.7:2817 10.0.0.1:80 0.001 0.048 0.000 ' +
    '200 200 34 366 "GET https://shop.example:443/p HTTP/1.1" "Mozilla/5.0" … (AWS ALB)',
  reader: () => ({
    stamp: 'start',
    read: readAlb,
    stampModel: () =>
      'ALB log: starts are request_creation_time where it is at most an hour before the end, else the time of the ' +
      'response less the three processing times; nothing spread',
  }),
});

export const elb: Format = textFormat({
  id: 'elb',
  name: 'AWS classic load balancer log',
  vantage: 'balancer',
  expects:
    'lines such as: 2026-02-20T17:26:01.945958Z shop 192.0.2.7:2817 10.0.0.1:80 0.001 0.048 0.000 200 200 0 57 ' +
    '"GET https://shop.example:443/p HTTP/1.1" "Mozilla/5.0" … (AWS classic ELB)',
  reader: () => ({
    stamp: 'start',
    read: readElb,
    stampModel: () => 'classic ELB log: stamps are taken for the start, as received; nothing spread',
  }),
});

/** Fields by number: 1 time, 3 client, 5–7 processing times, 8 status, 11 bytes, 12 request, 13 agent, 21 creation. */
function readAlb(text: string): FoundLine | string {
  if (text.startsWith('tls ') && text.includes(' net/')) return NETWORK;
  if (!TYPES.has(text.slice(0, text.indexOf(' ')))) return UNREAD.notFormat;
  const fields = splitFields(text, ALB_FIELDS);
  const stamp = fields[1] ?? '';
  const timeUs = readIso(stamp, Zone.UTC);
  if (Number.isNaN(timeUs) || fields.length < 13 || !areTimes(fields, 5)) return UNREAD.notFormat;
  const status = fields[8];
  if (fields[0]!.startsWith('ws') || status === '101') return SET_APART.upgrade;
  const request = fields[12]!;
  if (isNoRequest(request)) return UNREAD.noRequest;
  const tookUs = timeUs - readIso(fields[21] ?? '', Zone.UTC);
  const durationUs = tookUs >= 0 && tookUs <= LONGEST_US ? tookUs : sumUs(fields, 5);
  return {
    stamp,
    startUs: timeUs - (durationUs ?? 0),
    durationUs,
    request,
    status,
    bytes: fields[11],
    address: beforePort(fields[3]!),
    agent: fields[13],
  };
}

/** Fields by number: 0 time, 2 client, 4–6 processing times, 7 status, 10 bytes, 11 request, 12 agent. */
function readElb(text: string): FoundLine | string {
  if (text.charCodeAt(4) !== 45 || text.charCodeAt(10) !== 84) return UNREAD.notFormat;
  const fields = splitFields(text, ELB_FIELDS);
  const stamp = fields[0]!;
  const startUs = readIso(stamp, Zone.UTC);
  if (Number.isNaN(startUs) || fields.length < 12 || !areTimes(fields, 4)) return UNREAD.notFormat;
  const request = fields[11]!;
  if (isNoRequest(request)) return UNREAD.noRequest;
  return {
    stamp,
    startUs,
    durationUs: sumUs(fields, 4),
    request,
    status: fields[7],
    bytes: fields[10],
    address: beforePort(fields[2]!),
    agent: fields[12],
  };
}

/** `- - -` of a TCP listener, and `- http://host:80- -` of a client that sent no request that could be read. */
function isNoRequest(request: string): boolean {
  return request.startsWith('- ') || request.trim() === '-';
}

function areTimes(fields: readonly string[], at: number): boolean {
  return NUMBER.test(fields[at]!) && NUMBER.test(fields[at + 1]!) && NUMBER.test(fields[at + 2]!);
}

/** The three times summed; undefined where one is −1, as of a request that no target answered. */
function sumUs(fields: readonly string[], at: number): number | undefined {
  let us = 0;
  for (let i = at; i < at + 3; i++) {
    const part = readDurationUs(fields[i], 1e6);
    if (part === undefined) return undefined;
    us += part;
  }
  return us;
}
