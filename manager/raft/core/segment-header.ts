/**
 * The first bytes of a segment of the log, and its file name. A segment gets its name only once its
 * header is durable, so that a bad header under such a name is damage, whatever happened.
 *
 * ```
 *  0  8 bytes  "skep-log"
 *  8  u32      format version
 * 12  u64      segment number, consecutive
 * 20  u64      index of the first entry that was to come when the segment was begun
 * 28  u64      term of the entry before it
 * 36  u64      where the segment before ends, all of it durable; 0 for the first
 * 44  u32      CRC-32C of all before
 * ```
 */
import { crc32c } from "./crc32c.js";
import { getUint64, setUint64 } from "./record.js";

export interface SegmentHeader {
  readonly segment: number;
  readonly firstIndex: number;
  readonly previousTerm: number;
  readonly previousEndBytes: number;
}

export const SEGMENT_HEADER_BYTES = 48;
/** Read by this release; a change of the records' layout makes a new one. */
const FORMAT_VERSION = 1;

const MAGIC = Array.from("skep-log", (letter) => letter.charCodeAt(0));
const NAME = /^log-(\d{10})-(\d{16})$/;

export function segmentName(header: Pick<SegmentHeader, "segment" | "firstIndex">): string {
  const number = String(header.segment).padStart(10, "0");
  return `log-${number}-${String(header.firstIndex).padStart(16, "0")}`;
}

/** @returns undefined for a name that is no segment's. */
export function parseSegmentName(
  name: string,
): Pick<SegmentHeader, "segment" | "firstIndex"> | undefined {
  const [, segment, firstIndex] = NAME.exec(name) ?? [];
  if (segment === undefined || firstIndex === undefined) return undefined;
  return { segment: Number(segment), firstIndex: Number(firstIndex) };
}

export function encodeSegmentHeader(header: SegmentHeader): Uint8Array {
  const bytes = new Uint8Array(SEGMENT_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC, 0);
  view.setUint32(8, FORMAT_VERSION, true);
  setUint64(view, 12, header.segment);
  setUint64(view, 20, header.firstIndex);
  setUint64(view, 28, header.previousTerm);
  setUint64(view, 36, header.previousEndBytes);
  view.setUint32(44, crc32c(bytes, 0, 44), true);
  return bytes;
}

/** @returns what is wrong, in words, if this is no header that we can read. */
export function decodeSegmentHeader(bytes: Uint8Array): SegmentHeader | string {
  if (bytes.length < SEGMENT_HEADER_BYTES) return `a header of ${SEGMENT_HEADER_BYTES} bytes`;
  if (MAGIC.some((letter, i) => bytes[i] !== letter)) return 'a header that begins with "skep-log"';
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(44, true) !== crc32c(bytes, 0, 44)) return "a header that fits its checksum";
  const version = view.getUint32(8, true);
  if (version !== FORMAT_VERSION) return `format version ${FORMAT_VERSION}, not ${version}`;
  return {
    segment: getUint64(view, 12),
    firstIndex: getUint64(view, 20),
    previousTerm: getUint64(view, 28),
    previousEndBytes: getUint64(view, 36),
  };
}
