/**
 * The snapshots of one member: the newest two, each complete or not there at all (temporary file,
 * sync, rename, sync of the folder). Two, because the log is kept back to the older one: a newest
 * snapshot that was damaged on the disk then costs a longer replay and nothing else.
 */
import { assert } from "../../shared/errors/assert.js";
import type { Logger } from "../../shared/ports/logger.js";
import { crc32c } from "./core/crc32c.js";
import type { EntryId } from "./core/message.js";
import {
  checkSnapshotHeader,
  CHUNK_HEADER_BYTES,
  decodeChunkHeader,
  encodeChunkHeader,
  encodeSnapshotEnd,
  encodeSnapshotHeader,
  MAX_CHUNK_BYTES,
  parseSnapshotName,
  SNAPSHOT_HEADER_BYTES,
  snapshotName,
} from "./core/snapshot-format.js";
import type { Disk, DiskFile } from "./disk.js";
import { DamagedLogError } from "./log-errors.js";

export interface SnapshotsOptions {
  readonly disk: Disk;
  readonly folder: string;
  readonly logger: Logger;
}

export interface Snapshot extends EntryId {
  /** Returned early when the snapshot fails. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

const KEPT_SNAPSHOTS = 2;
const UNFINISHED_NAME = "snapshot.tmp";
/** Small chunks are put together to writes of this size. */
const WRITE_BYTES = 256 * 1024;
/** Synced in steps, so that the log's own syncs never wait for the whole of a large snapshot. */
const SYNC_EVERY_BYTES = 8 * 1024 * 1024;

export class Snapshots {
  readonly #options: SnapshotsOptions;
  /** Oldest first. */
  #kept: EntryId[];

  /** Removes what a crash left unfinished. */
  static async open(options: SnapshotsOptions): Promise<Snapshots> {
    const { disk, folder } = options;
    await disk.makeFolder(folder);
    const names = await disk.list(folder);
    if (names.includes(UNFINISHED_NAME)) await disk.remove(`${folder}/${UNFINISHED_NAME}`);
    // A killed process may have left a name that is not durable.
    await disk.syncFolder(folder);
    const found = names.flatMap((name) => parseSnapshotName(name) ?? []);
    return new Snapshots(
      options,
      found.sort((a, b) => a.index - b.index),
    );
  }

  private constructor(options: SnapshotsOptions, kept: EntryId[]) {
    this.#options = options;
    this.#kept = kept;
  }

  /** Oldest first. Whether they are whole, only `verify` says. */
  get kept(): readonly EntryId[] {
    return this.#kept;
  }

  /**
   * Durable once resolved; the oldest beyond the kept number is removed. A failure leaves no trace.
   * @param take called once there is a file: nobody freezes a state in vain.
   */
  async save(take: () => Snapshot): Promise<void> {
    const { disk, folder } = this.#options;
    const unfinished = `${folder}/${UNFINISHED_NAME}`;
    const file = await disk.open(unfinished, "create");
    const snapshot = take();
    try {
      await writeSnapshot(file, snapshot);
    } catch (error) {
      await file.close();
      await disk.remove(unfinished);
      throw error;
    }
    await file.close();
    const { index, term } = snapshot;
    await disk.rename(unfinished, this.pathOf(snapshot));
    await disk.syncFolder(folder);
    this.#kept = [...this.#kept.filter((kept) => kept.index !== index), { index, term }];
    await this.#removeOldest();
  }

  /** Reads it all. @throws DamagedLogError */
  async verify(id: EntryId): Promise<void> {
    for await (const _chunk of this.read(id));
  }

  /** The chunks as they were saved. @throws DamagedLogError where one is not. */
  async *read(id: EntryId): AsyncGenerator<Uint8Array> {
    const path = this.pathOf(id);
    const file = await this.#options.disk.open(path, "existing");
    const damaged = (offset: number, expected: string): DamagedLogError =>
      new DamagedLogError({ file: path, offset, expected });
    try {
      const wrong = checkSnapshotHeader(await file.read(0, SNAPSHOT_HEADER_BYTES), id);
      if (wrong !== undefined) throw damaged(0, wrong);
      let at = SNAPSHOT_HEADER_BYTES;
      for (let seed = 0; ;) {
        const header = decodeChunkHeader(await file.read(at, CHUNK_HEADER_BYTES), seed);
        if (header === undefined) throw damaged(at, "a chunk or the end of the snapshot");
        if (header.kind === "end") break;
        const data = await file.read(at + CHUNK_HEADER_BYTES, header.bytes);
        if (data.length < header.bytes || crc32c(data, 0, data.length, seed) !== header.crc) {
          throw damaged(at, `${header.bytes} bytes with the right checksum`);
        }
        yield data;
        seed = header.crc;
        at += CHUNK_HEADER_BYTES + header.bytes;
      }
      const size = await file.size();
      if (size !== at + CHUNK_HEADER_BYTES) throw damaged(at, "the end of the file after this");
    } finally {
      await file.close();
    }
  }

  /** Puts a damaged snapshot aside, for whoever wants to look at it. */
  async setAside(id: EntryId): Promise<void> {
    const { disk, folder } = this.#options;
    this.#kept = this.#kept.filter(({ index }) => index !== id.index);
    await disk.rename(this.pathOf(id), `${this.pathOf(id)}.damaged`);
    await disk.syncFolder(folder);
  }

  pathOf(id: EntryId): string {
    return `${this.#options.folder}/${snapshotName(id)}`;
  }

  async #removeOldest(): Promise<void> {
    const { disk, folder } = this.#options;
    while (this.#kept.length > KEPT_SNAPSHOTS) {
      const oldest = this.#kept.shift() as EntryId;
      await disk.remove(this.pathOf(oldest));
      await disk.syncFolder(folder);
    }
  }
}

async function writeSnapshot(file: DiskFile, snapshot: Snapshot): Promise<void> {
  const writer = new BufferedWriter(file);
  await writer.add(encodeSnapshotHeader(snapshot));
  let seed = 0;
  for await (const chunk of snapshot.chunks) {
    assert(chunk.length <= MAX_CHUNK_BYTES, `a snapshot chunk of ${chunk.length} bytes`);
    const header = encodeChunkHeader(chunk, seed);
    await writer.add(header.bytes);
    await writer.add(chunk);
    seed = header.crc;
  }
  await writer.add(encodeSnapshotEnd(seed));
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
