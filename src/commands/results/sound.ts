// Whether a result that was read can be added to others: one whose counts contradict each other need not show in a sum.
import { brokenConservation } from '../../judge/validity/conservation.js';
import type { Snapshot } from '../../measure/snapshot.js';
import { UserError } from '../../problem.js';
import { formatCount } from '../../units.js';

/**
 * Refuses a result whose counts contradict each other.
 * @throws UserError naming the file and the first contradiction
 */
export function refuseBroken(file: string, snapshot: Snapshot): void {
  const [first, ...more] = brokenConservation(snapshot);
  if (first === undefined) return;
  const others = more.length === 0 ? '' : `, and ${formatCount(more.length)} more`;
  throw new UserError([
    {
      place: file,
      path: '',
      message: `the counts contradict each other: ${first}${others}`,
      hint: 'it was changed or cut, or this is a defect of flashcrowd: flashcrowd report tells what is left of it',
    },
  ]);
}
