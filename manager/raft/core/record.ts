/**
 * The records of the log on disk. Little-endian, each aligned to four bytes:
 *
 * ```
 *  0  u16  marker, so that a search for records rejects most positions at once
 *  2  u8   kind
 *  3  u8   1: the last record of its batch, 0: not
 *  4  u32  payload bytes, without padding
 *  8  u32  durable bytes: up to here this segment was synced when the record was written
 * 12  u32  CRC-32C of the payload and its padding
 * 16  u32  CRC-32C of the 16 bytes before, seeded with the segment's number and the record's offset
 * 20       payload, padded with zeros
 * ```
 *
 * The seed makes a record valid in one place only: bytes of an older log, or a user's data that
 * looks like a record, never pass for one. The durable mark is what tells damage from a torn
 * write (`scan-segment.ts`).
 */
import { assert, assertNever } from "../../../shared/errors/assert.js";
import { crc32c } from "./crc32c.js";
import type { MemberId } from "./member-id.js";
import { changeFromText, changeToText } from "./membership-text.js";
import type { Entry, HardState } from "./message.js";

export type LogRecord =
  | { readonly kind: "entry"; readonly entry: Entry }
  | { readonly kind: "hard-state"; readonly hardState: HardState }
  /**
   * A snapshot took the place of the whole log: it goes on after `index`,
   * whose entry was of `term`.
   */
  | { readonly kind: "restart"; readonly index: number; readonly term: number }
  /** Nothing but its durable mark: written when the log falls idle. */
  | { readonly kind: "seal" }
  /** The log goes on in the next segment. */
  | { readonly kind: "rolled" };

/** An entry's kind shows in its record's. */
type RecordKind = LogRecord["kind"] | "membership-entry";

export interface RecordHeader {
  readonly kind: RecordKind;
  readonly lastOfBatch: boolean;
  readonly payloadBytes: number;
  readonly durableBytes: number;
  readonly payloadCrc: number;
}

/** Where a record stands: the two numbers that its checksum is seeded with. */
export interface RecordPlace {
  readonly segment: number;
  readonly offset: number;
}

/**
 * The same bytes in two ways: made once for a whole segment, since making one
 * costs more than a record.
 */
export interface ByteView {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

export const RECORD_HEADER_BYTES = 20;
export const RECORD_ALIGN_BYTES = 4;
/** Index and term before an entry's data. */
const ENTRY_PREFIX_BYTES = 16;
/**
 * Larger payloads are refused, so that a length read from a damaged disk cannot ask for all memory.
 */
export const MAX_PAYLOAD_BYTES = 16 * 1024 * 1024;

const MARKER = 0x4b53;
const KIND_NUMBER = {
  entry: 1,
  "hard-state": 2,
  restart: 3,
  seal: 4,
  rolled: 5,
  "membership-entry": 6,
} as const satisfies Record<RecordKind, number>;
const KIND_OF: ReadonlyMap<number, RecordKind> = new Map(
  (Object.keys(KIND_NUMBER) as RecordKind[]).map((kind) => [KIND_NUMBER[kind], kind]),
);
const UINT32 = 0x1_0000_0000;

export function byteView(bytes: Uint8Array): ByteView {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}

export function recordBytes(record: LogRecord): number {
  return RECORD_HEADER_BYTES + aligned(payloadBytes(record));
}

/** Bytes that a record with this header takes, padding included. */
export function bytesOf(header: RecordHeader): number {
  return RECORD_HEADER_BYTES + aligned(header.payloadBytes);
}

/** Writes `record` at `at` in `target`, which must be zero there. */
export function writeRecord(
  target: ByteView,
  at: number,
  record: LogRecord,
  place: RecordPlace & { readonly durableBytes: number; readonly lastOfBatch: boolean },
): void {
  const length = payloadBytes(record);
  const payloadAt = at + RECORD_HEADER_BYTES;
  writePayload(target, payloadAt, record);
  const { bytes, view } = target;
  view.setUint16(at, MARKER, true);
  view.setUint8(at + 2, KIND_NUMBER[kindOf(record)]);
  view.setUint8(at + 3, place.lastOfBatch ? 1 : 0);
  view.setUint32(at + 4, length, true);
  view.setUint32(at + 8, place.durableBytes, true);
  view.setUint32(at + 12, crc32c(bytes, payloadAt, payloadAt + aligned(length)), true);
  view.setUint32(at + 16, headerCrc(bytes, at, place), true);
}

/** @returns undefined where no valid header stands. Its payload is yet to be checked. */
export function readHeader(
  source: ByteView,
  at: number,
  place: RecordPlace,
): RecordHeader | undefined {
  const { bytes, view } = source;
  if (at + RECORD_HEADER_BYTES > bytes.length) return undefined;
  if (view.getUint16(at, true) !== MARKER) return undefined;
  const kind = KIND_OF.get(view.getUint8(at + 2));
  const last = view.getUint8(at + 3);
  if (kind === undefined || last > 1) return undefined;
  const length = view.getUint32(at + 4, true);
  if (length > MAX_PAYLOAD_BYTES) return undefined;
  if (view.getUint32(at + 16, true) !== headerCrc(bytes, at, place)) return undefined;
  return {
    kind,
    lastOfBatch: last === 1,
    payloadBytes: length,
    durableBytes: view.getUint32(at + 8, true),
    payloadCrc: view.getUint32(at + 12, true),
  };
}

/**
 * @param at where the record's header begins.
 * @returns undefined if the payload is cut short, fails its checksum or has no sense.
 */
export function readPayload(
  source: ByteView,
  at: number,
  header: RecordHeader,
): LogRecord | undefined {
  const from = at + RECORD_HEADER_BYTES;
  const to = at + bytesOf(header);
  if (to > source.bytes.length) return undefined;
  if (crc32c(source.bytes, from, to) !== header.payloadCrc) return undefined;
  return parsePayload(source, from, header);
}

function parsePayload(
  { bytes, view }: ByteView,
  at: number,
  header: RecordHeader,
): LogRecord | undefined {
  const { kind, payloadBytes: length } = header;
  switch (kind) {
    case "entry":
    case "membership-entry": {
      if (length < ENTRY_PREFIX_BYTES) return undefined;
      const id = { index: getUint64(view, at), term: getUint64(view, at + 8) };
      const data = bytes.subarray(at + ENTRY_PREFIX_BYTES, at + length);
      if (kind === "entry") return { kind, entry: { ...id, kind: "data", data } };
      const change = changeFromText(fromAscii(data));
      return { kind: "entry", entry: { ...id, kind: "membership", change } };
    }
    case "hard-state": {
      if (length < 16) return undefined;
      const name = fromAscii(bytes.subarray(at + 16, at + length));
      const vote = name === "" ? undefined : (name as MemberId);
      const hardState = { term: getUint64(view, at), commit: getUint64(view, at + 8), vote };
      return { kind, hardState };
    }
    case "restart":
      if (length < 16) return undefined;
      return { kind, index: getUint64(view, at), term: getUint64(view, at + 8) };
    case "seal":
    case "rolled":
      return { kind };
    default:
      return assertNever(kind);
  }
}

function payloadBytes(record: LogRecord): number {
  switch (record.kind) {
    case "entry":
      return ENTRY_PREFIX_BYTES + entryDataBytes(record.entry);
    case "hard-state":
      return 16 + (record.hardState.vote?.length ?? 0);
    case "restart":
      return 16;
    case "seal":
    case "rolled":
      return 0;
    default:
      return assertNever(record);
  }
}

function writePayload({ bytes, view }: ByteView, at: number, record: LogRecord): void {
  switch (record.kind) {
    case "entry":
      setUint64(view, at, record.entry.index);
      setUint64(view, at + 8, record.entry.term);
      if (record.entry.kind === "data") bytes.set(record.entry.data, at + ENTRY_PREFIX_BYTES);
      else setAscii(bytes, at + ENTRY_PREFIX_BYTES, changeToText(record.entry.change));
      return;
    case "hard-state": {
      const { term, commit, vote } = record.hardState;
      setUint64(view, at, term);
      setUint64(view, at + 8, commit);
      setAscii(bytes, at + 16, vote ?? "");
      return;
    }
    case "restart":
      setUint64(view, at, record.index);
      setUint64(view, at + 8, record.term);
      return;
    case "seal":
    case "rolled":
      return;
    default:
      assertNever(record);
  }
}

function kindOf(record: LogRecord): RecordKind {
  const isChange = record.kind === "entry" && record.entry.kind === "membership";
  return isChange ? "membership-entry" : record.kind;
}

function entryDataBytes(entry: Entry): number {
  return entry.kind === "data" ? entry.data.length : changeToText(entry.change).length;
}

function setAscii(bytes: Uint8Array, at: number, text: string): void {
  for (let i = 0; i < text.length; i++) {
    assert(text.charCodeAt(i) < 0x80, `${text} is not ASCII`);
    bytes[at + i] = text.charCodeAt(i);
  }
}

function fromAscii(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

/** Two places never share a seed within a segment, and a CRC keeps seeds apart. */
function headerCrc(bytes: Uint8Array, at: number, place: RecordPlace): number {
  const seed = (Math.imul(place.segment, 0x9e3779b1) ^ place.offset) >>> 0;
  return crc32c(bytes, at, at + 16, seed);
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / RECORD_ALIGN_BYTES) * RECORD_ALIGN_BYTES;
}

export function getUint64(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * UINT32 + view.getUint32(at, true);
}

export function setUint64(view: DataView, at: number, value: number): void {
  assert(Number.isSafeInteger(value) && value >= 0, `${value} is no index or term`);
  view.setUint32(at, value % UINT32, true);
  view.setUint32(at + 4, Math.floor(value / UINT32), true);
}
