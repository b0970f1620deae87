/**
 * Randomness as an argument. Every consumer gets a stream of its own (`fork`), so that one more
 * draw in one place does not change what another place sees: a simulation replays from its seed.
 */
export interface Random {
  /** A whole number in [0, bound), evenly spread; `bound` is at most 2^32. */
  below(bound: number): number;
  /** A stream of its own, named: the same name from the same seed gives the same stream. */
  fork(name: string): Random;
}

const UINT32 = 0x1_0000_0000;

/** A repeatable stream (sfc32, PractRand 0.94): for simulation and tests, never for secrets. */
export function seededRandom(seed: number | string): Random {
  const text = String(seed);
  let [a, b, c] = [fnv1a(text, 1), fnv1a(text, 2), fnv1a(text, 3)];
  let counter = 1;
  const next = (): number => {
    const sum = (a + b + counter) >>> 0;
    counter = (counter + 1) >>> 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) >>> 0;
    c = ((c << 21) | (c >>> 11)) >>> 0;
    c = (c + sum) >>> 0;
    return sum;
  };
  // The first outputs of sfc32 still show the seed; its author discards 15.
  for (let i = 0; i < 15; i++) next();
  return {
    below: (bound) => Math.floor((next() / UINT32) * bound),
    fork: (name) => seededRandom(`${text}/${name}`),
  };
}

/** FNV-1a, 32 bits, offset by a salt. */
function fnv1a(text: string, salt: number): number {
  let hash = (0x811c9dc5 ^ Math.imul(salt, 0x9e3779b1)) >>> 0;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  }
  return hash;
}
