// HAR 1.1 and 1.2: what a browser or a proxy saw, entry by entry; read tolerantly, as every exporter differs.
import { UserError } from '../../problem.js';
import { readIso, resolutionOf } from '../fields/instants.js';
import { RowMaker } from '../fields/row-maker.js';
import type { Clients } from '../read/clients.js';
import type { Zone } from '../read/zone.js';
import type { Row } from '../row.js';
import {
  type Format,
  type FormatOptions,
  type RecordCounter,
  type RecordReading,
  type Sample,
  SET_APART,
} from './format.js';
import { type HarEntry, readHarEntry, UNREAD_ENTRY } from './har-entry.js';
import { BrokenHar, HarScanner } from './har-scanner.js';

/** Unpacked bytes of a HAR, at most; it also bounds what is held of its entries. */
const HAR_BYTES_MAX = 512 * 2 ** 20;
const ENTRIES_MAX = 1_000_000;
/** Pages whose sites count as the shop's own, at most. */
const PAGES_MAX = 10_000;
const BATCH_ROWS = 256;

/** How a HAR begins; its log is never a text, as it is in the JSON lines that containers write. */
const BEGINS =
  /^(?:\xef\xbb\xbf)?\s*(?:\[\s*)?\{\s*"log"\s*:\s*(?:\[|\{\s*"(?:version|creator|browser|pages|entries|comment|_))/;
const SAMPLE_BYTES = 65_536;

export const har: Format = {
  id: 'har',
  name: 'HAR (HTTP archive)',
  vantage: 'browser',
  expects: 'a HAR, such as {"log":{"version":"1.2","entries":[…]}}',
  detect({ bytes, length }: Sample, options: FormatOptions): RecordReading | null {
    const text = bytes.toString('latin1', 0, Math.min(length, SAMPLE_BYTES));
    if (!BEGINS.test(text)) return null;
    const resolutionUs = finestStamp(text);
    return {
      kind: 'records',
      score: 1,
      stamp: 'start',
      resolutionUs,
      read: (chunks, clients, counter) => readHar(chunks, clients, counter, options.zone),
    };
  },
};

/** The step of the stamps in the sample; a millisecond where there is none. */
function finestStamp(text: string): number {
  const steps = Array.from(text.matchAll(/"startedDateTime"\s*:\s*"([^"]{1,40})"/g), ([, stamp = '']) =>
    resolutionOf(stamp),
  );
  return steps.length === 0 ? 1e3 : Math.min(...steps);
}

async function* readHar(
  chunks: AsyncIterable<Buffer>,
  clients: Clients,
  counter: RecordCounter,
  zone: Zone,
): AsyncGenerator<Row[], void> {
  const entries: (HarEntry | string)[] = [];
  const scanner = new HarScanner((text) => {
    if (entries.length >= ENTRIES_MAX) throw refusal(`holds more than ${ENTRIES_MAX} entries`);
    entries.push(text === null ? UNREAD_ENTRY.tooLong : readHarEntry(text, (stamp) => readIso(stamp, zone)));
  });
  await scan(chunks, scanner);
  const rows = makeRows(entries, clients, counter);
  for (let at = 0; at < rows.length; at += BATCH_ROWS) yield rows.slice(at, at + BATCH_ROWS);
}

async function scan(chunks: AsyncIterable<Buffer>, scanner: HarScanner): Promise<void> {
  let bytes = 0;
  try {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes > HAR_BYTES_MAX) throw new BrokenHar('is longer than 512 MiB');
      scanner.push(chunk);
    }
    scanner.end();
  } catch (error) {
    if (error instanceof BrokenHar) throw refusal(error.message);
    throw error;
  }
  if (!scanner.hasEntries) throw refusal('has no list of entries in its log');
}

function refusal(message: string): UserError {
  const hint = 'Export the HAR again, or split it; nothing of a HAR that is not whole is read.';
  return new UserError([{ place: '', path: '', message, hint }]);
}

/** The rows in start order; everything else is counted, in the order of the file. */
function makeRows(entries: readonly (HarEntry | string)[], clients: Clients, counter: RecordCounter): Row[] {
  const known = entries.filter((entry) => typeof entry !== 'string').sort((a, b) => orZero(a) - orZero(b));
  const own = ownSites(known);
  // One HAR is one browser: two of them do not share a visitor, whatever their user agents.
  const address = `har ${known[0]?.startUs ?? 0} ${known[0]?.found.target ?? ''}`;
  const agent = known.find((entry) => entry.agent !== undefined)?.agent;
  const maker = new RowMaker(clients);
  const rows: Row[] = [];
  for (const entry of entries) {
    counter.seen();
    const row =
      typeof entry === 'string'
        ? entry
        : entry.reason !== ''
          ? entry.reason
          : own.has(entry.site)
            ? maker.make({ ...entry.found, address, agent: entry.agent ?? agent })
            : SET_APART.thirdParty;
    if (typeof row === 'string') counter.unread(row);
    else rows.push(row);
  }
  return rows.sort((a, b) => a.startUs - b.startUs);
}

/** Stamps may be missing. */
function orZero({ startUs }: HarEntry): number {
  return Number.isNaN(startUs) ? 0 : startUs;
}

/** The shop's own sites: that of the first document of each page; without a document that of the first entry. */
function ownSites(inOrder: readonly HarEntry[]): ReadonlySet<string> {
  const byPage = new Map<string, string>();
  for (const { page, site, isDocument, reason } of inOrder) {
    if (!isDocument || reason === SET_APART.unanswered || byPage.has(page)) continue;
    if (byPage.size < PAGES_MAX) byPage.set(page, site);
  }
  return new Set(byPage.size > 0 ? byPage.values() : inOrder.slice(0, 1).map(({ site }) => site));
}
