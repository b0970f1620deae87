import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { crc32c } from "./crc32c.js";

const ascending = Uint8Array.from({ length: 32 }, (_, i) => i);

describe("crc32c", () => {
  // RFC 3720 appendix B.4, and the check value of the catalogue of CRCs.
  test.each([
    ["32 zeros", new Uint8Array(32), 0x8a9136aa],
    ["32 ones", new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ["0 to 31", ascending, 0x46dd794e],
    ["31 to 0", ascending.toReversed(), 0x113fdb5c],
    ["123456789", new TextEncoder().encode("123456789"), 0xe3069283],
    ["nothing", new Uint8Array(), 0],
  ])("of %s", (_, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
  });

  test("goes on from a seed, at any cut and any alignment", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(80), fc.nat(80), (bytes, a, b) => {
        const [from, cut] = [Math.min(a, b, bytes.length), Math.min(Math.max(a, b), bytes.length)];
        const parts = crc32c(bytes, cut, bytes.length, crc32c(bytes, from, cut));
        expect(parts).toBe(crc32c(bytes.slice(from)));
      }),
    );
  });
});
