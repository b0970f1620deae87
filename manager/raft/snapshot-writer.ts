/** Writes a snapshot's file, chunk by chunk and synced at the end (`core/snapshot-format.ts`). */
import type { DiskFile } from "./disk.js";
import { encodeSnapshot, type Snapshot } from "./snapshot-stream.js";

/** Small chunks are put together to writes of this size. */
const WRITE_BYTES = 256 * 1024;
/** Synced in steps, so that the log's own syncs never wait for the whole of a large snapshot. */
const SYNC_EVERY_BYTES = 8 * 1024 * 1024;

export async function writeSnapshot(file: DiskFile, snapshot: Snapshot): Promise<void> {
  const writer = new BufferedWriter(file);
  for await (const bytes of encodeSnapshot(snapshot)) await writer.add(bytes);
  await writer.finish();
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
