// JSON whose keys its users chose: nginx, Envoy, Fastly, Apache, applications; fields are found by their names.

import { type Leaf, planFields, type Source } from '../fields/field-plan.js';
import { FieldRows } from '../fields/field-rows.js';
import { isObject, type JsonEntry, type JsonObject } from '../fields/json-entry.js';
import { jsonReading, jsonSample } from '../fields/json-reading.js';
import { Clients } from '../read/clients.js';
import type { Format } from './format.js';

/** How deep keys are looked for, and how many of one entry. */
const DEPTH_MAX = 5;
const LEAVES_MAX = 300;

/**
 * JSON lines, or a list of entries. Which key holds what is decided once, from the first entries (`field-plan.ts`),
 * or said by the user; what the names stand for is listed in `field-aliases.ts`.
 */
export const jsonLines: Format = {
  id: 'json',
  name: 'JSON lines',
  vantage: 'origin',
  expects:
    'JSON lines with a time and a request, such as {"time_iso8601": …, "request": "GET /p HTTP/1.1", …}',
  detect(sample, { zone, fields }) {
    const found = jsonSample(sample);
    const plan = planFields(leavesOf(found.entries), fields, zone.fresh());
    if (plan === null) return null;
    const probe = new FieldRows(plan, zone.fresh(), new Clients('sample', 256));
    const fits = found.entries.filter((entry) => probe.fits((source) => entry.at(source))).length;
    return jsonReading(found, fits, {
      stamp: plan.stamp,
      resolutionUs: plan.resolutionUs,
      words: `JSON lines: ${plan.words}`,
      open: (clients) => {
        const rows = new FieldRows(plan, zone, clients);
        return (entry) => rows.row((source) => entry.at(source));
      },
    });
  },
};

/** All keys of some entries that hold a text or a number, with their values. */
function leavesOf(entries: readonly JsonEntry[]): Leaf[] {
  const leaves = new Map<string, { source: Source; texts: string[] }>();
  for (const entry of entries) {
    let left = LEAVES_MAX;
    const visit = (object: JsonObject, path: Source): void => {
      for (const key of Object.keys(object)) {
        if (left <= 0) return;
        const value = object[key];
        const source = [...path, key];
        if (isObject(value)) {
          left--;
          if (source.length < DEPTH_MAX) visit(value, source);
          continue;
        }
        const text = entry.text(value);
        if (text === undefined) continue;
        left--;
        const name = source.join('\0');
        const leaf = leaves.get(name);
        if (leaf !== undefined) leaf.texts.push(text);
        else if (leaves.size < LEAVES_MAX) leaves.set(name, { source, texts: [text] });
      }
    };
    visit(entry.object, []);
  }
  return [...leaves.values()];
}
