/**
 * Everything about one service, compared with what the user wants of it: the actions that
 * bring them together. Level-triggered: made from the store's present view alone, and empty
 * once there is nothing to do.
 */
import type { ServiceId, TaskId } from "../../../shared/model/ids.js";
import type { Task } from "../../../shared/model/task.js";
import { planRebalance } from "../../rebalancer/core/plan-rebalance.js";
import { JUST_READY, type ReadyTimes } from "../../rebalancer/core/ready-times.js";
import type { StoreView } from "../../store/core/view.js";
import { type Arrivals, NO_ARRIVALS, planUpdate } from "../../updater/core/plan-update.js";
import { isEvidence } from "../../updater/core/slot-progress.js";
import { type Action, NO_RESTARTS } from "./action.js";
import type { Division } from "./division.js";
import { divideGlobal } from "./global.js";
import { divideGlobalJob, divideReplicatedJob } from "./job.js";
import { historyLimit, reapSlot } from "./reap.js";
import { isOccupied, NO_REPAIR, repairSlot } from "./repair-slot.js";
import { reconcileReplicated } from "./replicated.js";
import { type PlanTime, Situation } from "./situation.js";
import { groupBySlot, type Slot } from "./slot.js";

/**
 * What a leader remembers of a service between plans: since when it waits. A
 * new leader starts afresh.
 */
export interface ServiceMemory {
  /** When a task was first seen waiting with desired state `ready`. */
  readonly readySince: ReadonlyMap<TaskId, number>;
  readonly arrivals: Arrivals;
}

export const NO_MEMORY: ServiceMemory = { readySince: new Map(), arrivals: NO_ARRIVALS };

export interface ServicePlan {
  readonly actions: readonly Action[];
  /** Plan again after this time, if nothing happens before (ms). */
  readonly wakeInMs?: number;
  readonly memory: ServiceMemory;
}

export function planService(
  view: StoreView,
  serviceId: ServiceId,
  time: PlanTime,
  memory: ServiceMemory,
  readyTimes: ReadyTimes = JUST_READY,
): ServicePlan {
  const service = view.service(serviceId);
  const tasks = view.tasksOfService(serviceId);
  const slots = groupBySlot(tasks);
  const limit = historyLimit(view);
  if (service === undefined) return removal(slots, limit);
  const reaped = slots.flatMap((slot) =>
    reapSlot(slot, limit, (task) => isEvidence(task, service)),
  );
  const readySince = rememberReady(tasks, memory, time);
  const situation = new Situation(view, service, time, readySince);
  const division = divide(view, slots, situation);
  const update = planUpdate(division.renewable, situation, memory.arrivals);
  const rebalance = planRebalance(division.kept, situation, readyTimes);
  const repairs = division.kept
    .filter(({ key }) => !update.started.has(key) && !rebalance.started.has(key))
    .map((slot) => repairSlot(slot, situation))
    .filter((repair) => repair !== NO_REPAIR);
  const wakes = [update, rebalance, ...repairs].flatMap(({ wakeInMs }) => wakeInMs ?? []);
  return {
    actions: [
      ...division.actions,
      ...update.actions,
      ...rebalance.actions,
      ...repairs.flatMap(({ actions }) => actions),
      ...fill(division, situation),
      ...reaped,
    ],
    ...(wakes.length === 0 ? {} : { wakeInMs: wakes.reduce((a, b) => Math.min(a, b)) }),
    memory: { readySince, arrivals: update.arrivals },
  };
}

function divide(view: StoreView, slots: readonly Slot[], situation: Situation): Division {
  const { Global: global, GlobalJob: globalJob, ...counted } = situation.service.frame.Mode ?? {};
  if (global !== undefined) return divideGlobal(view.nodes(), slots, situation);
  if (globalJob !== undefined) return divideGlobalJob(view.nodes(), slots, situation);
  const { Replicated: replicated, ReplicatedJob: job } = counted;
  if (job !== undefined) return divideReplicatedJob(job, slots, situation);
  const { vacant, surplus, kept } = reconcileReplicated(replicated?.Replicas ?? 1, slots);
  return { slots, vacant, kept, renewable: kept, actions: surplus.flatMap(removeAll) };
}

/** The service is gone: so are its tasks, once they have stopped. */
function removal(slots: readonly Slot[], limit: number): ServicePlan {
  const reaped = slots.flatMap((slot) => reapSlot(slot, limit, () => false));
  return { actions: [...slots.flatMap(removeAll), ...reaped], memory: NO_MEMORY };
}

function removeAll(slot: Slot): Action[] {
  return [...slot.wanted, ...slot.past].map((task) => ({ kind: "remove-task", taskId: task.id }));
}

function fill({ vacant, slots }: Division, situation: Situation): readonly Action[] {
  if (vacant.length === 0) return [];
  const emptied = new Map(slots.map((slot) => [slot.key, slot]));
  const { revision } = situation.service;
  return vacant.map((key) => {
    const slot = emptied.get(key);
    const desired = slot !== undefined && isOccupied(slot, situation) ? "ready" : situation.goal;
    return {
      kind: "create-task",
      task: { slot: key, revision, desired, restarts: NO_RESTARTS },
    };
  });
}

function rememberReady(
  tasks: readonly Task[],
  memory: ServiceMemory,
  { nowMs }: PlanTime,
): ReadonlyMap<TaskId, number> {
  const waiting = tasks.filter((task) => task.desired === "ready");
  return new Map(waiting.map((task) => [task.id, memory.readySince.get(task.id) ?? nowMs]));
}
