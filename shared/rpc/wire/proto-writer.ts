/**
 * Writes protobuf's encoding straight into bytes. protobufjs makes a small object per field before
 * it writes anything, which for the messages that come by the hundred thousand (tasks and their
 * changes) costs more than all the rest of a write to the store; those are written here, everything
 * else by protobufjs. Reading is protobufjs' in both cases, and the tests hold the one against the
 * other.
 */
import { assert, AssertionError } from "../../errors/assert.js";

const KIB = 1024;
const FIRST_BYTES = 4 * KIB;

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;

/**
 * A nested message's length is written with this many bytes, known or not, so that nothing has to
 * be moved.
 */
const LENGTH_BYTES = 3;
const LENGTH_MAX = 2 ** (7 * LENGTH_BYTES) - 1;
/** The same for what may have megabytes. */
const LONG_LENGTH_BYTES = 4;
const LONG_LENGTH_MAX = 2 ** (7 * LONG_LENGTH_BYTES) - 1;

/**
 * Half of a character beyond U+FFFF, as cutting a text to a length leaves it; UTF-8 cannot say it.
 */
const HALF_CHARACTER = /\p{Surrogate}/u;

/** Strings up to here are written character by character, longer ones by the engine. */
const SHORT_TEXT = 80;

export class ProtoWriter {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;
  #exact = true;

  /** Whether what was written reads as what was given: a character cut in half does not survive. */
  get exact(): boolean {
    return this.#exact;
  }

  get length(): number {
    return this.#length;
  }

  /** What was written, in a piece of its own. The writer can be used again afterwards. */
  take(): Uint8Array {
    const taken = Uint8Array.prototype.slice.call(this.#bytes, 0, this.#length);
    this.reset();
    return taken;
  }

  /** What was written from `start` on; not to be kept. */
  since(start: number): Uint8Array {
    return this.#bytes.subarray(start, this.#length);
  }

  reset(): void {
    this.#length = 0;
    this.#exact = true;
  }

  /**
   * `uint32`, `uint64` and enums: whole numbers from 0 to 2^53. Zero is absent, as proto3 has it.
   */
  uint(field: number, value: number): void {
    if (value !== 0) this.presentUint(field, value);
  }

  /** `repeated uint32`, and `optional`: written also when 0. */
  presentUint(field: number, value: number): void {
    if (value < 0 || !Number.isSafeInteger(value)) refuse(field, value);
    this.#tag(field, VARINT);
    this.#varint(value);
  }

  /** `optional sint32`: written also when 0. */
  sint(field: number, value: number): void {
    if (value !== (value | 0)) refuse(field, value);
    this.#tag(field, VARINT);
    this.#varint(((value << 1) ^ (value >> 31)) >>> 0);
  }

  double(field: number, value: number): void {
    if (value !== 0) this.presentDouble(field, value);
  }

  /** `optional double`: written also when 0. */
  presentDouble(field: number, value: number): void {
    this.#tag(field, FIXED64);
    this.#reserve(8);
    this.#length = this.#bytes.writeDoubleLE(value, this.#length);
  }

  /** `repeated double`, packed. */
  doubles(field: number, values: readonly number[]): void {
    if (values.length === 0) return;
    this.#tag(field, LENGTH_DELIMITED);
    this.#varint(values.length * 8);
    this.#reserve(values.length * 8);
    for (const value of values) this.#length = this.#bytes.writeDoubleLE(value, this.#length);
  }

  text(field: number, value: string): void {
    if (value !== "") this.presentText(field, value);
  }

  /** `optional string`: written also when empty. */
  presentText(field: number, value: string): void {
    this.#tag(field, LENGTH_DELIMITED);
    if (value.length <= SHORT_TEXT && this.#shortAscii(value)) return;
    if (HALF_CHARACTER.test(value)) this.#exact = false;
    const bytes = Buffer.byteLength(value);
    this.#varint(bytes);
    this.#reserve(bytes);
    this.#length += this.#bytes.write(value, this.#length);
  }

  /** A whole message that was encoded elsewhere. */
  message(field: number, encoded: Uint8Array): void {
    this.bytes(field, encoded);
  }

  /** `repeated bytes`: written also when empty. */
  bytes(field: number, value: Uint8Array): void {
    this.#tag(field, LENGTH_DELIMITED);
    this.#varint(value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** A nested message begins. @returns where, for `end`. */
  begin(field: number): number {
    this.#tag(field, LENGTH_DELIMITED);
    this.#reserve(LENGTH_BYTES);
    this.#length += LENGTH_BYTES;
    return this.#length;
  }

  end(begun: number): void {
    const length = this.#length - begun;
    assert(length <= LENGTH_MAX, "a nested message is longer than its length can say");
    // Every byte but the last says that another follows, needed or not: protobuf allows it.
    this.#bytes[begun - 3] = (length & 0x7f) | 0x80;
    this.#bytes[begun - 2] = ((length >>> 7) & 0x7f) | 0x80;
    this.#bytes[begun - 1] = length >>> 14;
  }

  /** As `begin`, for up to 256 MiB. @returns where, for `endLong`. */
  beginLong(field: number): number {
    this.#tag(field, LENGTH_DELIMITED);
    this.#reserve(LONG_LENGTH_BYTES);
    this.#length += LONG_LENGTH_BYTES;
    return this.#length;
  }

  endLong(begun: number): void {
    const length = this.#length - begun;
    assert(length <= LONG_LENGTH_MAX, "a nested message is longer than its length can say");
    this.#bytes[begun - 4] = (length & 0x7f) | 0x80;
    this.#bytes[begun - 3] = ((length >>> 7) & 0x7f) | 0x80;
    this.#bytes[begun - 2] = ((length >>> 14) & 0x7f) | 0x80;
    this.#bytes[begun - 1] = length >>> 21;
  }

  #shortAscii(value: string): boolean {
    this.#reserve(value.length + 1);
    const start = this.#length + 1;
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) return false;
      this.#bytes[start + i] = code;
    }
    this.#bytes[this.#length] = value.length;
    this.#length = start + value.length;
    return true;
  }

  #tag(field: number, wireType: number): void {
    this.#varint((field << 3) | wireType);
  }

  #varint(value: number): void {
    this.#reserve(8);
    let rest = value;
    while (rest > 0x7f) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

/** Apart from its callers: a message made for every number would cost more than the number. */
function refuse(field: number, value: number): never {
  throw new AssertionError(`${value} cannot be in field ${field}`);
}
