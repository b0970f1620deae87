/** The real source of randomness: the kernel's, fit for ids and secrets. */
import { randomBytes } from "node:crypto";

import type { Random } from "./random.js";

/** Bytes drawn from the kernel at a time: a refill per 1,024 draws keeps `below` cheap. */
const POOL_BYTES = 4096;

export function systemRandom(): Random {
  let pool = Buffer.alloc(0);
  let used = 0;
  const nextUint32 = (): number => {
    if (used + 4 > pool.length) {
      pool = randomBytes(POOL_BYTES);
      used = 0;
    }
    used += 4;
    return pool.readUInt32LE(used - 4);
  };
  const random: Random = {
    below(bound) {
      // Rejection keeps the spread even where the bound does not divide 2^32.
      const limit = 0x1_0000_0000 - (0x1_0000_0000 % bound);
      for (;;) {
        const draw = nextUint32();
        if (draw < limit) return draw % bound;
      }
    },
    fork: () => random,
  };
  return random;
}
