/** Writes a snapshot's file, chunk by chunk and synced at the end (`core/snapshot-format.ts`). */
import { assert } from "../../shared/errors/assert.js";
import type { Membership } from "./core/membership.js";
import { membershipToText } from "./core/membership-text.js";
import type { EntryId } from "./core/message.js";
import {
  encodeChunkHeader,
  encodeSnapshotEnd,
  encodeSnapshotHeader,
  MAX_CHUNK_BYTES,
} from "./core/snapshot-format.js";
import type { DiskFile } from "./disk.js";

export interface Snapshot extends EntryId {
  readonly membership: Membership;
  /** Returned early when the snapshot fails. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Small chunks are put together to writes of this size. */
const WRITE_BYTES = 256 * 1024;
/** Synced in steps, so that the log's own syncs never wait for the whole of a large snapshot. */
const SYNC_EVERY_BYTES = 8 * 1024 * 1024;

export async function writeSnapshot(file: DiskFile, snapshot: Snapshot): Promise<void> {
  const writer = new BufferedWriter(file);
  await writer.add(encodeSnapshotHeader(snapshot));
  let seed = 0;
  for await (const chunk of withPreface(snapshot)) {
    assert(chunk.length <= MAX_CHUNK_BYTES, `a snapshot chunk of ${chunk.length} bytes`);
    const header = encodeChunkHeader(chunk, seed);
    await writer.add(header.bytes);
    await writer.add(chunk);
    seed = header.crc;
  }
  await writer.add(encodeSnapshotEnd(seed));
  await writer.finish();
}

async function* withPreface({ membership, chunks }: Snapshot): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(membershipToText(membership));
  yield* chunks;
}

class BufferedWriter {
  readonly #file: DiskFile;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #at = 0;
  #syncedAt = 0;

  constructor(file: DiskFile) {
    this.#file = file;
  }

  async add(bytes: Uint8Array): Promise<void> {
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    if (this.#pendingBytes >= WRITE_BYTES) await this.#flush();
    if (this.#at - this.#syncedAt >= SYNC_EVERY_BYTES) await this.#sync();
  }

  async finish(): Promise<void> {
    await this.#flush();
    await this.#sync();
  }

  async #flush(): Promise<void> {
    const bytes = new Uint8Array(this.#pendingBytes);
    let at = 0;
    for (const part of this.#pending) {
      bytes.set(part, at);
      at += part.length;
    }
    this.#pending = [];
    this.#pendingBytes = 0;
    await this.#file.write(this.#at, bytes);
    this.#at += bytes.length;
  }

  async #sync(): Promise<void> {
    await this.#file.sync();
    this.#syncedAt = this.#at;
  }
}
