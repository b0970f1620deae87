/** What tests of the store do most: make one that leads, and write to it. */
import type { Change } from "../../manager/store/core/change.js";
import { createMemoryStore, type MemoryStore } from "../../manager/store/memory-store.js";
import type { StoreWriter } from "../../manager/store/store-access.js";
import { ManualClock } from "../../shared/ports/manual-clock.js";

export function newStore(): MemoryStore {
  return createMemoryStore({ clock: new ManualClock() });
}

/** All of them as one command. */
export function change(store: StoreWriter, ...changes: readonly Change[]): Promise<void> {
  return store.update((tx) => {
    for (const one of changes) tx.apply(one);
  });
}
