/**
 * The rolling update: which slots get the new template next. Each of `Parallelism` lanes takes a
 * slot, replaces its task, waits until the new one runs (healthy) or has ended, serves `Delay`,
 * and takes the next. The monitor period is not waited for in between: a failure within it counts
 * whenever it comes. How far the update is stands in the store, in its tasks and on the service;
 * a new leader goes on where the last one was.
 */
import type { TaskId } from "../../../shared/model/ids.js";
import type { Task } from "../../../shared/model/task.js";
import { isTerminal } from "../../../shared/model/task-state.js";
import { type Action, type NewTask, NO_RESTARTS } from "../../orchestrator/core/action.js";
import { isOccupied } from "../../orchestrator/core/repair-slot.js";
import type { Situation } from "../../orchestrator/core/situation.js";
import { compareSlots, type Slot, type SlotKey } from "../../orchestrator/core/slot.js";
import { judgeUpdate, progressAfter, type Verdict } from "./judge-update.js";
import { firstSeenMs, isOutdated, progressOf, type SlotProgress } from "./slot-progress.js";
import { isPaused, isUnderWay, rulesOf, type UpdateRules } from "./update-rules.js";

/** When this leader first saw a new task run or ended, on the clock that never goes back. */
export type Arrivals = ReadonlyMap<TaskId, number>;

export const NO_ARRIVALS: Arrivals = new Map();

export interface UpdatePlan {
  readonly actions: readonly Action[];
  /** Slots that `actions` are about: nothing else is to be done in them. */
  readonly started: ReadonlySet<SlotKey>;
  readonly arrivals: Arrivals;
  readonly wakeInMs?: number;
}

const NOTHING: UpdatePlan = { actions: [], started: new Set(), arrivals: NO_ARRIVALS };

interface SlotState {
  readonly slot: Slot;
  readonly progress: SlotProgress;
}

/** @param slots the held slots that stay and may be renewed */
export function planUpdate(
  slots: readonly Slot[],
  situation: Situation,
  known: Arrivals,
): UpdatePlan {
  if (!concernsAnybody(slots, situation)) return NOTHING;
  const rules = rulesOf(situation.service);
  const arrivals = new Map<TaskId, number>();
  const arrivedMs = (task: Task): number => {
    const ms = known.get(task.id) ?? firstSeenMs(task, situation.time);
    arrivals.set(task.id, ms);
    return ms;
  };
  const states = slots.map((slot) => ({
    slot,
    progress: progressOf(slot, situation, { arrivedMs, rules }),
  }));
  const progress = states.map((state) => state.progress);
  const verdict = judgeUpdate(situation.service, progress, rules);
  return carryOutVerdict(verdict, { states, situation, rules, arrivals });
}

/** Most services are not being updated, and some have a hundred thousand slots. */
function concernsAnybody(slots: readonly Slot[], situation: Situation): boolean {
  const { update } = situation.service;
  if (isPaused(update)) return false;
  return isUnderWay(update) || slots.some((slot) => isOutdated(slot, situation));
}

interface Course {
  readonly states: readonly SlotState[];
  readonly situation: Situation;
  readonly rules: UpdateRules;
  readonly arrivals: Arrivals;
}

function carryOutVerdict(verdict: Verdict, course: Course): UpdatePlan {
  const { service, time } = course.situation;
  switch (verdict.kind) {
    case "rest":
      return NOTHING;
    case "begin": {
      // What an earlier update's tasks did is no business of this one.
      const update = progressAfter(verdict, undefined, time.atMs);
      const advance = replaceNext(course);
      const begin: Action = { kind: "observe-update", basis: service.version, update };
      return { ...advance, actions: [begin, ...advance.actions] };
    }
    case "go-on": {
      const advance = replaceNext(course);
      return { ...advance, ...soonest(advance.wakeInMs, verdict.wakeInMs) };
    }
    case "complete":
    case "pause": {
      const update = progressAfter(verdict, service.update, time.atMs);
      return { ...NOTHING, actions: [{ kind: "observe-update", basis: service.version, update }] };
    }
    case "roll-back": {
      const update = progressAfter(verdict, service.update, time.atMs);
      // Nothing is done for the slots now: what they should run is about to be something else.
      const started = new Set(course.states.map(({ slot }) => slot.key));
      return {
        ...NOTHING,
        started,
        actions: [{ kind: "roll-back", basis: service.version, update }],
      };
    }
  }
}

function soonest(a: number | undefined, b: number | undefined): { readonly wakeInMs?: number } {
  const times = [a, b].filter((ms) => ms !== undefined);
  return times.length === 0 ? {} : { wakeInMs: Math.min(...times) };
}

function replaceNext({ states, situation, rules, arrivals }: Course): UpdatePlan {
  const { taken, wakeInMs } = lanesTaken(states, rules);
  // A slot with two wanted tasks first gives up the newer (see `repairSlot`).
  const chosen = states
    .filter(({ slot, progress }) => progress.kind === "outdated" && slot.wanted.length < 2)
    .map(({ slot }) => slot)
    .sort(idleFirst)
    .slice(0, Math.max(0, rules.parallelism - taken));
  return {
    actions: chosen.map((slot) => renew(slot, situation, rules)),
    started: new Set(chosen.map((slot) => slot.key)),
    arrivals,
    ...soonest(wakeInMs, undefined),
  };
}

/** A lane is taken until the slot's new task has arrived, and for the delay after that. */
function lanesTaken(
  states: readonly SlotState[],
  { delayMs }: UpdateRules,
): { readonly taken: number; readonly wakeInMs: number | undefined } {
  let taken = 0;
  let wakeInMs: number | undefined;
  for (const { progress } of states) {
    if (progress.kind === "coming") taken++;
    if (progress.kind !== "arrived" || progress.agoMs >= delayMs) continue;
    taken++;
    wakeInMs = Math.min(delayMs - progress.agoMs, wakeInMs ?? delayMs);
  }
  return { taken, wakeInMs };
}

/** Slots that do not run lose nothing by being replaced. */
function idleFirst(a: Slot, b: Slot): number {
  return Number(isSettled(a)) - Number(isSettled(b)) || compareSlots(a, b);
}

/** The slot has one task and it runs, or its last one has ended for good. */
function isSettled(slot: Slot): boolean {
  if (slot.wanted.length === 0) return true;
  return slot.wanted.length === 1 && slot.wanted[0]?.status.state === "running";
}

function renew(slot: Slot, situation: Situation, { order }: UpdateRules): Action {
  const old = slot.wanted.at(-1);
  if (old === undefined) {
    const desired = isOccupied(slot, situation) ? "ready" : "running";
    return { kind: "create-task", task: renewed(slot, desired, situation) };
  }
  if (order === "start-first" && old.status.state === "running") {
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
