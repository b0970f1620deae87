/**
 * CRC-32C (Castagnoli, RFC 3720 §12.1), the checksum of every record on disk. Node has only CRC-32 of
 * IEEE 802.3 (`zlib.crc32`, not before 20.15); Castagnoli's polynomial finds more of the errors that disks make
 * in records of our size (Koopman 2002). Eight bytes per step (slicing-by-8, Kounavis and Berry 2005).
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
  // Reads of a typed array are `number | undefined` to the compiler; inside the bounds they are numbers.
  for (const whole = to - 8; i <= whole; i += 8) {
    crc ^=
      at(bytes, i) | (at(bytes, i + 1) << 8) | (at(bytes, i + 2) << 16) | (at(bytes, i + 3) << 24);
    crc =
      at(t, 1792 + (crc & 0xff)) ^
      at(t, 1536 + ((crc >>> 8) & 0xff)) ^
      at(t, 1280 + ((crc >>> 16) & 0xff)) ^
      at(t, 1024 + (crc >>> 24)) ^
      at(t, 768 + at(bytes, i + 4)) ^
      at(t, 512 + at(bytes, i + 5)) ^
      at(t, 256 + at(bytes, i + 6)) ^
      at(t, at(bytes, i + 7));
  }
  for (; i < to; i++) crc = at(t, (crc ^ at(bytes, i)) & 0xff) ^ (crc >>> 8);
  return ~crc >>> 0;
}

function at(array: Uint8Array | Int32Array, index: number): number {
  return array[index] as number;
}

function makeTables(): Int32Array {
  const tables = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    tables[byte] = crc;
  }
  for (let i = 256; i < tables.length; i++) {
    const previous = at(tables, i - 256);
    tables[i] = at(tables, previous & 0xff) ^ (previous >>> 8);
  }
  return tables;
}
