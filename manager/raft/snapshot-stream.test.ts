import { expect, test } from "vitest";

import type { MemberId } from "./core/member-id.js";
import { NO_MEMBERS } from "./core/membership.js";
import { decodeSnapshot, encodeSnapshot } from "./snapshot-stream.js";

const CHUNKS = ["first", "", "the second one", "third"].map((text) => Buffer.from(text));

async function backup(): Promise<Buffer> {
  const membership = { ...NO_MEMBERS, voters: ["1.0" as MemberId] };
  const parts: Uint8Array[] = [];
  const stream = encodeSnapshot({ index: 7, term: 2, membership, chunks: pieces(CHUNKS) });
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

async function* pieces(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

async function decoded(bytes: Buffer, pieceBytes = bytes.length): Promise<string[]> {
  const count = Math.ceil(bytes.length / Math.max(1, pieceBytes));
  const parts = Array.from({ length: count }, (_, i) =>
    bytes.subarray(i * pieceBytes, (i + 1) * pieceBytes),
  );
  const chunks: string[] = [];
  for await (const chunk of decodeSnapshot(pieces(parts)))
    chunks.push(Buffer.from(chunk).toString());
  return chunks;
}

test.each([1, 3, 1_000])("comes back as it went, in pieces of %i bytes", async (pieceBytes) => {
  expect(await decoded(await backup(), pieceBytes)).toEqual(CHUNKS.map(String));
});

test("is refused where it is cut off, wherever that is", async () => {
  const whole = await backup();
  for (let length = 0; length < whole.length; length++) {
    await expect(decoded(whole.subarray(0, length)), `${length} bytes`).rejects.toThrow(
      /^the backup is damaged at byte \d+: expected /,
    );
  }
});

test("is refused where a bit is another, and where something follows", async () => {
  const whole = await backup();
  for (let at = 0; at < whole.length; at++) {
    const altered = Buffer.from(whole);
    altered[at]! ^= 0x10;
    await expect(decoded(altered), `byte ${at}`).rejects.toThrow("the backup is damaged at byte");
  }
  const longer = Buffer.concat([whole, Buffer.from("x")]);
  await expect(decoded(longer)).rejects.toThrow("expected its end");
});
