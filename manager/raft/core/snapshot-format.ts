/**
 * A snapshot file: what it is of, the membership, the state machine's chunks, and an end that
 * shows that none is missing. Little-endian:
 *
 * ```
 *  0  8 bytes  "skep-snp"
 *  8  u32      format version
 * 12  u64      index of the last entry in it
 * 20  u64      its term
 * 28  u32      CRC-32C of all before
 * 32  chunks:  u32 bytes, u32 CRC-32C, data; the first one is the membership as text
 *     end:     u32 0xFFFFFFFF, u32 the checksum of the last chunk, again
 * ```
 *
 * Each checksum is seeded with the one before, so chunks cannot be missing, doubled or swapped.
 */
import { crc32c } from "./crc32c.js";
import type { EntryId } from "./message.js";
import { getUint64, setUint64 } from "./record.js";

export const SNAPSHOT_HEADER_BYTES = 32;
export const CHUNK_HEADER_BYTES = 8;
/**
 * Longer chunks are refused, so that a length read from a damaged disk cannot ask for all memory.
 */
export const MAX_CHUNK_BYTES = 16 * 1024 * 1024;

const FORMAT_VERSION = 2;
const END_MARK = 0xffff_ffff;
const MAGIC = Array.from("skep-snp", (letter) => letter.charCodeAt(0));
const NAME = /^(snapshot|received)-(\d{16})-(\d{16})$/;

/**
 * `own`: of this member's own state; its log reaches at least that far. `received`: it took the
 * place of the log, and a crash may have left it ahead of the log.
 */
export interface SnapshotFile extends EntryId {
  readonly origin: "own" | "received";
}

export function snapshotName({ index, term, origin }: SnapshotFile): string {
  const kind = origin === "own" ? "snapshot" : "received";
  return `${kind}-${String(index).padStart(16, "0")}-${String(term).padStart(16, "0")}`;
}

/** @returns undefined for a name that is no snapshot's. */
export function parseSnapshotName(name: string): SnapshotFile | undefined {
  const [, kind, index, term] = NAME.exec(name) ?? [];
  if (kind === undefined || index === undefined || term === undefined) return undefined;
  const origin = kind === "snapshot" ? "own" : "received";
  return { index: Number(index), term: Number(term), origin };
}

export function encodeSnapshotHeader({ index, term }: EntryId): Uint8Array {
  const bytes = new Uint8Array(SNAPSHOT_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC, 0);
  view.setUint32(8, FORMAT_VERSION, true);
  setUint64(view, 12, index);
  setUint64(view, 20, term);
  view.setUint32(28, crc32c(bytes, 0, 28), true);
  return bytes;
}

/** @returns what was expected instead, if this is not the header of snapshot `id`. */
export function checkSnapshotHeader(bytes: Uint8Array, id: EntryId): string | undefined {
  const wrong = readSnapshotHeader(bytes);
  if (wrong !== undefined) return wrong;
  const view = viewOf(bytes);
  if (getUint64(view, 12) !== id.index || getUint64(view, 20) !== id.term) {
    return `the snapshot at entry ${id.index} of term ${id.term}`;
  }
  return undefined;
}

/** @returns what was expected instead, if this is not the header of any snapshot. */
export function readSnapshotHeader(bytes: Uint8Array): string | undefined {
  if (bytes.length < SNAPSHOT_HEADER_BYTES) return `a header of ${SNAPSHOT_HEADER_BYTES} bytes`;
  const view = viewOf(bytes);
  if (MAGIC.some((letter, i) => bytes[i] !== letter)) return 'a header that begins with "skep-snp"';
  if (view.getUint32(28, true) !== crc32c(bytes, 0, 28)) return "a header that fits its checksum";
  const version = view.getUint32(8, true);
  return version === FORMAT_VERSION
    ? undefined
    : `format version ${FORMAT_VERSION}, not ${version}`;
}

/** @returns the chunk's header; its `crc` is the seed of the next one. */
export function encodeChunkHeader(
  data: Uint8Array,
  seed: number,
): { readonly bytes: Uint8Array; readonly crc: number } {
  const crc = crc32c(data, 0, data.length, seed);
  return { bytes: header(data.length, crc), crc };
}

export function encodeSnapshotEnd(seed: number): Uint8Array {
  return header(END_MARK, seed);
}

export type ChunkHeader =
  | { readonly kind: "chunk"; readonly bytes: number; readonly crc: number }
  | { readonly kind: "end" };

/** @returns undefined if no chunk and no end stands here. */
export function decodeChunkHeader(bytes: Uint8Array, seed: number): ChunkHeader | undefined {
  if (bytes.length < CHUNK_HEADER_BYTES) return undefined;
  const view = viewOf(bytes);
  const [length, crc] = [view.getUint32(0, true), view.getUint32(4, true)];
  if (length === END_MARK) return crc === seed ? { kind: "end" } : undefined;
  return length > MAX_CHUNK_BYTES ? undefined : { kind: "chunk", bytes: length, crc };
}

function header(length: number, crc: number): Uint8Array {
  const bytes = new Uint8Array(CHUNK_HEADER_BYTES);
  const view = viewOf(bytes);
  view.setUint32(0, length, true);
  view.setUint32(4, crc, true);
  return bytes;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
