// Findings: what was found about a run's own soundness, with the figure, the limit and what to do.

export interface Finding {
  /** Stable; a script can rely on it. */
  readonly id: string;
  /** A note never changes the verdict. */
  readonly level: 'invalid' | 'suspect' | 'note';
  readonly figure: number | null;
  readonly limit: number | null;
  /** Of figure and limit. */
  readonly unit: 'share' | 'requests' | 'places' | 'ms' | 'count' | null;
  /** A sentence without its full stop. */
  readonly message: string;
  readonly advice: string;
}

/** `suspect` is said, and changes no exit code. */
export interface Validity {
  readonly verdict: 'valid' | 'suspect' | 'invalid';
  /** The gravest first. */
  readonly findings: readonly Finding[];
}

const LEVELS: readonly Finding['level'][] = ['invalid', 'suspect', 'note'];

/** 0 for the gravest. */
export function gravity(finding: Finding): number {
  return LEVELS.indexOf(finding.level);
}
