/** What every route of the API works with. */
import type { Clock } from "../../shared/ports/clock.js";
import type { Logger } from "../../shared/ports/logger.js";
import type { Random } from "../../shared/ports/random.js";
import type { StoreView } from "../store/core/view.js";
import type { EngineLink } from "./engine-link.js";
import type { ApiHost, ApiManager } from "./host.js";

export interface ApiContext {
  readonly host: ApiHost;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Ids and names of what users make. */
  readonly random: Random;
  readonly engine: EngineLink;
}

/** A read that takes longer than this has no quorum to wait for. */
const READ_TIMEOUT_MS = 5_000;

/**
 * Runs `read` on committed state that is as new as this request, so that who has been
 * told of a write sees it.
 * @throws NotAManagerError, NoLeaderError, and what `read` throws.
 */
export async function readCommitted<T>(
  context: ApiContext,
  read: (view: StoreView, manager: ApiManager) => T,
): Promise<T> {
  const manager = context.host.manager();
  const late = new AbortController();
  const timer = context.clock.after(READ_TIMEOUT_MS, () => {
    late.abort(manager.whyUnavailable());
  });
  try {
    await manager.readIndex(late.signal);
  } finally {
    timer.cancel();
  }
  return read(manager.store.committed, manager);
}
