// Hash-based draws: the same (seed, stream, seq, purpose) gives the same number on every machine, in any order.

/** A pair of 32-bit words that stands for (seed, stream, purpose); made once, used for every seq. */
export interface DrawKey {
  readonly a: number;
  readonly b: number;
}

/**
 * Makes the key of one purpose. Parts are hashed as text with their lengths, so that ("ab", "c") differs
 * from ("a", "bc").
 */
export function drawKey(seed: number, ...parts: readonly (string | number)[]): DrawKey {
  let a = mix(0x9e3779b9 ^ low(seed));
  let b = mix(0x85ebca6b ^ high(seed));
  for (const part of parts) {
    const text = String(part);
    a = mix(a ^ text.length);
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      a = mix(a ^ code);
      b = mix((b + Math.imul(code, 0x9e3779b1)) ^ a);
    }
    b = mix(b ^ a ^ text.length);
  }
  return { a, b };
}

/**
 * A uniform number in [0, 1) with 53 random bits, a pure function of the key and n.
 * @param n a whole number from 0 to 2^53 − 1
 */
export function draw(key: DrawKey, n: number): number {
  const lo = low(n);
  const hi = high(n);
  const x = mix(mix(key.a ^ lo) + hi);
  const y = mix(mix(x ^ key.b) + Math.imul(lo, 0x9e3779b1));
  return ((x >>> 5) * 67108864 + (y >>> 6)) / 9007199254740992;
}

/** 32 hashed bits of the key and n, for choosing lanes and copies. */
export function drawUint32(key: DrawKey, n: number): number {
  return mix(mix(mix(key.a ^ low(n)) + high(n)) ^ key.b) >>> 0;
}

/** 32 hashed bits of a text, for turning a client's name into a lane. */
export function hashText(key: DrawKey, text: string): number {
  let h = key.a ^ text.length;
  for (let i = 0; i < text.length; i++) h = mix(h ^ Math.imul(text.charCodeAt(i), 0x9e3779b1));
  return mix(h ^ key.b) >>> 0;
}

/** A full-avalanche mixer of 32 bits (Chris Wellons' lowbias32, found by search; bias 0.17). */
function mix(x: number): number {
  x ^= x >>> 16;
  x = Math.imul(x, 0x7feb352d);
  x ^= x >>> 15;
  x = Math.imul(x, 0x846ca68b);
  return x ^ (x >>> 16);
}

function low(n: number): number {
  return n | 0;
}

function high(n: number): number {
  return (n / 4294967296) | 0;
}
