/**
 * The job modes: tasks that run to their end, and are then done. A replicated job wants so many of
 * its slots completed, so many of them running at once; a global job wants every node to have
 * completed its task. A new revision is a new run: the tasks of the runs before go, whether they
 * had ended or not. A run's completed tasks stay, as they are what it has achieved.
 */
import type { ReplicatedJob } from "../../../shared/docker-api/service-spec.js";
import type { Node } from "../../../shared/model/node.js";
import type { Task } from "../../../shared/model/task.js";
import type { Action } from "./action.js";
import type { Division } from "./division.js";
import { divideGlobal } from "./global.js";
import type { Situation } from "./situation.js";
import { isHeld, type Slot } from "./slot.js";

/** @param slots all slots of the service, ordered by number */
export function divideReplicatedJob(
  { MaxConcurrent: concurrent = 1, TotalCompletions: total = 1 }: ReplicatedJob,
  slots: readonly Slot[],
  situation: Situation,
): Division {
  const { run, earlier } = separateRuns(slots, situation);
  const held = run.filter(isHeld);
  const done = held.filter((slot) => isDone(slot, situation));
  // Where the user wants fewer, the highest numbers go of those that are not done.
  const open = held.filter((slot) => !isDone(slot, situation));
  const kept = open.slice(0, Math.max(0, total - done.length));
  const active = kept.filter((slot) => slot.wanted.length > 0).length;
  const missing = total - done.length - kept.length;
  return {
    slots: run,
    vacant: lowestFree(held, Math.min(missing, concurrent - active)),
    kept,
    renewable: [],
    actions: [...earlier.map(remove), ...open.slice(kept.length).flatMap(removeAll)],
  };
}

/** @param slots all slots of the service */
export function divideGlobalJob(
  nodes: readonly Node[],
  slots: readonly Slot[],
  situation: Situation,
): Division {
  const { run, earlier } = separateRuns(slots, situation);
  const division = divideGlobal(nodes, run, situation);
  const actions = [...earlier.map(remove), ...division.actions];
  return { ...division, renewable: [], actions };
}

interface Runs {
  /** The slots as the present run sees them: what is left of those before is about to leave. */
  readonly run: readonly Slot[];
  /** Tasks of the runs before that have not been told to go. */
  readonly earlier: readonly Task[];
}

function separateRuns(slots: readonly Slot[], situation: Situation): Runs {
  const isOfRun = (task: Task): boolean => situation.isCurrent(task);
  const earlier: Task[] = [];
  const run = slots.map((slot) => {
    const { key, wanted, past, leaving } = slot;
    const others = [...past, ...wanted].filter((task) => !isOfRun(task));
    if (others.length === 0) return slot;
    earlier.push(...others);
    return {
      key,
      wanted: wanted.filter(isOfRun),
      past: past.filter(isOfRun),
      leaving: [...leaving, ...others],
    };
  });
  return { run, earlier };
}

function isDone({ wanted }: Slot, situation: Situation): boolean {
  return wanted.some((task) => situation.isDone(task));
}

function lowestFree(held: readonly Slot[], count: number): number[] {
  const taken = new Set(held.map((slot) => slot.key));
  const free: number[] = [];
  for (let number = 1; free.length < count; number++) {
    if (!taken.has(number)) free.push(number);
  }
  return free;
}

function removeAll(slot: Slot): Action[] {
  return [...slot.wanted, ...slot.past].map(remove);
}

function remove({ id }: Task): Action {
  return { kind: "remove-task", taskId: id };
}
