/**
 * A snapshot as one stream of bytes, the same as its file (`core/snapshot-format.ts`): what a backup
 * is. One that is cut off or altered anywhere is refused.
 */
import { assert } from "../../shared/errors/assert.js";
import { ClusterError } from "../../shared/errors/cluster-error.js";
import { crc32c } from "./core/crc32c.js";
import type { Membership } from "./core/membership.js";
import { membershipToText } from "./core/membership-text.js";
import type { EntryId } from "./core/message.js";
import {
  CHUNK_HEADER_BYTES,
  decodeChunkHeader,
  encodeChunkHeader,
  encodeSnapshotEnd,
  encodeSnapshotHeader,
  MAX_CHUNK_BYTES,
  readSnapshotHeader,
  SNAPSHOT_HEADER_BYTES,
} from "./core/snapshot-format.js";

export interface Snapshot extends EntryId {
  readonly membership: Membership;
  /** Returned early when the snapshot fails. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** It is no backup, or not a whole one. */
class DamagedBackupError extends ClusterError {
  readonly code = "invalid-argument";

  constructor(at: number, expected: string) {
    super(`the backup is damaged at byte ${at}: expected ${expected}`);
  }
}

export async function* encodeSnapshot(snapshot: Snapshot): AsyncGenerator<Uint8Array> {
  yield encodeSnapshotHeader(snapshot);
  let seed = 0;
  for await (const chunk of chunksOf(snapshot)) {
    assert(chunk.length <= MAX_CHUNK_BYTES, `a snapshot chunk of ${chunk.length} bytes`);
    const header = encodeChunkHeader(chunk, seed);
    yield header.bytes;
    yield chunk;
    seed = header.crc;
  }
  yield encodeSnapshotEnd(seed);
}

/** The state's chunks; those of the membership are left out. @throws DamagedBackupError */
export async function* decodeSnapshot(
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const input = new Input(bytes);
  const wrong = readSnapshotHeader(await input.take(SNAPSHOT_HEADER_BYTES));
  if (wrong !== undefined) throw new DamagedBackupError(0, wrong);
  for (let seed = 0, place: "membership" | "state" = "membership"; ; place = "state") {
    const { at } = input;
    const header = decodeChunkHeader(await input.take(CHUNK_HEADER_BYTES), seed);
    if (header === undefined) throw new DamagedBackupError(at, "a chunk or the end");
    if (header.kind === "end") break;
    const data = await input.take(header.bytes);
    if (data.length < header.bytes || crc32c(data, 0, data.length, seed) !== header.crc) {
      throw new DamagedBackupError(at, `${header.bytes} bytes with the right checksum`);
    }
    if (place === "state") yield data;
    seed = header.crc;
  }
  if ((await input.take(1)).length > 0) throw new DamagedBackupError(input.at - 1, "its end");
}

async function* chunksOf({ membership, chunks }: Snapshot): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(membershipToText(membership));
  yield* chunks;
}

/** Bytes by the number that is asked for. */
class Input {
  readonly #source: AsyncIterator<Uint8Array>;
  #waiting: Uint8Array = new Uint8Array();
  at = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Fewer where the stream ends before. */
  async take(count: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [this.#waiting];
    let have = this.#waiting.length;
    while (have < count) {
      const next = await this.#source.next();
      if (next.done === true) break;
      parts.push(next.value);
      have += next.value.length;
    }
    const all = parts.length === 1 ? this.#waiting : Buffer.concat(parts);
    this.#waiting = all.subarray(count);
    const taken = all.subarray(0, count);
    this.at += taken.length;
    return taken;
  }
}
