import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { encodeBatch } from "./batch.js";
import type { MemberId } from "./member-id.js";
import type { LogRecord } from "./record.js";
import { scanSegment } from "./scan-segment.js";

const SEGMENT = 7;
const FROM = 48;

/** A segment of these batches, each durable before the next was written, with zeros behind. */
function segmentOf(batches: readonly (readonly LogRecord[])[], zeros = 64): Uint8Array {
  let segment = new Uint8Array(FROM);
  for (const records of batches) {
    const offset = segment.length;
    const { bytes } = encodeBatch(records, { segment: SEGMENT, offset, durableBytes: offset });
    segment = new Uint8Array([...segment, ...bytes]);
  }
  return new Uint8Array([...segment, ...new Uint8Array(zeros)]);
}

const entry = (index: number, data: Uint8Array): LogRecord => ({
  kind: "entry",
  entry: { kind: "data", index, term: 3, data },
});
const hardState: LogRecord = {
  kind: "hard-state",
  hardState: { term: Number.MAX_SAFE_INTEGER, vote: "member-b" as MemberId, commit: 2 ** 40 },
};
const change: LogRecord = {
  kind: "entry",
  entry: { kind: "membership", index: 5, term: 2, change: { kind: "leave-joint" } },
};

const anyRecord: fc.Arbitrary<LogRecord> = fc.oneof(
  fc
    .tuple(fc.maxSafeNat(), fc.uint8Array({ maxLength: 40 }))
    .map(([index, data]) => entry(index, data)),
  fc.constant(hardState),
  fc.constant(change),
  fc.maxSafeNat().map((index) => ({ kind: "restart", index, term: 1 }) as const),
  fc.constant({ kind: "seal" } as const),
  fc.constant({ kind: "rolled" } as const),
);

describe("scanSegment", () => {
  test("finds every record of whole batches, and zeros behind them", () => {
    const anyBatches = fc.array(fc.array(anyRecord, { minLength: 1, maxLength: 4 }));
    fc.assert(
      fc.property(anyBatches, fc.nat(50), (batches, zeros) => {
        const bytes = segmentOf(batches, zeros);
        const scan = scanSegment(bytes, SEGMENT, FROM);
        expect(scan.tail).toEqual({ kind: "clean" });
        expect(scan.endOffset).toBe(bytes.length - zeros);
        const found = scan.records.map(({ kind }) => kind);
        expect(found).toEqual(batches.flat().map(({ kind }) => kind));
      }),
    );
  });

  test("reads back what was written", () => {
    const bytes = segmentOf([[hardState, entry(9, new Uint8Array(3))]], 0);
    expect(scanSegment(bytes, SEGMENT, FROM).records).toEqual([
      { ...hardState, offset: 48 },
      { kind: "entry", index: 9, term: 3, offset: 92, endOffset: 132 },
    ]);
  });

  test("is not deceived by a user's data that looks like the log", () => {
    const records = [entry(1, new Uint8Array(8))];
    const lookalike = segmentOf([records, records, records]);
    // The same bytes as data of a torn record: as records they would stand elsewhere.
    const bytes = segmentOf([records, [entry(2, lookalike), entry(3, lookalike)]]);
    bytes[48 + 44 + 30]! ^= 1;
    const scan = scanSegment(bytes, SEGMENT, FROM);
    expect(scan.tail).toMatchObject({ kind: "torn", offset: 92 });
    expect(scan.records).toHaveLength(1);
  });

  test("takes nothing from another segment, and nothing that was moved", () => {
    const bytes = segmentOf([[entry(1, new Uint8Array(8))]]);
    expect(scanSegment(bytes, SEGMENT + 1, FROM).records).toEqual([]);
    const moved = new Uint8Array([...new Uint8Array(4), ...bytes]);
    expect(scanSegment(moved, SEGMENT, FROM + 4).records).toEqual([]);
  });

  test("calls a bad record damaged only if a later one says that it was durable", () => {
    const [one, two] = [entry(1, new Uint8Array(8)), entry(2, new Uint8Array(8))];
    const sealed = segmentOf([[one], [two], [{ kind: "seal" }]]);
    sealed[92 + 25]! ^= 1;
    const expected = "24 bytes with the right checksum";
    const damaged = { kind: "damaged", offset: 92, expected };
    expect(scanSegment(sealed, SEGMENT, FROM).tail).toEqual(damaged);

    const unsealed = segmentOf([[one], [two]]);
    unsealed[92 + 25]! ^= 1;
    expect(scanSegment(unsealed, SEGMENT, FROM)).toMatchObject({
      tail: { kind: "torn", offset: 92 },
      endOffset: 92,
      provenOffset: 48,
    });
  });
});
