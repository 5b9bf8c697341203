// The report of a probe as data, and as JSON: names that a script can rely on.
import { headerOf } from '../judge/probe/edges.js';
import { daysLeft } from '../judge/probe/probe.js';
import type { ProbeFinding } from '../judge/probe/probe-meaning.js';
import { whereLeads } from '../judge/probe/redirect.js';
import type { Handshake, Probed, ProbedConnection } from '../measure/probed.js';
import type { ProbeJson } from './probe-schema.js';

/** A probe that was carried out. */
export interface ProbeReport {
  readonly scenario: string;
  readonly planId: string;
  /** The name that every request carried. */
  readonly run: string;
  readonly target: {
    readonly url: string;
    readonly addresses: readonly string[];
    /** Null where no name was resolved. */
    readonly dnsUs: number | null;
    readonly proxy: string | null;
    /** What is spoken, in words. */
    readonly transport: string;
  };
  /** UTC milliseconds. */
  readonly nowMs: number;
  readonly handshakes: readonly Handshake[];
  readonly probes: readonly Probed[];
  readonly findings: readonly ProbeFinding[];
  readonly leftOut: ProbeJson['leftOut'];
}

/** Whether every answer was as expected. */
export function isAsExpected({ probes, leftOut }: Pick<ProbeReport, 'probes' | 'leftOut'>): boolean {
  return leftOut.unsent === 0 && probes.every(({ outcome }) => outcome === 'ok');
}

export function probeJson(report: ProbeReport): ProbeJson {
  const { scenario, planId, run, target, findings, leftOut } = report;
  const { url, addresses, dnsUs, proxy, transport } = target;
  return {
    scenario,
    planId,
    run,
    ok: isAsExpected(report),
    target: { url, addresses: [...addresses], dnsMs: msOf(dnsUs), proxy, transport },
    handshakes: report.handshakes.map((handshake) => handshakeJson(handshake, report.nowMs)),
    probes: report.probes.map((probed) => probedJson(probed, url)),
    findings: findings.map(({ where, ...finding }) => ({ ...finding, where: [...where] })),
    leftOut,
  };
}

function probedJson(probed: Probed, target: string): ProbeJson['probes'][number] {
  const { stream, route, tenant, request, outcome, status, recordedStatus, attempts, connection } = probed;
  const { method, path, host, serverName } = request;
  return {
    stream,
    route,
    tenant,
    method,
    path,
    host,
    serverName,
    ok: outcome === 'ok',
    outcome,
    status: status === 0 ? null : status,
    recordedStatus: recordedStatus === 0 ? null : recordedStatus,
    attempts,
    connection: connectionJson(connection),
    firstByteMs: msOf(probed.firstByteUs),
    totalMs: msOf(probed.totalUs),
    bytes: probed.bytes,
    server: headerOf(probed.headers, 'server'),
    cache: probed.cache,
    followed: probed.followed.map((hop) => ({ ...hop })),
    redirect: probed.location === null ? null : whereLeads(probed.location, { target, host, path }),
    failedChecks: probed.failedChecks.map((check) => ({ ...check })),
  };
}

function handshakeJson(
  { serverName, connection, version, certificate, error }: Handshake,
  nowMs: number,
): ProbeJson['handshakes'][number] {
  const shown = { serverName, connection: connectionJson(connection), version, error };
  if (certificate === null) return { ...shown, certificate: null };
  const { names, validFromMs, validToMs, ...rest } = certificate;
  return {
    ...shown,
    certificate: {
      ...rest,
      names: [...names],
      validFrom: instantOf(validFromMs),
      validTo: instantOf(validToMs),
      daysLeft: daysLeft(validToMs, nowMs),
    },
  };
}

function connectionJson(connection: ProbedConnection | null): ProbeJson['probes'][number]['connection'] {
  if (connection === null) return null;
  const { protocol, address, tcpUs, tlsUs } = connection;
  return { protocol, address, tcpMs: tcpUs / 1e3, tlsMs: msOf(tlsUs) };
}

function msOf(us: number | null): number | null {
  return us === null ? null : us / 1e3;
}

function instantOf(ms: number): string | null {
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
}
