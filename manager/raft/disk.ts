/**
 * The few things that the log asks of a disk. An interface, so that tests and the simulator have
 * one that loses, tears, fills up and fails; `node-disk.ts` is the real one. All of it is
 * asynchronous: the event loop never waits for a disk.
 */
export interface Disk {
  /** Makes the folder and its parents, durably; no error if it is there. */
  makeFolder(folder: string): Promise<void>;
  /** Names in the folder, in no order. */
  list(folder: string): Promise<string[]>;
  /** Opens for reading and writing. `create` makes the file, or empties the one that is there. */
  open(path: string, mode: "existing" | "create"): Promise<DiskFile>;
  /** Takes the place of `to` in one step. Durable once the folder is synced. */
  rename(from: string, to: string): Promise<void>;
  /** Durable once the folder is synced. */
  remove(path: string): Promise<void>;
  syncFolder(folder: string): Promise<void>;
  freeBytes(folder: string): Promise<number>;
}

export interface DiskFile {
  size(): Promise<number>;
  /** Fewer bytes than asked for only at the end of the file. */
  read(position: number, length: number): Promise<Uint8Array>;
  /** All of it or an error; after an error any part of it may be there. Durable once synced. */
  write(position: number, bytes: Uint8Array): Promise<void>;
  truncate(size: number): Promise<void>;
  /** fdatasync: what was written, and the size, survive a power cut. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** No space left, or none left for this user. */
const FULL_CODES: ReadonlySet<unknown> = new Set(["ENOSPC", "EDQUOT"]);

export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && "code" in error && FULL_CODES.has(error.code);
}
