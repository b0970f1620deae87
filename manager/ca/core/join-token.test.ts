import fc from "fast-check";
import { expect, test } from "vitest";

import { seededRandom } from "../../../shared/ports/random.js";
import { digestText, formatJoinToken, newJoinSecret, parseJoinToken } from "./join-token.js";

const DIGEST = "1".repeat(50);
const SECRET = "a".repeat(25);

test("a token is what Docker's look like, and reads back", () => {
  const token = { digest: DIGEST, secret: SECRET };
  const text = formatJoinToken(token);
  expect(text).toBe(`SWMTKN-1-${DIGEST}-${SECRET}`);
  expect(parseJoinToken(text)).toEqual(token);
  expect(parseJoinToken(` ${text}\n`)).toEqual(token);
});

test("every digest has fifty characters and secrets twenty-five", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.integer(), (sha256, seed) => {
      const token = { digest: digestText(sha256), secret: newJoinSecret(seededRandom(seed)) };
      expect(parseJoinToken(formatJoinToken(token))).toEqual(token);
    }),
  );
});

test("two digests are equal only where the bytes are", () => {
  const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      expect(digestText(a) === digestText(b)).toBe(a.every((byte, index) => byte === b[index]));
    }),
  );
});

test.each([
  ["", "it must begin with SWMTKN-1-"],
  ["SWMTKN-2-x-y", "it must begin with SWMTKN-1-"],
  ["SWMTKN-1-", "it must have the form SWMTKN-1-<digest>-<secret>"],
  [`SWMTKN-1-${DIGEST}`, "it must have the form SWMTKN-1-<digest>-<secret>"],
  [`SWMTKN-1-${DIGEST}-${SECRET}-x`, "it must have the form SWMTKN-1-<digest>-<secret>"],
  [`SWMTKN-1-${DIGEST.slice(1)}-${SECRET}`, "its digest has 49 characters and not 50"],
  [`SWMTKN-1-${DIGEST}-${SECRET.slice(1)}`, "its secret has 24 characters and not 25"],
  [`SWMTKN-1-${DIGEST}-${SECRET.toUpperCase()}`, "it may only have digits and small letters"],
])("%j is refused: %s", (text, complaint) => {
  expect(() => parseJoinToken(text)).toThrow(`invalid join token: ${complaint}`);
  // The secret is not repeated in logs and terminals.
  expect(() => parseJoinToken(text)).not.toThrow(SECRET);
});
