/**
 * The rolling update: which slots get the new template next. Each of `Parallelism` lanes takes a
 * slot, replaces its task, waits until the new one runs, serves `Delay`, and takes the next. A slot
 * that is not running the new template yet occupies a lane whatever the reason, so that a template
 * which does not come up stops the update by itself.
 */
import { isTerminal } from "../../../shared/model/task-state.js";
import type { Action, NewTask } from "../../orchestrator/core/action.js";
import { NO_RESTARTS } from "../../orchestrator/core/action.js";
import { isOccupied } from "../../orchestrator/core/repair-slot.js";
import type { Situation } from "../../orchestrator/core/situation.js";
import { compareSlots, latestTask, type Slot, type SlotKey } from "../../orchestrator/core/slot.js";

/**
 * Per slot that occupies a lane: when this leader first saw the new
 * task run; undefined before.
 */
export type UpdateLanes = ReadonlyMap<SlotKey, number | undefined>;

export const NO_LANES: UpdateLanes = new Map();

export interface UpdatePlan {
  readonly actions: readonly Action[];
  /** Slots that `actions` replace. */
  readonly started: ReadonlySet<SlotKey>;
  readonly lanes: UpdateLanes;
  readonly wakeInMs?: number;
}

const NOTHING: UpdatePlan = { actions: [], started: new Set(), lanes: NO_LANES };
const NS_PER_MS = 1e6;

/** @param slots the held slots that stay, ordered by number */
export function planUpdate(
  slots: readonly Slot[],
  situation: Situation,
  lanes: UpdateLanes,
): UpdatePlan {
  const outdated = slots.filter((slot) => isOutdated(slot, situation));
  if (outdated.length === 0) return NOTHING;
  const current = slots.filter((slot) => !isOutdated(slot, situation));
  const { occupied, wakeInMs } = occupiedLanes(current, situation, lanes);
  const { Parallelism: parallelism = 0 } = situation.updateConfig();
  const free = parallelism === 0 ? outdated.length : Math.max(0, parallelism - occupied.size);
  // A slot with two wanted tasks first gives up the newer (see `repairSlot`).
  const chosen = outdated
    .filter((slot) => slot.wanted.length < 2)
    .sort(idleFirst)
    .slice(0, free);
  for (const slot of chosen) occupied.set(slot.key, undefined);
  return {
    actions: chosen.map((slot) => renew(slot, situation)),
    started: new Set(chosen.map((slot) => slot.key)),
    lanes: occupied,
    ...(wakeInMs === undefined ? {} : { wakeInMs }),
  };
}

function isOutdated(slot: Slot, situation: Situation): boolean {
  const latest = latestTask(slot);
  return latest !== undefined && !situation.isCurrent(latest);
}

/** Slots that run the new template, or are about to: which of them still occupy a lane? */
function occupiedLanes(
  current: readonly Slot[],
  situation: Situation,
  lanes: UpdateLanes,
): { readonly occupied: Map<SlotKey, number | undefined>; readonly wakeInMs: number | undefined } {
  const delayMs = (situation.updateConfig().Delay ?? 0) / NS_PER_MS;
  const { nowMs } = situation.time;
  const occupied = new Map<SlotKey, number | undefined>();
  let wakeInMs: number | undefined;
  for (const slot of current) {
    if (!isSettled(slot)) {
      occupied.set(slot.key, undefined);
    } else if (lanes.has(slot.key)) {
      const sinceMs = lanes.get(slot.key) ?? nowMs;
      const leftMs = sinceMs + delayMs - nowMs;
      if (leftMs <= 0) continue;
      occupied.set(slot.key, sinceMs);
      wakeInMs = Math.min(leftMs, wakeInMs ?? leftMs);
    }
  }
  return { occupied, wakeInMs };
}

/** The slot has one task and it runs, or its last one has ended for good. */
function isSettled(slot: Slot): boolean {
  if (slot.wanted.length === 0) return true;
  return slot.wanted.length === 1 && slot.wanted[0]?.status.state === "running";
}

/** Slots that do not run lose nothing by being replaced. */
function idleFirst(a: Slot, b: Slot): number {
  return Number(isSettled(a)) - Number(isSettled(b)) || compareSlots(a, b);
}

function renew(slot: Slot, situation: Situation): Action {
  const old = slot.wanted.at(-1);
  if (old === undefined) {
    const desired = isOccupied(slot, situation) ? "ready" : "running";
    return { kind: "create-task", task: renewed(slot, desired, situation) };
  }
  const startFirst =
    situation.updateConfig().Order === "start-first" && old.status.state === "running";
  if (startFirst) {
    const successor = renewed(slot, "running", situation);
    return { kind: "replace-task", taskId: old.id, order: "start-first", successor };
  }
  const mustWait =
    isOccupied(slot, situation) ||
    (!isTerminal(old.status.state) &&
      old.nodeId !== undefined &&
      situation.footingOf(old) !== "lost");
  const successor = renewed(slot, mustWait ? "ready" : "running", situation);
  return { kind: "replace-task", taskId: old.id, order: "stop-first", successor };
}

function renewed(slot: Slot, desired: NewTask["desired"], situation: Situation): NewTask {
  const { revision } = situation.service;
  return { slot: slot.key, revision, desired, restarts: NO_RESTARTS };
}
