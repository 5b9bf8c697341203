// What a probe found: what each answer means, what many of them say together, and what certificates show.
import type { Handshake, Probed } from '../../measure/probed.js';
import { formatCount } from '../../units.js';
import { refusalOf } from './edges.js';
import { type Meaning, meaningOf, type ProbeContext, type ProbeFinding } from './probe-meaning.js';

/** A certificate that ends sooner may end before the holidays do. */
const DAYS_LEFT_MIN = 14;
const DAY_MS = 86_400_000;

/** Whole days until a certificate ends; null where it does not say. Below 0 it has ended. */
export function daysLeft(validToMs: number, nowMs: number): number | null {
  return Number.isNaN(validToMs) ? null : Math.floor((validToMs - nowMs) / DAY_MS);
}

/** All that a probe found, problems first, alike ones as one. */
export function judgeProbe(
  probes: readonly Probed[],
  handshakes: readonly Handshake[],
  context: ProbeContext,
): ProbeFinding[] {
  const unknown = unknownTenants(probes);
  const found = new Map<string, ProbeFinding & { readonly where: string[] }>();
  const add = (meaning: Meaning, place: string) => {
    const key = `${meaning.id} ${meaning.message}`;
    const known = found.get(key);
    if (known === undefined) found.set(key, { ...meaning, where: [place] });
    else if (!known.where.includes(place)) known.where.push(place);
  };
  for (const probed of probes) {
    const isUnknown = probed.tenant !== null && unknown.has(probed.tenant) && probed.outcome !== 'ok';
    const meaning = isUnknown ? UNKNOWN_TENANT : meaningOf(probed, context);
    if (meaning !== null) add(meaning, isUnknown ? (probed.tenant ?? '') : placeOf(probed));
  }
  for (const handshake of handshakes) {
    const meaning = meaningOfHandshake(handshake, context);
    if (meaning !== null) add(meaning, handshake.serverName);
  }
  const all = refusedAll(probes);
  const findings = [...(all === null ? [] : [all]), ...found.values()];
  return findings.sort((a, b) => Number(a.level === 'warning') - Number(b.level === 'warning'));
}

/** A route, with its tenant where it has one. */
export function placeOf({ route, tenant }: Pick<Probed, 'route' | 'tenant'>): string {
  return tenant === null ? route : `${route} of ${tenant}`;
}

const UNKNOWN_TENANT: Meaning = {
  id: 'unknown_tenant',
  level: 'problem',
  message: 'none of its routes is there, while other tenants have theirs',
  advice: 'this staging may not have the tenant: create it there, or leave it out (where:, tenant:)',
};

const GONE: readonly number[] = [404, 410, 421];

/** Tenants of whom nothing is there, where others have what is asked for. */
function unknownTenants(probes: readonly Probed[]): ReadonlySet<string> {
  const known = new Set<string>();
  const missing = new Set<string>();
  for (const { tenant, status, outcome } of probes) {
    if (tenant === null) continue;
    (outcome !== 'ok' && GONE.includes(status) ? missing : known).add(tenant);
  }
  return known.size === 0 ? known : new Set([...missing].filter((tenant) => !known.has(tenant)));
}

/** The edge let nothing through: that is one thing to mend, before all others. */
function refusedAll(probes: readonly Probed[]): ProbeFinding | null {
  const answered = probes.filter(({ status }) => status > 0);
  const isRefused = (probed: Probed) =>
    probed.outcome !== 'ok' && (probed.status === 401 || refusalOf(probed) !== null);
  if (answered.length < 2 || !answered.every(isRefused)) return null;
  return {
    id: 'refused_everybody',
    level: 'problem',
    message: `all ${formatCount(answered.length)} answers are refusals: a run would not test the shop at all`,
    advice:
      'let the test through at the edge before a run (allow list, token, rate limit): what it asks for is below',
    where: [],
  };
}

function meaningOfHandshake(handshake: Handshake, { nowMs, insecure }: ProbeContext): Meaning | null {
  const { certificate, error } = handshake;
  if (error !== null)
    return {
      id: 'handshake',
      level: 'warning',
      message: `the TLS handshake failed: ${error}`,
      advice: 'see if the target speaks TLS on this port, and for this name (SNI)',
    };
  if (certificate === null) return null;
  const days = daysLeft(certificate.validToMs, nowMs);
  if (!certificate.trusted)
    return {
      id: 'certificate',
      level: 'warning',
      message: `the certificate is not trusted: ${certificate.distrust}${insecure ? ' (taken all the same)' : ''}`,
      advice: insecure
        ? 'nothing says that this is the target: trust its authority with --ca FILE'
        : 'trust its authority with --ca FILE, ask for a name that it has (target.hosts), or take any with --insecure',
    };
  if (days === null || days >= DAYS_LEFT_MIN) return null;
  return {
    id: 'certificate_ends',
    level: 'warning',
    message: `the certificate ends in ${days} days`,
    advice: 'renew it before the run',
  };
}
