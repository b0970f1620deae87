/** The real disk, through Node's file system on libuv's threads. */
import { constants } from "node:fs";
import { type FileHandle, mkdir, open, readdir, rename, statfs, unlink } from "node:fs/promises";
import { dirname } from "node:path";

import { syncFolder } from "../../shared/durable-file.js";
import type { Disk, DiskFile } from "./disk.js";

/** The log and the snapshots hold secrets: for this user only. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

export const nodeDisk: Disk = {
  async makeFolder(folder) {
    const first = await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
    if (first === undefined) return;
    // Every new folder is an entry in the one above it, up to the parent of
    // the first that was made.
    for (let made = folder; made.length >= first.length; made = dirname(made)) {
      await syncFolder(dirname(made));
    }
  },
  list: (folder) => readdir(folder),
  async open(path, mode) {
    const create = constants.O_CREAT | constants.O_TRUNC;
    const flags = constants.O_RDWR | (mode === "create" ? create : 0);
    return new NodeFile(await open(path, flags, FILE_MODE));
  },
  rename,
  remove: unlink,
  syncFolder,
  async freeBytes(folder) {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  },
};

class NodeFile implements DiskFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size;
  }

  async read(position: number, length: number): Promise<Uint8Array> {
    const bytes = Buffer.allocUnsafe(length);
    let got = 0;
    while (got < length) {
      const { bytesRead } = await this.#handle.read(bytes, got, length - got, position + got);
      if (bytesRead === 0) break;
      got += bytesRead;
    }
    return bytes.subarray(0, got);
  }

  async write(position: number, bytes: Uint8Array): Promise<void> {
    let put = 0;
    while (put < bytes.length) {
      const { bytesWritten } = await this.#handle.write(
        bytes,
        put,
        bytes.length - put,
        position + put,
      );
      put += bytesWritten;
    }
  }

  truncate(size: number): Promise<void> {
    return this.#handle.truncate(size);
  }

  sync(): Promise<void> {
    return this.#handle.datasync();
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
