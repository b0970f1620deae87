/**
 * Looks at what is in the kernel, step by step, puts right what somebody else changed, and tells of
 * it in the log. Between two steps it lets what was told meanwhile go first: a look takes a while, and
 * orders to stop wait for what is told.
 */
import type { TaskId } from "../../shared/model/ids.js";
import type { NodeNetworks } from "../../shared/model/node-networks.js";
import type { Logger } from "../../shared/ports/logger.js";
import type { NameKeeper } from "./dns.js";
import type { IngressKeeper } from "./ingress.js";
import type { Kernel } from "./kernel.js";
import type { KernelTables } from "./kernel-tables.js";
import type { OverlayKeeper } from "./overlay.js";
import { reattach } from "./reattach.js";
import type { Repairs } from "./table-keeper.js";
import type { VirtualAddressKeeper } from "./virtual-addresses.js";

/** Namespaces of tasks that are looked at one after the other's half, and between two others. */
const TASKS_AT_ONCE = 4;
/** Of a long list of repairs, so many say what happened. */
const TOLD_REPAIRS = 3;

export interface Keepers {
  readonly kernel: Kernel;
  readonly overlay: OverlayKeeper;
  readonly ingress: IngressKeeper;
  readonly names: NameKeeper;
  readonly addresses: VirtualAddressKeeper;
  readonly tables: KernelTables;
}

export interface Look {
  /** As it is in the kernel by our own doing; asked anew for every step. */
  readonly wanted: () => NodeNetworks;
  /** Applies what was told meanwhile. */
  readonly giveWay: () => Promise<void>;
}

export class Mending {
  readonly #keepers: Keepers;
  readonly #logger: Logger;

  constructor(keepers: Keepers, logger: Logger) {
    this.#keepers = keepers;
    this.#logger = logger;
  }

  async host({ wanted, giveWay }: Look): Promise<void> {
    const { addresses, ingress, kernel, names, overlay, tables } = this.#keepers;
    const repairs = await overlay.mend(wanted());
    this.#tell(repairs, { what: "overlay" });
    // A bridge that was made anew has lost its ports.
    if (repairs.length > 0) await reattach(kernel, wanted(), addresses.pids());
    await giveWay();
    this.#tell(await ingress.mend(wanted()), { what: "ingress" });
    await giveWay();
    this.#tell(await names.mend(), { what: "names" });
    await tables.tellDropped(this.#logger);
  }

  async tasks(taskIds: readonly TaskId[], { wanted, giveWay }: Look): Promise<void> {
    for (let from = 0; from < taskIds.length; from += TASKS_AT_ONCE) {
      await giveWay();
      const some = taskIds.slice(from, from + TASKS_AT_ONCE);
      for (const { taskId, repairs } of await this.#keepers.addresses.mend(wanted(), some)) {
        this.#tell(repairs, { what: "virtual addresses", taskId });
      }
    }
  }

  #tell(repairs: Repairs, fields: object): void {
    if (repairs.length === 0) return;
    const told = { ...fields, repairs: repairs.length, first: repairs.slice(0, TOLD_REPAIRS) };
    this.#logger.warn(told, "changed from outside, and mended");
  }
}
