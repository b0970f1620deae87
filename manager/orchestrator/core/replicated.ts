/**
 * The replicated mode: which slots are missing, and which are too many. What happens inside a slot
 * (restarts, replacements) is decided elsewhere; here a slot either is held or is not.
 */
import type { NodeId } from "../../../shared/model/ids.js";
import { compareSlots, isHeld, latestTask, type Slot } from "./slot.js";

export interface ReplicatedPlan {
  /** Slot numbers to fill, the lowest first. */
  readonly vacant: readonly number[];
  /** Held slots to give up. */
  readonly surplus: readonly Slot[];
  /** Held slots that stay, ordered by number. */
  readonly kept: readonly Slot[];
}

/** @param slots all slots of the service, ordered by number */
export function reconcileReplicated(replicas: number, slots: readonly Slot[]): ReplicatedPlan {
  const held = slots.filter(isHeld);
  if (held.length <= replicas) {
    return { vacant: vacantNumbers(held, replicas - held.length), surplus: [], kept: held };
  }
  const surplus = byWorth(held).slice(replicas);
  const given = new Set(surplus.map((slot) => slot.key));
  return { vacant: [], surplus, kept: held.filter((slot) => !given.has(slot.key)) };
}

function vacantNumbers(held: readonly Slot[], count: number): number[] {
  const taken = new Set(held.map((slot) => slot.key));
  const vacant: number[] = [];
  for (let number = 1; vacant.length < count; number++) {
    if (!taken.has(number)) vacant.push(number);
  }
  return vacant;
}

/**
 * The most worth keeping first: slots that run before those that do not, then those that are
 * alone on their node before second and third copies there (what stays is balanced over the
 * nodes), then low numbers.
 */
function byWorth(held: readonly Slot[]): Slot[] {
  const runningFirst = [...held].sort((a, b) => Number(runs(b)) - Number(runs(a)));
  const copiesOn = new Map<NodeId, number>();
  const ranked = runningFirst.map((slot) => {
    const nodeId = latestTask(slot)?.nodeId;
    if (nodeId === undefined) return { slot, copy: Number.MAX_SAFE_INTEGER };
    const copy = (copiesOn.get(nodeId) ?? 0) + 1;
    copiesOn.set(nodeId, copy);
    return { slot, copy };
  });
  return ranked
    .sort(
      (a, b) =>
        Number(runs(b.slot)) - Number(runs(a.slot)) ||
        a.copy - b.copy ||
        compareSlots(a.slot, b.slot),
    )
    .map(({ slot }) => slot);
}

function runs(slot: Slot): boolean {
  return slot.wanted.some((task) => task.status.state === "running");
}
