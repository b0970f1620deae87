/**
 * The allocator: gives services their addresses and ports, tasks their addresses (new → pending),
 * and nodes their own address on each network that they serve.
 *
 * It alone writes these. The pools are computed from the store (`core/holdings.ts`) at the
 * beginning of each term, and follow its events from then on; what nobody holds any more rests for
 * a minute, also where another manager led when it was given back. What cannot be given is said on the task, and tried again. Runs only while this manager
 * leads.
 */
import type { Clock } from "../../shared/ports/clock.js";
import type { Logger } from "../../shared/ports/logger.js";
import { ControlLoop } from "../control-loop.js";
import type { LeaderLoop } from "../leadership.js";
import type { StoreAccess, Transaction } from "../store/store-access.js";
import type { Allocation } from "./core/allocate.js";
import { decideAllocation } from "./core/decide.js";
import type { LatelyFreed } from "./core/lately-freed.js";
import { type AllocationKey, PendingAllocations } from "./core/pending-allocations.js";

/** In one command: some 40 kB in the log. */
const KEYS_PER_COMMAND = 400;
/** What could not be given is tried again so often: an address that was given back rests a minute. */
const TRY_AGAIN_MS = 5_000;

type Key = "pending" | "wanting";

export interface AllocatorOptions {
  readonly store: StoreAccess;
  readonly clock: Clock;
  readonly logger: Logger;
  /** As this manager has seen it since its start, leading or not. */
  readonly freed: LatelyFreed;
}

export class Allocator implements LeaderLoop {
  readonly name = "allocator";
  readonly #options: AllocatorOptions;

  constructor(options: AllocatorOptions) {
    this.#options = options;
  }

  async run({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const { store, clock, freed, logger } = this.#options;
    let pending = new PendingAllocations(store.committed, clock.nowMs(), { freed });
    const loop: ControlLoop<Key> = new ControlLoop<Key>({
      name: this.name,
      clock,
      logger: logger.child({ part: this.name }),
      reconcile: async (key) => {
        if (key === "wanting") pending.tryAgain();
        try {
          await this.#pass(pending);
        } catch (error) {
          pending = new PendingAllocations(store.committed, clock.nowMs(), { former: pending });
          throw error;
        }
        if (pending.hasWork) loop.enqueue("pending");
        if (pending.isWanting) loop.enqueueAfter("wanting", TRY_AGAIN_MS);
      },
    });
    const watch = store.watch(({ events }) => {
      pending.observe(events, clock.nowMs());
      if (pending.hasWork) loop.enqueue("pending");
    });
    try {
      if (pending.hasWork) loop.enqueue("pending");
      await loop.run({ signal });
    } finally {
      watch.close();
    }
  }

  async #pass(pending: PendingAllocations): Promise<void> {
    const { store, clock } = this.#options;
    const keys = pending.take(KEYS_PER_COMMAND);
    if (keys.length === 0) return;
    await store.update((tx) => {
      const { view, atMs } = tx;
      const allocation = { view, holdings: pending.holdings, nowMs: clock.nowMs(), atMs };
      for (const key of keys) allocate(tx, allocation, pending, key);
    });
  }
}

function allocate(
  tx: Transaction,
  allocation: Allocation,
  pending: PendingAllocations,
  key: AllocationKey,
): void {
  const { change, outcome } = decideAllocation(allocation, key);
  if (change !== undefined) tx.apply(change);
  if (outcome === "wanting") pending.want(key);
}
