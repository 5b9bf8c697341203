// Figures as they stand in the Summary.

/** To so many places after the point. */
export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
