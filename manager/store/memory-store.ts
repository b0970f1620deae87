/** A store with nothing below it: for tests, benchmarks and simulations of the parts above. */
import type { Clock } from "../../shared/ports/clock.js";
import { type Logger, silentLogger } from "../../shared/ports/logger.js";
import { MemoryLog, type MemoryLogOptions } from "../raft/memory-log.js";
import { Store } from "./store.js";

export interface MemoryStore {
  readonly store: Store;
  readonly log: MemoryLog;
}

/** A store that leads, on a log that commits what is proposed in the next microtask. */
export function createMemoryStore(
  options: { readonly clock: Clock; readonly logger?: Logger } & MemoryLogOptions,
): MemoryStore {
  const store = new Store({ clock: options.clock, logger: options.logger ?? silentLogger });
  const log = new MemoryLog(store, options);
  store.connect(log);
  return { store, log };
}
