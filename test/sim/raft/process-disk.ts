/**
 * The disk as one life of a process has it: its answers reach the process as messages do, and never
 * once it is dead. Writes are in the kernel's memory at once; only what makes them durable takes
 * time, and the power may fail before, during and after each operation.
 */
import type { Disk, DiskFile } from "../../../manager/raft/disk.js";
import type { Random } from "../../../shared/ports/random.js";
import type { SimulatedDisk } from "../simulated-disk.js";
import type { HostProcess } from "./sim-process.js";
import type { World } from "./timeline.js";

export interface DiskSpeed {
  /** Of a sync or a change of names, at most. */
  readonly syncMs: number;
  /** Of a read or write, at most; mostly there is nothing to wait for. */
  readonly accessMs: number;
}

export class ProcessDisk implements Disk {
  readonly #disk: SimulatedDisk;
  readonly #process: HostProcess;
  readonly #world: World;
  readonly #random: Random;
  readonly #speed: () => DiskSpeed;
  readonly #onOperation: (when: "before" | "after") => void;

  /** @param options.onOperation may kill the process. */
  constructor(options: {
    readonly disk: SimulatedDisk;
    readonly process: HostProcess;
    readonly world: World;
    readonly random: Random;
    /** As it is just now. */
    readonly speed: () => DiskSpeed;
    readonly onOperation: (when: "before" | "after") => void;
  }) {
    this.#disk = options.disk;
    this.#process = options.process;
    this.#world = options.world;
    this.#random = options.random;
    this.#speed = options.speed;
    this.#onOperation = options.onOperation;
  }

  makeFolder(): Promise<void> {
    return this.#disk.makeFolder();
  }

  list(folder: string): Promise<string[]> {
    return this.#access(() => this.#disk.list(folder));
  }

  async open(path: string, mode: "existing" | "create"): Promise<DiskFile> {
    const file = await this.#access(() => this.#disk.open(path, mode));
    return {
      size: () => this.#access(() => file.size()),
      read: (position, length) => this.#access(() => file.read(position, length)),
      write: (position, bytes) => this.#access(() => file.write(position, bytes)),
      truncate: (size) => this.#access(() => file.truncate(size)),
      sync: () => this.#slow(() => file.sync()),
      close: () => file.close(),
    };
  }

  rename(from: string, to: string): Promise<void> {
    return this.#slow(() => this.#disk.rename(from, to));
  }

  remove(path: string): Promise<void> {
    return this.#access(() => this.#disk.remove(path));
  }

  syncFolder(folder: string): Promise<void> {
    return this.#slow(() => this.#disk.syncFolder(folder));
  }

  freeBytes(): Promise<number> {
    return this.#access(() => this.#disk.freeBytes());
  }

  async #access<T>(operation: () => Promise<T>): Promise<T> {
    await this.#step("before");
    const { accessMs } = this.#speed();
    const done = operation();
    await Promise.allSettled([done]);
    if (accessMs > 0) await this.#wait(accessMs);
    await this.#step("after");
    return done;
  }

  /** It happens at the end of the time that it takes: as late as can be. */
  async #slow<T>(operation: () => Promise<T>): Promise<T> {
    await this.#step("before");
    await this.#wait(this.#speed().syncMs);
    const done = operation();
    await Promise.allSettled([done]);
    await this.#step("after");
    return done;
  }

  #wait(atMostMs: number): Promise<void> {
    const delayMs = this.#random.below(atMostMs * 1_000 + 1) / 1_000;
    return new Promise((resolve) => {
      // A dead process' request may still reach the disk: that is what `kill` leaves there.
      this.#world.after(delayMs, () => this.#process.enter(resolve));
    });
  }

  #step(when: "before" | "after"): Promise<void> | undefined {
    this.#onOperation(when);
    return this.#process.state === "dead" ? new Promise(() => undefined) : undefined;
  }
}
