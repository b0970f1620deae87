/**
 * A disk that behaves as badly as real ones may: what was not synced is lost, kept or torn
 * anywhere when the power fails, new names vanish with a folder that was not synced, it
 * fills up, fails and is slow. What was synced stays (the fault model has no other disk),
 * unless a test flips a bit of it.
 */
import type { Disk, DiskFile } from "../../manager/raft/disk.js";

export interface DiskOperation {
  /** Counted from 1 over the disk's life. */
  readonly number: number;
  readonly kind: "write" | "sync" | "truncate" | "create" | "rename" | "remove" | "sync-folder";
  readonly path: string;
}

export type DiskFault =
  | { readonly kind: "none" }
  /** The operation fails after `doneBytes` of a write. */
  | { readonly kind: "fails"; readonly code: "EIO" | "ENOSPC"; readonly doneBytes?: number }
  /** The power fails once the operation is on its way. */
  | { readonly kind: "power-cut" };

/** What a power cut leaves of the writes to a file that were not synced, oldest first. */
export type Survivors = (pending: readonly PendingWrite[], path: string) => PendingWrite[];

export type PendingWrite =
  | { readonly kind: "write"; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: "truncate"; readonly size: number };

export interface PowerCut {
  readonly writes: Survivors;
  /** What is left of the names that were made, changed and removed in a folder and not synced. */
  readonly folderChanges: (pending: readonly FolderChange[]) => readonly FolderChange[];
}

export interface SimulatedDiskOptions {
  readonly capacityBytes?: number;
  readonly fault?: (operation: DiskOperation) => DiskFault;
  /** Awaited before every operation: makes the disk slow. */
  readonly latency?: () => Promise<void>;
}

const NO_FAULT: DiskFault = { kind: "none" };

/** A file, whatever its names are. */
class Inode {
  /** As of the last sync. */
  durable: Uint8Array = new Uint8Array();
  /** As programs see it. */
  current: Uint8Array = new Uint8Array();
  pending: PendingWrite[] = [];

  static holding(bytes: Uint8Array): Inode {
    const inode = new Inode();
    inode.durable = bytes.slice();
    inode.current = bytes.slice();
    return inode;
  }
}

export type FolderChange =
  | { readonly kind: "link"; readonly path: string; readonly inode: Inode }
  | { readonly kind: "unlink"; readonly path: string }
  /** The new name is the file's that was renamed, whatever else bore the old one before. */
  | {
      readonly kind: "rename";
      readonly from: string;
      readonly path: string;
      readonly inode: Inode;
    };

/** Nobody is told of anything any more: the process died with the power. */
export class PowerCutError extends Error {
  override readonly name = "PowerCutError";
}

export class SimulatedDisk implements Disk {
  capacityBytes: number;
  fault: (operation: DiskOperation) => DiskFault;
  readonly operations: DiskOperation[] = [];
  readonly #latency: () => Promise<void>;
  readonly #durable: Map<string, Inode>;
  readonly #current: Map<string, Inode>;
  readonly #changes = new Map<string, FolderChange[]>();
  #powered = true;

  constructor(
    options: SimulatedDiskOptions = {},
    files: ReadonlyMap<string, Uint8Array> = new Map(),
  ) {
    this.capacityBytes = options.capacityBytes ?? Number.MAX_SAFE_INTEGER;
    this.fault = options.fault ?? (() => NO_FAULT);
    this.#latency = options.latency ?? (() => Promise.resolve());
    this.#durable = new Map([...files].map(([path, bytes]) => [path, Inode.holding(bytes)]));
    this.#current = new Map(this.#durable);
  }

  /** The disk as it is found when the power is back. This one answers nobody any more. */
  cutPower(cut: PowerCut, options: SimulatedDiskOptions = {}): SimulatedDisk {
    this.#powered = false;
    const files = new Map(this.#durable);
    for (const changes of this.#changes.values()) {
      for (const change of cut.folderChanges(changes)) applyChange(files, change);
    }
    const found = new Map<string, Uint8Array>();
    for (const [path, inode] of files) {
      let bytes = inode.durable;
      for (const write of cut.writes(inode.pending, path)) bytes = applyWrite(bytes, write);
      found.set(path, bytes);
    }
    return new SimulatedDisk(options, found);
  }

  /**
   * The process died, the host did not: everything written is there to be read, and what was not
   * synced may still be lost to a later power cut.
   */
  kill(options: SimulatedDiskOptions = {}): SimulatedDisk {
    this.#powered = false;
    const disk = new SimulatedDisk(options);
    for (const [path, inode] of this.#durable) disk.#durable.set(path, inode);
    for (const [path, inode] of this.#current) disk.#current.set(path, inode);
    for (const [folder, changes] of this.#changes) disk.#changes.set(folder, changes);
    return disk;
  }

  /** A copy of all files as programs see them. */
  files(): Map<string, Uint8Array> {
    return new Map([...this.#current].map(([path, inode]) => [path, inode.current.slice()]));
  }

  makeFolder(): Promise<void> {
    return this.#start();
  }

  async list(folder: string): Promise<string[]> {
    await this.#start();
    return [...this.#current.keys()]
      .filter((path) => folderOf(path) === folder)
      .map((path) => path.slice(folder.length + 1));
  }

  async open(path: string, mode: "existing" | "create"): Promise<DiskFile> {
    await this.#start();
    const there = this.#current.get(path);
    if (mode === "existing" && there === undefined) throw diskError("ENOENT", path);
    if (mode === "create") this.#check("create", path);
    const inode = mode === "existing" && there !== undefined ? there : new Inode();
    if (inode !== there) this.#change({ kind: "link", path, inode });
    return this.#file(path, inode);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#start();
    const inode = this.#current.get(from);
    if (inode === undefined) throw diskError("ENOENT", from);
    this.#check("rename", to);
    this.#change({ kind: "rename", from, path: to, inode });
  }

  async remove(path: string): Promise<void> {
    await this.#start();
    if (!this.#current.has(path)) throw diskError("ENOENT", path);
    this.#check("remove", path);
    this.#change({ kind: "unlink", path });
  }

  async syncFolder(folder: string): Promise<void> {
    await this.#start();
    this.#check("sync-folder", folder);
    for (const change of this.#changes.get(folder) ?? []) applyChange(this.#durable, change);
    this.#changes.delete(folder);
  }

  async freeBytes(): Promise<number> {
    await this.#start();
    return this.#free();
  }

  #file(path: string, inode: Inode): DiskFile {
    return {
      size: async () => {
        await this.#start();
        return inode.current.length;
      },
      read: async (position, length) => {
        await this.#start();
        return inode.current.slice(position, position + length);
      },
      write: async (position, bytes) => {
        // The kernel copies the bytes when it is called, not when it gets to it.
        const copy = bytes.slice();
        await this.#start();
        this.#write(path, inode, { at: position, bytes: copy });
      },
      truncate: async (size) => {
        await this.#start();
        this.#check("truncate", path);
        this.#put(inode, { kind: "truncate", size });
      },
      sync: async () => {
        await this.#start();
        try {
          this.#check("sync", path);
        } catch (error) {
          // Linux forgets what it could not write: it can still be read, and no
          // later sync tries again.
          if (!(error instanceof PowerCutError)) inode.pending = [];
          throw error;
        }
        for (const write of inode.pending) inode.durable = applyWrite(inode.durable, write);
        inode.pending = [];
      },
      close: () => Promise.resolve(),
    };
  }

  async #start(): Promise<void> {
    await this.#latency();
    if (!this.#powered) throw new PowerCutError();
  }

  #check(kind: DiskOperation["kind"], path: string): DiskFault {
    const operation = { number: this.operations.length + 1, kind, path };
    this.operations.push(operation);
    const fault = this.fault(operation);
    if (fault.kind === "fails" && kind !== "write") throw diskError(fault.code, path);
    if (fault.kind === "power-cut" && kind !== "write") this.#die();
    return fault;
  }

  #write(
    path: string,
    inode: Inode,
    write: { readonly at: number; readonly bytes: Uint8Array },
  ): void {
    const fault = this.#check("write", path);
    const { at, bytes } = write;
    const room = this.#free() + Math.max(0, inode.current.length - at);
    const fails = Math.min(fault.kind === "fails" ? (fault.doneBytes ?? 0) : 0, bytes.length - 1);
    const done = fault.kind === "fails" ? fails : Math.min(bytes.length, room);
    if (done > 0) this.#put(inode, { kind: "write", at, bytes: bytes.subarray(0, done) });
    if (fault.kind === "power-cut") this.#die();
    if (fault.kind === "fails") throw diskError(fault.code, path);
    if (done < bytes.length) throw diskError("ENOSPC", path);
  }

  #die(): never {
    this.#powered = false;
    throw new PowerCutError();
  }

  #put(inode: Inode, write: PendingWrite): void {
    inode.pending.push(write);
    inode.current = applyWrite(inode.current, write);
  }

  #change(change: FolderChange): void {
    applyChange(this.#current, change);
    const folder = folderOf(change.path);
    this.#changes.set(folder, [...(this.#changes.get(folder) ?? []), change]);
  }

  #free(): number {
    let used = 0;
    for (const inode of new Set(this.#current.values())) used += inode.current.length;
    return Math.max(0, this.capacityBytes - used);
  }
}

function applyWrite(bytes: Uint8Array, write: PendingWrite): Uint8Array {
  const size = write.kind === "truncate" ? write.size : write.at + write.bytes.length;
  const length = write.kind === "truncate" ? size : Math.max(bytes.length, size);
  const changed = new Uint8Array(length);
  changed.set(bytes.subarray(0, length));
  if (write.kind === "write") changed.set(write.bytes, write.at);
  return changed;
}

function applyChange(files: Map<string, Inode>, change: FolderChange): void {
  if (change.kind === "unlink") files.delete(change.path);
  else files.set(change.path, change.inode);
  if (change.kind === "rename") files.delete(change.from);
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

function diskError(code: string, path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
