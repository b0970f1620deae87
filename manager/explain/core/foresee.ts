/**
 * What will happen to a service if nothing else happens: the orchestrator's, the updater's, the
 * allocator's and the scheduler's own plans, carried out in an imagined world whose hosts do as they
 * are told and whose clock jumps to what is due next. One pass takes each of them once, in the order
 * in which the store's changes reach them.
 */
import type { ServiceId } from "../../../shared/model/ids.js";
import type { Task } from "../../../shared/model/task.js";
import { isTerminal, isWanted } from "../../../shared/model/task-state.js";
import type { Action } from "../../orchestrator/core/action.js";
import { changesOf } from "../../orchestrator/core/changes-of.js";
import { planService } from "../../orchestrator/core/plan-service.js";
import { Situation } from "../../orchestrator/core/situation.js";
import type { StoreView } from "../../store/core/view.js";
import { isPaused } from "../../updater/core/update-rules.js";
import { endingsOf, reportsOf } from "./assumed-hosts.js";
import type { ForeseenStep, Outlook } from "./foreseen.js";
import type { ImaginedWorld } from "./imagined-world.js";
import type { LeaderKnowledge } from "./knowledge.js";
import { Telling } from "./telling.js";

export interface Foresight {
  readonly steps: readonly ForeseenStep[];
  readonly outlook: Outlook;
}

/**
 * Tasks looked at in all, some 40 ms of work: whoever foresees may be the leader, who is waited for.
 * Enough for a hundred replicas one by one; what comes after that is not told.
 */
const LOOKS_MAX = 15_000;
/** What a pass costs at the least. */
const LOOKS_PER_PASS = 20;
/** Nobody reads further than that. */
const STEPS_MAX = 500;
/** Of what lies further away than that too much else will have changed. */
const HORIZON_MS = 7 * 24 * 3_600_000;

/** The world is changed by it. */
export function foresee(
  world: ImaginedWorld,
  serviceId: ServiceId,
  known: LeaderKnowledge,
): Foresight {
  const telling = new Telling(world.view.tasksOfService(serviceId));
  let remembered = known.memoryOf(serviceId);
  let looks = 0;
  world.command(({ view, apply }) => {
    endingsOf(view, serviceId, world.time.atMs).forEach(apply);
  });
  for (;;) {
    const { steps } = telling;
    looks += LOOKS_PER_PASS + world.view.tasksOfService(serviceId).length;
    if (looks > LOOKS_MAX || steps.length >= STEPS_MAX) return { steps, outlook: "more" };
    const { view, time } = world;
    const ready = known.readyTimesAt(time.nowMs);
    const plan = planService(view, serviceId, time, remembered, ready);
    remembered = plan.memory;
    const acted = carryOut(world, serviceId, plan.actions, telling);
    const given = world.allocate();
    const placed = world.schedule();
    telling.placed(world.view);
    const heard = world.command(({ view, apply }) => {
      reportsOf(view, serviceId, world.time.atMs).forEach(apply);
    });
    if (heard) telling.hostsReported();
    if (acted || given || placed || heard) continue;
    const { wakeInMs } = plan;
    if (wakeInMs === undefined) return { steps, outlook: outlookOf(world.view, serviceId) };
    if (world.waitedMs + wakeInMs > HORIZON_MS) return { steps, outlook: "more" };
    world.wait(wakeInMs);
  }
}

function carryOut(
  world: ImaginedWorld,
  serviceId: ServiceId,
  actions: readonly Action[],
  telling: Telling,
): boolean {
  const service = world.view.service(serviceId);
  if (service === undefined) return false;
  const { time } = world;
  telling.beginStep(world.waitedMs);
  const situation = new Situation(world.view, service, time, new Map());
  return world.command(({ view, apply }) => {
    for (const action of actions) {
      const newTaskId = world.newTaskId();
      const changes = changesOf(view, action, {
        serviceId,
        atMs: time.atMs,
        newTaskId: () => newTaskId,
      });
      if (changes.length === 0) continue;
      telling.tell(action, newTaskId, situation);
      changes.forEach(apply);
    }
  });
}

function outlookOf(view: StoreView, serviceId: ServiceId): Outlook {
  if (isPaused(view.service(serviceId)?.update)) return "waiting";
  const isOpen = ({ desired, status: { state } }: Task): boolean =>
    isWanted(desired) && state !== "running" && !isTerminal(state);
  return view.tasksOfService(serviceId).some(isOpen) ? "waiting" : "rest";
}
