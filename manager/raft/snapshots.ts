/**
 * The snapshots of one member: the newest two, each complete or not there at all (temporary file,
 * sync, rename, sync of the folder). Two, because the log is kept back to the older one: a newest
 * snapshot that was damaged on the disk then costs a longer replay and nothing else.
 */
import type { Logger } from "../../shared/ports/logger.js";
import { crc32c } from "./core/crc32c.js";
import type { Membership } from "./core/membership.js";
import { membershipFromText } from "./core/membership-text.js";
import type { EntryId, SnapshotId } from "./core/message.js";
import {
  checkSnapshotHeader,
  CHUNK_HEADER_BYTES,
  decodeChunkHeader,
  parseSnapshotName,
  SNAPSHOT_HEADER_BYTES,
  type SnapshotFile,
  snapshotName,
} from "./core/snapshot-format.js";
import type { Disk } from "./disk.js";
import { DamagedLogError } from "./log-errors.js";
import type { Snapshot } from "./snapshot-stream.js";
import { writeSnapshot } from "./snapshot-writer.js";

export interface SnapshotsOptions {
  readonly disk: Disk;
  readonly folder: string;
  readonly logger: Logger;
}

const KEPT_SNAPSHOTS = 2;
const OWN_UNFINISHED = "snapshot.tmp";
const RECEIVED_UNFINISHED = "received.tmp";

export class Snapshots {
  readonly #options: SnapshotsOptions;
  /** Oldest first. */
  #kept: SnapshotFile[];
  #additional = 0;
  /** Being read by somebody: not to be removed meanwhile. */
  readonly #reading = new Map<number, number>();

  /** Removes what a crash left unfinished. */
  static async open(options: SnapshotsOptions): Promise<Snapshots> {
    const { disk, folder } = options;
    await disk.makeFolder(folder);
    const names = await disk.list(folder);
    for (const unfinished of [OWN_UNFINISHED, RECEIVED_UNFINISHED]) {
      if (names.includes(unfinished)) await disk.remove(`${folder}/${unfinished}`);
    }
    // A killed process may have left a name that is not durable.
    await disk.syncFolder(folder);
    const found = names.flatMap((name) => parseSnapshotName(name) ?? []);
    return new Snapshots(
      options,
      found.sort((a, b) => a.index - b.index),
    );
  }

  private constructor(options: SnapshotsOptions, kept: SnapshotFile[]) {
    this.#options = options;
    this.#kept = kept;
  }

  /** Oldest first. Whether they are whole, only `verify` says. */
  get kept(): readonly SnapshotFile[] {
    return this.#kept;
  }

  /**
   * Durable once resolved; the oldest beyond the kept number is removed. A failure leaves no trace.
   * @param take called once there is a file: nobody freezes a state in vain.
   */
  async save(take: () => Snapshot): Promise<SnapshotId> {
    const snapshot = await this.#write(OWN_UNFINISHED, take);
    await this.#keep(OWN_UNFINISHED, { ...snapshot, origin: "own" });
    return snapshot;
  }

  /**
   * Writes down what another member sends. It is durable then, and counts as kept
   * only once `install` has been called. One at a time.
   */
  async receive(snapshot: Snapshot): Promise<void> {
    await this.#write(RECEIVED_UNFINISHED, () => snapshot);
  }

  /** The one that was received last, which is `id`. Again, where what followed it has failed. */
  async install(id: EntryId): Promise<void> {
    const { index, term } = id;
    const isThere = (kept: SnapshotFile): boolean =>
      kept.origin === "received" && kept.index === index && kept.term === term;
    if (this.#kept.some(isThere)) return;
    await this.#keep(RECEIVED_UNFINISHED, { ...id, origin: "received" });
  }

  /** Reads it all. @throws DamagedLogError */
  async verify(id: SnapshotFile): Promise<void> {
    for await (const _chunk of this.read(id));
  }

  /** @throws DamagedLogError */
  async membershipOf(id: SnapshotFile): Promise<Membership> {
    for await (const first of this.#read(id)) {
      return membershipFromText(new TextDecoder().decode(first));
    }
    throw this.#damaged(id, SNAPSHOT_HEADER_BYTES, "a membership");
  }

  /** The state's chunks as they were saved. @throws DamagedLogError where one is not. */
  async *read(id: SnapshotFile): AsyncGenerator<Uint8Array> {
    let preface = true;
    for await (const chunk of this.#read(id)) {
      if (!preface) yield chunk;
      preface = false;
    }
  }

  /** Puts a damaged snapshot aside, for whoever wants to look at it. */
  async setAside(id: SnapshotFile): Promise<void> {
    const { disk, folder } = this.#options;
    this.#kept = this.#kept.filter(({ index }) => index !== id.index);
    await disk.rename(this.pathOf(id), `${this.pathOf(id)}.damaged`);
    await disk.syncFolder(folder);
  }

  pathOf(id: SnapshotFile): string {
    return `${this.#options.folder}/${snapshotName(id)}`;
  }

  async *#read(id: SnapshotFile): AsyncGenerator<Uint8Array> {
    const path = this.pathOf(id);
    const file = await this.#options.disk.open(path, "existing");
    this.#reading.set(id.index, (this.#reading.get(id.index) ?? 0) + 1);
    try {
      const wrong = checkSnapshotHeader(await file.read(0, SNAPSHOT_HEADER_BYTES), id);
      if (wrong !== undefined) throw this.#damaged(id, 0, wrong);
      let at = SNAPSHOT_HEADER_BYTES;
      for (let seed = 0; ;) {
        const header = decodeChunkHeader(await file.read(at, CHUNK_HEADER_BYTES), seed);
        if (header === undefined) throw this.#damaged(id, at, "a chunk or the end of the snapshot");
        if (header.kind === "end") break;
        const data = await file.read(at + CHUNK_HEADER_BYTES, header.bytes);
        if (data.length < header.bytes || crc32c(data, 0, data.length, seed) !== header.crc) {
          throw this.#damaged(id, at, `${header.bytes} bytes with the right checksum`);
        }
        yield data;
        seed = header.crc;
        at += CHUNK_HEADER_BYTES + header.bytes;
      }
      const size = await file.size();
      if (size !== at + CHUNK_HEADER_BYTES) {
        throw this.#damaged(id, at, "the end of the file after this");
      }
    } finally {
      await file.close();
      const others = (this.#reading.get(id.index) ?? 1) - 1;
      if (others > 0) this.#reading.set(id.index, others);
      else this.#reading.delete(id.index);
    }
  }

  async #write(name: string, take: () => Snapshot): Promise<SnapshotId> {
    const { disk, folder } = this.#options;
    const unfinished = `${folder}/${name}`;
    const file = await disk.open(unfinished, "create");
    try {
      const snapshot = take();
      await writeSnapshot(file, snapshot);
      await file.close();
      const { index, term, membership } = snapshot;
      return { index, term, membership };
    } catch (error) {
      await file.close();
      await disk.remove(unfinished);
      throw error;
    }
  }

  async #keep(unfinished: string, snapshot: SnapshotFile): Promise<void> {
    const { disk, folder } = this.#options;
    const { index, term, origin } = snapshot;
    await disk.rename(`${folder}/${unfinished}`, this.pathOf(snapshot));
    await disk.syncFolder(folder);
    const others = this.#kept.filter((kept) => kept.index !== index || kept.origin !== origin);
    this.#kept = [...others, { index, term, origin }].sort((a, b) => a.index - b.index);
    await this.#removeOldest();
  }

  /** So many are kept beside the two newest from now on. */
  keepAdditional(count: number): void {
    this.#additional = count;
  }

  async #removeOldest(): Promise<void> {
    const { disk, folder } = this.#options;
    while (this.#kept.length > KEPT_SNAPSHOTS + this.#additional) {
      const oldest = this.#kept[0] as SnapshotFile;
      // Its reader is nearly done: the next snapshot removes it.
      if (this.#reading.has(oldest.index)) return;
      this.#kept.shift();
      await disk.remove(this.pathOf(oldest));
      await disk.syncFolder(folder);
    }
  }

  #damaged(id: SnapshotFile, offset: number, expected: string): DamagedLogError {
    return new DamagedLogError({ file: this.pathOf(id), offset, expected });
  }
}
