// The shape of gates in a scenario file, and in a file of gates alone.
import * as z from 'zod';
import { type Checked, checked, strict } from './schema-parts.js';

export const gates = z
  .array(
    z.union(
      [
        z.string(),
        strict({
          gate: z.string(),
          abort: z
            .boolean({ error: 'expected true or false' })
            .optional()
            .describe('Stops the run once it has failed; of gates over a sliding window. Default false.'),
        }),
      ],
      { error: 'expected a text such as p99 < 800ms, or { gate: TEXT, abort: true }' },
    ),
  )
  .describe(
    'What must hold, such as p99 < 800ms, errors[stream=promo] < 1%, slower than 800ms < 1% [phase=peak], errors over 30s < 20%, throughput > 100/s, outage < 5m, recovery < 5m, time_to_degrade > 60s, healthy_tenants > 99%, errors < recorded, p99 < recorded * 1.2 or fidelity > 99%. As { gate: "errors over 30s < 20%", abort: true } it stops the run.',
  );

/** A gate as it is typed: a text, or a mapping with one. */
export type TypedGate = z.output<typeof gates>[number];

/** A list of gates with its types checked, or zod's issues. */
export function checkGates(value: unknown): Checked<readonly TypedGate[]> {
  return checked(gates, value);
}

/** The same of the key of a mapping whose other keys may be anything. */
export function checkGatesKey(value: unknown): Checked<{ gates: readonly TypedGate[] }> {
  return checked(z.looseObject({ gates }), value);
}
