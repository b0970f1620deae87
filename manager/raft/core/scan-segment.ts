/**
 * Reads a segment of the log after a restart, and tells a torn write from damage.
 *
 * A batch is written in one go and acknowledged once synced; every record says up to which byte its
 * segment was durable when it was written. So where a record is bad:
 *
 * - a later header whose durable mark lies beyond it proves that it had been synced: damage, and
 *   nobody but the user may decide what to do, for acknowledged writes are gone;
 * - otherwise the batch is a torn write: nobody was told of it, and it is cut off as a whole.
 *
 * The limit: damage to the very last batch looks like a torn write until something that was written
 * after its sync says otherwise. Hence the seal, an empty record that is written (not synced) as
 * soon as the log falls idle. What remains is a bit that flips in the last batch of a host that
 * also lost power before the seal reached the disk.
 */
import type { HardState } from "./message.js";
import {
  bytesOf,
  type ByteView,
  byteView,
  readHeader,
  readPayload,
  RECORD_ALIGN_BYTES,
  RECORD_HEADER_BYTES,
} from "./record.js";

/** A record without its data, which stays on disk. */
export type ScannedRecord =
  | {
      readonly kind: "entry";
      readonly index: number;
      readonly term: number;
      readonly offset: number;
      readonly endOffset: number;
    }
  | { readonly kind: "hard-state"; readonly hardState: HardState; readonly offset: number }
  | {
      readonly kind: "restart";
      readonly index: number;
      readonly term: number;
      readonly offset: number;
    }
  | { readonly kind: "seal" | "rolled"; readonly offset: number };

export interface SegmentScan {
  /** The records of whole batches, in order. */
  readonly records: readonly ScannedRecord[];
  /** Where the last whole batch ends. */
  readonly endOffset: number;
  /** Up to here the records themselves say that they are durable. */
  readonly provenOffset: number;
  readonly tail: SegmentTail;
}

export type SegmentTail =
  /** Nothing but zeros follows. */
  | { readonly kind: "clean" }
  /** An unfinished write, to be cut off at `endOffset`. */
  | { readonly kind: "torn"; readonly offset: number; readonly found: string }
  /** The record at `offset` is bad and was durable. */
  | { readonly kind: "damaged"; readonly offset: number; readonly expected: string };

/** @param from where the records begin: after the segment's header. */
export function scanSegment(bytes: Uint8Array, segment: number, from: number): SegmentScan {
  const source = byteView(bytes);
  const records: ScannedRecord[] = [];
  let batch: ScannedRecord[] = [];
  let endOffset = from;
  let provenOffset = from;
  let at = from;
  for (;;) {
    const header = readHeader(source, at, { segment, offset: at });
    const record = header && readPayload(source, at, header);
    if (header === undefined || record === undefined) {
      const what = header === undefined ? "a record header" : `${header.payloadBytes} bytes`;
      const tail = judgeTail(source, segment, { endOffset, at, what });
      return { records, endOffset, provenOffset, tail };
    }
    const next = at + bytesOf(header);
    if (record.kind === "entry") {
      const { index, term } = record.entry;
      batch.push({ kind: "entry", index, term, offset: at, endOffset: next });
    } else batch.push({ ...record, offset: at });
    at = next;
    if (!header.lastOfBatch) continue;
    records.push(...batch);
    batch = [];
    endOffset = at;
    provenOffset = header.durableBytes;
  }
}

interface BadRecord {
  readonly endOffset: number;
  readonly at: number;
  readonly what: string;
}

function judgeTail(source: ByteView, segment: number, bad: BadRecord): SegmentTail {
  if (isZero(source.bytes, bad.endOffset)) return { kind: "clean" };
  if (wasDurable(source, segment, bad.at)) {
    const expected = `${bad.what} with the right checksum`;
    return { kind: "damaged", offset: bad.at, expected };
  }
  return { kind: "torn", offset: bad.at, found: `no ${bad.what} with the right checksum` };
}

/**
 * Whether a header after `bad` says that its segment was synced beyond `bad` when it was written.
 */
function wasDurable(source: ByteView, segment: number, bad: number): boolean {
  const lastOffset = source.bytes.length - RECORD_HEADER_BYTES;
  for (let offset = bad + RECORD_ALIGN_BYTES; offset <= lastOffset; offset += RECORD_ALIGN_BYTES) {
    const header = readHeader(source, offset, { segment, offset });
    if (header !== undefined && header.durableBytes > bad) return true;
  }
  return false;
}

function isZero(bytes: Uint8Array, from: number): boolean {
  for (let at = from; at < bytes.length; at++) if (bytes[at] !== 0) return false;
  return true;
}
