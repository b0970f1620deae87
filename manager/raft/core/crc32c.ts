/**
 * CRC-32C (Castagnoli, RFC 3720 §12.1), the checksum of every record on disk. Node has only CRC-32
 * of IEEE 802.3 (`zlib.crc32`, not before 20.15); Castagnoli's polynomial finds more of the errors
 * that disks make in records of our size (Koopman 2002). Eight bytes per step (slicing-by-8,
 * Kounavis and Berry 2005).
 */

/** The polynomial 0x1EDC6F41, bits reversed. */
const POLYNOMIAL = 0x82f63b78;

/** Eight tables in a row: `TABLES[256 * k + b]` is byte `b` followed by `k` zero bytes. */
const TABLES = makeTables();

/**
 * @param seed the checksum of what precedes, to go on from there.
 * @returns the checksum of `bytes[from, to)`, unsigned.
 */
export function crc32c(bytes: Uint8Array, from = 0, to = bytes.length, seed = 0): number {
  const t = TABLES;
  let crc = ~seed;
  let i = from;
  // Reads of a typed array are `number | undefined` to the compiler; inside the
  // bounds they are numbers.
  for (const whole = to - 8; i <= whole; i += 8) {
    crc ^=
      byteAt(bytes, i) |
      (byteAt(bytes, i + 1) << 8) |
      (byteAt(bytes, i + 2) << 16) |
      (byteAt(bytes, i + 3) << 24);
    crc =
      tableAt(t, 1792 + (crc & 0xff)) ^
      tableAt(t, 1536 + ((crc >>> 8) & 0xff)) ^
      tableAt(t, 1280 + ((crc >>> 16) & 0xff)) ^
      tableAt(t, 1024 + (crc >>> 24)) ^
      tableAt(t, 768 + byteAt(bytes, i + 4)) ^
      tableAt(t, 512 + byteAt(bytes, i + 5)) ^
      tableAt(t, 256 + byteAt(bytes, i + 6)) ^
      tableAt(t, byteAt(bytes, i + 7));
  }
  for (; i < to; i++) crc = tableAt(t, (crc ^ byteAt(bytes, i)) & 0xff) ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** One function for each kind of array: one for both is a fifth slower. */
function byteAt(bytes: Uint8Array, index: number): number {
  return bytes[index] as number;
}

function tableAt(tables: Int32Array, index: number): number {
  return tables[index] as number;
}

function makeTables(): Int32Array {
  const tables = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    tables[byte] = crc;
  }
  for (let i = 256; i < tables.length; i++) {
    const previous = tableAt(tables, i - 256);
    tables[i] = tableAt(tables, previous & 0xff) ^ (previous >>> 8);
  }
  return tables;
}
