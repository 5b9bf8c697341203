// The report of a probe for people: where it went, a table of what came back, and a word on each thing found.
import { daysLeft } from '../judge/probe/probe.js';
import type { ProbeFinding } from '../judge/probe/probe-meaning.js';
import type { Handshake, Probed, ProbedConnection } from '../measure/probed.js';
import { formatBytes, formatCount, formatDuration } from '../units.js';
import { clip, safe } from './escape.js';
import { type Column, type Line, labelled, lineOf, type Piece, piece, render, table } from './line.js';
import type { Paint } from './paint.js';
import { isAsExpected, type ProbeReport } from './probe-json.js';

const NAME_MAX = 18;
/** Handshakes that are told one by one, and places that a finding names. */
const HANDSHAKES_MAX = 5;
const WHERE_MAX = 4;
/** Rows of answers that were as expected; all others are shown. */
const OK_ROWS_MAX = 40;
/** What the columns of a table beside the request take, about; none of them gives way to a long path. */
const OTHER_COLUMNS = 46;
/** What is said beside a status, where it is not the outcome's own name. */
const SUFFIX: Readonly<Partial<Record<Probed['outcome'], string>>> = {
  ok: '',
  bad_status: '',
  bad_body: ' body',
};
const LABEL = 14;

/** The report, ending in a line break. */
export function probeText(report: ProbeReport, columns: number, paint: Paint): string {
  const width = Math.max(60, Math.min(200, columns));
  const inner = width - 1;
  const lines: Line[] = [
    headline(report),
    ...facts(report, inner),
    [],
    ...answers(report, inner),
    ...(report.findings.length === 0 ? [] : [[]]),
    ...report.findings.flatMap((finding) => wordsOf(finding, inner)),
  ];
  return `${lines.map((line) => render(line, width, paint)).join('\n')}\n`;
}

function headline(report: ProbeReport): Line {
  const { probes, scenario, target, leftOut } = report;
  const ok = probes.filter(({ outcome }) => outcome === 'ok').length;
  const badge = isAsExpected(report)
    ? piece(' AS EXPECTED ', 'goodBadge')
    : piece(' NOT AS EXPECTED ', 'badBadge');
  const of = formatCount(probes.length + leftOut.unsent);
  return lineOf(
    ' ',
    badge,
    `  ${formatCount(ok)} of ${of}   `,
    piece(safe(scenario), 'bold'),
    `   ${safe(target.url)}`,
  );
}

function facts(report: ProbeReport, width: number): Line[] {
  const { target, handshakes, leftOut, nowMs } = report;
  const { addresses, dnsUs, proxy, transport } = target;
  const say = (label: string, text: string) => labelled(piece(label, 'dim'), LABEL, text, width);
  const found = dnsUs === null ? '' : `, resolved in ${formatDuration(dnsUs)}`;
  const through = proxy === null ? '' : `, of the proxy ${safe(proxy)}`;
  return [
    ...say('Addresses', `${addresses.join(', ')}${through}${found}; ${transport}`),
    ...handshakes.slice(0, HANDSHAKES_MAX).flatMap((handshake) => say('TLS', tlsWords(handshake, nowMs))),
    ...(handshakes.length <= HANDSHAKES_MAX
      ? []
      : say('', `and ${formatCount(handshakes.length - HANDSHAKES_MAX)} names more: see --json`)),
    ...leftOutWords(leftOut).flatMap((text) => say('Left out', text)),
  ];
}

function tlsWords({ serverName, connection, version, certificate, error }: Handshake, nowMs: number): string {
  const name = safe(serverName);
  if (connection === null) return `${name}: ${safe(error ?? '')}`;
  const spoken = `${name}: ${version ?? ''}, ${connection.protocol}${timesOf(connection)}`;
  if (certificate === null) return spoken;
  const { subject, issuer, names, validToMs, distrust } = certificate;
  const days = daysLeft(validToMs, nowMs);
  const until = days === null ? '' : `, ${days < 0 ? `ended ${-days} days ago` : `${days} days left`}`;
  const shown = names.slice(0, WHERE_MAX).map(safe).join(', ');
  const more = names.length > WHERE_MAX ? ` and ${names.length - WHERE_MAX} more` : '';
  const trust = distrust === null ? 'trusted' : `NOT trusted: ${safe(distrust)}`;
  return `${spoken}; ${safe(subject)} (${shown}${more}) by ${safe(issuer)}${until}, ${trust}`;
}

function timesOf({ tcpUs, tlsUs }: ProbedConnection): string {
  return `, TCP ${formatDuration(tcpUs)}${tlsUs === null ? '' : `, TLS ${formatDuration(tlsUs)}`}`;
}

function leftOutWords({ pairs, unsent, routes, unmet }: ProbeReport['leftOut']): string[] {
  const texts: string[] = [];
  if (pairs > 0)
    texts.push(`${formatCount(pairs)} more pairs of route and tenant: a probe sends few requests`);
  if (unsent > 0) texts.push(`${formatCount(unsent)} requests, as time was up or the target asked to stop`);
  for (const { route, rows } of routes.slice(0, WHERE_MAX))
    texts.push(
      `${safe(route)}: ${formatCount(rows)} recorded requests that may not be sent (writes that are not listed, unmapped ids)`,
    );
  if (unmet.length > 0)
    texts.push(
      `${unmet
        .slice(0, 2 * WHERE_MAX)
        .map(safe)
        .join(', ')}: not met in the plan`,
    );
  return texts;
}

function answers({ probes, target }: ProbeReport, width: number): Line[] {
  const ownHost = target.url.replace(/^https?:\/\//, '');
  const hasTenants = probes.some(({ tenant }) => tenant !== null);
  const columns: Column[] = [
    { head: 'REQUEST', align: 'left' },
    { head: 'ROUTE', align: 'left' },
    ...(hasTenants ? [{ head: 'TENANT', align: 'left' } as const] : []),
    { head: 'ANSWER', align: 'left' },
    { head: 'TIME', align: 'right' },
    { head: 'BYTES', align: 'right', keep: 1 },
    { head: 'HTTP', align: 'left', keep: 0 },
    { head: 'CACHE', align: 'left', keep: 2 },
  ];
  let ok = 0;
  const shown = probes.filter(({ outcome }) => outcome !== 'ok' || ++ok <= OK_ROWS_MAX);
  const rows = shown.map((probed): Piece[] => {
    const { request, route, tenant, outcome, status, followed } = probed;
    const { method, path, host } = request;
    const ok = outcome === 'ok';
    const hops = followed.length === 0 ? '' : ` +${followed.length}`;
    const answer = status === 0 ? outcome : `${status}${hops}${SUFFIX[outcome] ?? ` ${outcome}`}`;
    return [
      piece(clip(safe(`${method} ${host === ownHost ? '' : host}${path}`), width - OTHER_COLUMNS)),
      piece(clip(safe(route), NAME_MAX)),
      ...(hasTenants ? [piece(clip(safe(tenant ?? ''), NAME_MAX))] : []),
      piece(`${ok ? '✓' : '✗'} ${answer}`, ok ? 'good' : 'bad'),
      piece(probed.totalUs === null ? '' : formatDuration(probed.totalUs)),
      piece(formatBytes(probed.bytes)),
      piece(httpOf(probed)),
      piece(probed.cache?.result ?? ''),
    ];
  });
  const lines = table(columns, rows, width - 1).map((line) => lineOf(' ', ...line));
  const more = probes.length - shown.length;
  return more === 0
    ? lines
    : [...lines, [piece(` and ${formatCount(more)} more as expected: see --json`, 'dim')]];
}

function httpOf({ connection }: Probed): string {
  if (connection === null) return '';
  return connection.protocol === 'h2' ? '2' : '1.1';
}

/** A thing found, where, and what to do. */
function wordsOf({ level, message, advice, where }: ProbeFinding, width: number): Line[] {
  const [mark, style] = level === 'problem' ? (['✗', 'bad'] as const) : (['!', 'warn'] as const);
  const shown = where.slice(0, WHERE_MAX).map(safe).join(', ');
  const more = where.length > WHERE_MAX ? ` and ${formatCount(where.length - WHERE_MAX)} more` : '';
  const place = where.length === 0 ? '' : `${shown}${more}: `;
  return [
    ...labelled(piece(mark, style), 3, safe(message), width, piece(place, 'bold')),
    ...labelled(piece('  →', 'dim'), 5, safe(advice), width),
  ];
}
