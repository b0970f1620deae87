/**
 * A batch: the records that one write and one fdatasync make durable
 * together, wholly or not at all.
 */
import { assert } from "../../../shared/errors/assert.js";
import { byteView, type LogRecord, recordBytes, writeRecord } from "./record.js";

export interface EncodedBatch {
  readonly bytes: Uint8Array;
  /** Where each record begins in its segment, and, last, where the batch ends. */
  readonly offsets: readonly number[];
}

export function batchBytes(records: readonly LogRecord[]): number {
  return records.reduce((sum, record) => sum + recordBytes(record), 0);
}

/** @param place where the batch will stand; what precedes `durableBytes` is synced already. */
export function encodeBatch(
  records: readonly LogRecord[],
  place: { readonly segment: number; readonly offset: number; readonly durableBytes: number },
): EncodedBatch {
  assert(records.length > 0, "a batch has records");
  const bytes = new Uint8Array(batchBytes(records));
  const target = byteView(bytes);
  const offsets: number[] = [];
  let at = 0;
  records.forEach((record, i) => {
    const offset = place.offset + at;
    offsets.push(offset);
    const lastOfBatch = i === records.length - 1;
    writeRecord(target, at, record, { ...place, offset, lastOfBatch });
    at += recordBytes(record);
  });
  offsets.push(place.offset + at);
  return { bytes, offsets };
}
