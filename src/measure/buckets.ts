// The bucket layout of HdrHistogram, as arithmetic: which bucket a value falls in, and what a bucket stands for.
//
// A layout with half-bits h keeps 2^h buckets an octave, so a value is known to one part in 2^h: h = 10 is
// HdrHistogram's "3 significant digits", h = 7 its "2 digits". Values are whole microseconds.

/** 120 s: larger values are clamped, never refused. Their exact sum and maximum are kept beside the buckets. */
export const MAX_VALUE_US = 120_000_000;

export type Layout = 10 | 7 | 3;
/** HdrHistogram's 3 significant digits. */
export const FINE: Layout = 10;
/** HdrHistogram's 2 significant digits. */
export const COARSE: Layout = 7;
/** Eight buckets an octave: for what is summed per bucket, where position matters little. */
export const ROUGH: Layout = 3;

/** The bucket of a value: 2^h linear buckets first, then 2^h an octave. */
export function bucketOf(layout: Layout, valueUs: number): number {
  const v = valueUs <= 0 ? 0 : Math.min(valueUs, MAX_VALUE_US);
  const octave = 31 - layout - Math.clz32(v);
  return octave <= 0 ? v | 0 : ((octave + 1) << layout) + (v >>> octave) - (1 << layout);
}

/** How many buckets a layout has. */
export function bucketCount(layout: Layout): number {
  return bucketOf(layout, MAX_VALUE_US) + 1;
}

/** The smallest value that falls in a bucket. */
export function bucketLowUs(layout: Layout, bucket: number): number {
  const linear = 2 << layout;
  if (bucket < linear) return bucket;
  const octave = (bucket >> layout) - 1;
  return ((bucket & ((1 << layout) - 1)) + (1 << layout)) * 2 ** octave;
}

/** The largest value that falls in a bucket. */
export function bucketHighUs(layout: Layout, bucket: number): number {
  return bucketLowUs(layout, bucket + 1) - 1;
}
