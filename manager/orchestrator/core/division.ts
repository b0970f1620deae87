/** What a mode makes of a service's slots: which are missing, which stay, which go. */
import type { Action } from "./action.js";
import type { Slot, SlotKey } from "./slot.js";

export interface Division {
  /** All slots of the service, as the mode sees them. */
  readonly slots: readonly Slot[];
  /** Slots to fill. */
  readonly vacant: readonly SlotKey[];
  /** Held slots that stay and are repaired. */
  readonly kept: readonly Slot[];
  /** Those of `kept` that a rolling update may renew. */
  readonly renewable: readonly Slot[];
  /** What becomes of the others. */
  readonly actions: readonly Action[];
}
