// Edges and firewalls by what they write on their answers: a small table, with a reason a row.

/** What an edge shows of itself. */
interface Edge {
  readonly name: string;
  /** A header in lower case, and what its value must hold; null: any value. */
  readonly header?: readonly [name: string, value: RegExp | null];
  /** What the body must hold. */
  readonly body?: RegExp;
  /** Whether that alone says that it refused, whatever the status; else it only names who answered a refusal. */
  readonly refuses: boolean;
}

/** The first row that fits names the edge: those that say more come first. */
const EDGES: readonly Edge[] = [
  // Cloudflare sets it on challenge pages only, whatever their status.
  { name: 'Cloudflare', header: ['cf-mitigated', null], refuses: true },
  // AWS WAF sets it where it answers with a challenge (202) or a CAPTCHA (405).
  { name: 'AWS WAF', header: ['x-amzn-waf-action', null], refuses: true },
  // Vercel's firewall: challenge or deny.
  { name: 'the Vercel firewall', header: ['x-vercel-mitigated', null], refuses: true },
  // Sucuri says which of its rules blocked.
  { name: 'Sucuri', header: ['x-sucuri-block', null], refuses: true },
  // Imperva's block and challenge pages load this script, with status 200 too.
  { name: 'Imperva', body: /_Incapsula_Resource|Incapsula incident ID/, refuses: true },
  // F5's application firewall answers so with status 200.
  { name: 'F5 BIG-IP', body: /The requested URL was rejected\. Please consult/, refuses: true },
  // HUMAN (PerimeterX) shows its own page.
  { name: 'HUMAN (PerimeterX)', body: /id="px-captcha"/, refuses: true },
  // DataDome puts its header on its own pages and, with some set-ups, on all.
  { name: 'DataDome', header: ['x-datadome', null], refuses: false },
  // Akamai's edge answers for itself under this name; the shop's own answers keep theirs.
  { name: 'Akamai', header: ['server', /^AkamaiGHost/i], refuses: false },
  // On every answer that passed Cloudflare, the shop's own too.
  { name: 'Cloudflare', header: ['cf-ray', null], refuses: false },
  { name: 'Imperva', header: ['x-iinfo', null], refuses: false },
  { name: 'Sucuri', header: ['x-sucuri-id', null], refuses: false },
  // The load balancer itself: what it lets through has the application's name, or none.
  { name: 'the AWS load balancer', header: ['server', /^awselb\//i], refuses: false },
  { name: 'CloudFront', header: ['server', /^CloudFront$/i], refuses: false },
  { name: 'Azure Front Door', header: ['x-azure-ref', null], refuses: false },
  // ModSecurity's own error page.
  { name: 'ModSecurity', body: /mod_?security/i, refuses: false },
];

/** Statuses with which edges refuse: not allowed, unacceptable, too many, and Shopify's 430 for what looks like a bot. */
const REFUSALS: readonly number[] = [403, 406, 429, 430];

/** An answer as far as an edge shows in it. */
export interface EdgeAnswer {
  readonly status: number;
  /** Names in lower case and values by turns. */
  readonly headers: readonly string[];
  readonly body: string;
}

export interface Refusal {
  /** Null where nothing names who refused. */
  readonly edge: string | null;
  /** What tells: `cf-mitigated: challenge`, `its page`, `status 403`. */
  readonly sign: string;
}

/** Whether an answer is the refusal of what lies before the shop, and whose; null if nothing says so. */
export function refusalOf(answer: EdgeAnswer): Refusal | null {
  const refuses = REFUSALS.includes(answer.status);
  for (const edge of EDGES) {
    if (!edge.refuses && !refuses) continue;
    const sign = signOf(edge, answer);
    if (sign !== null) return { edge: edge.name, sign };
  }
  return refuses ? { edge: null, sign: `status ${answer.status}` } : null;
}

function signOf({ header, body }: Edge, answer: EdgeAnswer): string | null {
  if (body !== undefined) return body.test(answer.body) ? 'its page' : null;
  if (header === undefined) return null;
  const [name, wanted] = header;
  const value = headerOf(answer.headers, name);
  return value !== null && (wanted === null || wanted.test(value)) ? `${name}: ${value}` : null;
}

/** A header's first value; null for none. */
export function headerOf(headers: readonly string[], name: string): string | null {
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) return headers[i + 1] ?? '';
  return null;
}
