/**
 * Sees to it that the kernel's tables have room for a host full of containers, and tells in the log
 * when one of them was full and dropped packets: from outside that looks like a network that answers
 * nobody for seconds, and nothing else says why.
 */
import type { Logger } from "../../shared/ports/logger.js";
import {
  droppedByTables,
  droppedSince,
  type FullTable,
  ROOM_FOR_NEIGHBOURS,
  TABLE_FILES,
} from "./core/full-tables.js";
import { type Kernel, KernelRefusedError } from "./kernel.js";

export class KernelTables {
  readonly #kernel: Kernel;
  #dropped: readonly FullTable[] = [];

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /**
   * Settings that are lower than needed are raised, and stay so. A network namespace that is not the
   * machine's first does not have them: there its machine's hold. Without it tasks are reached as long
   * as there are few, so that a kernel that refuses is told of, and no more.
   */
  async makeRoom(logger: Logger): Promise<void> {
    try {
      await this.#kernel.raiseSysctls(ROOM_FOR_NEIGHBOURS);
    } catch (cause) {
      if (!(cause instanceof KernelRefusedError)) throw cause;
      const { message: reason } = cause;
      logger.warn({ reason }, "the kernel keeps room for few neighbours");
    }
  }

  /** Tells what was dropped since it was called last. */
  async tellDropped(logger: Logger): Promise<void> {
    const now = droppedByTables(await this.#kernel.linesOf(TABLE_FILES));
    for (const { table, dropped, setting } of droppedSince(this.#dropped, now)) {
      logger.warn({ table, dropped, setting }, "a table of this host's kernel is full");
    }
    this.#dropped = now;
  }
}
