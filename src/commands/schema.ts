// `flashcrowd schema`: JSON Schemas for editors and scripts.
import { ExitCode } from '../exit-codes.js';
import { UserError } from '../problem.js';
import { comparisonSchema, noiseSchema } from '../report/comparison/comparison-schema.js';
import { limitSchema } from '../report/limit-schema.js';
import { probeSchema } from '../report/probe-schema.js';
import { summarySchema } from '../report/summary-schema.js';
import { scenarioJsonSchema } from '../scenario/schema.js';
import type { Terminal } from './terminal.js';

const SCHEMAS: Readonly<Record<string, () => object>> = {
  scenario: scenarioJsonSchema,
  summary: summarySchema,
  probe: probeSchema,
  comparison: comparisonSchema,
  noise: noiseSchema,
  limit: limitSchema,
};

/** Prints the JSON Schema of scenario files, of the JSON report, or of what other commands write with --json. */
export function schemaCommand(name: string, terminal: Terminal): ExitCode {
  const schema = Object.hasOwn(SCHEMAS, name) ? SCHEMAS[name] : undefined;
  if (schema === undefined) {
    throw new UserError([
      {
        place: 'command line',
        path: '',
        message: `there is no schema "${name}"`,
        hint: `schemas: ${Object.keys(SCHEMAS).join(', ')}`,
      },
    ]);
  }
  terminal.out(`${JSON.stringify(schema(), null, 2)}\n`);
  return ExitCode.passed;
}
