/** What the cluster's spec says of how tasks are kept, in the units that decisions are made in. */
import type { StoreView } from "../../store/core/view.js";
import { type BackOff, DEFAULT_BACK_OFF } from "./restart.js";

const NS_PER_MS = 1e6;

/** As in SwarmKit: a host that is silent for so long is taken to be off for good. */
export const ORPHANED_AFTER_MS = 24 * 3_600_000;
/** Docker waits a minute in all, grace period or not. */
const STOP_PATIENCE_MS = 60_000;

export function backOffOf(view: StoreView): BackOff {
  const { FreeRestarts, First, Limit } = orchestrationOf(view).RestartBackOff ?? {};
  return {
    freeRestarts: FreeRestarts ?? DEFAULT_BACK_OFF.freeRestarts,
    firstMs: milliseconds(First) ?? DEFAULT_BACK_OFF.firstMs,
    limitMs: milliseconds(Limit) ?? DEFAULT_BACK_OFF.limitMs,
  };
}

/** How long a node may be down before its tasks are given up. */
export function orphanedAfterMs(view: StoreView): number {
  return milliseconds(orchestrationOf(view).OrphanAfter) ?? ORPHANED_AFTER_MS;
}

/**
 * How long after its predecessor's grace period a task is started although that still stops: an
 * engine that hangs must not keep a slot down for ever.
 */
export function stopPatienceMs(view: StoreView): number {
  return milliseconds(orchestrationOf(view).StopPatience) ?? STOP_PATIENCE_MS;
}

function orchestrationOf(view: StoreView) {
  return view.cluster()?.spec.Orchestration ?? {};
}

function milliseconds(nanoseconds: number | undefined): number | undefined {
  return nanoseconds === undefined ? undefined : nanoseconds / NS_PER_MS;
}
