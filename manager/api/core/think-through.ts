/** A change to a service, thought through: what would be stopped, made and where, if it were made. */
import type { ServicePlan } from "../../../shared/docker-api/foresight.js";
import { assert } from "../../../shared/errors/assert.js";
import type { ServiceId } from "../../../shared/model/ids.js";
import { type Service, serviceName } from "../../../shared/model/service.js";
import { canonicalText } from "../../../shared/model/stable-hash.js";
import { isTerminal, isWanted } from "../../../shared/model/task-state.js";
import { foresee } from "../../explain/core/foresee.js";
import type { ForeseenStep } from "../../explain/core/foreseen.js";
import { ImaginedWorld } from "../../explain/core/imagined-world.js";
import type { LeaderKnowledge } from "../../explain/core/knowledge.js";
import { waitingTasks } from "../../explain/core/waiting.js";
import type { PlanTime } from "../../orchestrator/core/situation.js";
import type { Change } from "../../store/core/change.js";
import type { State } from "../../store/core/state.js";
import type { StoreView } from "../../store/core/view.js";
import { showSteps, showWaiting } from "./show-foresight.js";

export interface Thought {
  /** The committed state, each time afresh: what is thought is written to it. */
  readonly imagine: () => State;
  readonly time: PlanTime;
  /** @throws ClusterError what is asked does not fit. */
  readonly change: (view: StoreView) => Change;
  readonly known: LeaderKnowledge;
}

/** @throws ClusterError as the change itself would. */
export function thinkThrough(thought: Thought): Omit<ServicePlan, "Warnings"> {
  const world = new ImaginedWorld(thought.imagine(), thought.time);
  const { serviceId, before } = carryOut(world, thought);
  const alive = world.view
    .tasksOfService(serviceId)
    .filter(({ desired, status }) => isWanted(desired) && !isTerminal(status.state));
  const { steps, outlook } = foresee(world, serviceId, thought.known);
  const { view } = world;
  const service = view.service(serviceId);
  assert(service !== undefined, `service ${serviceId} went away in thought`);
  const shown = showSteps(view, serviceId, steps);
  const anyway = before === undefined ? [] : withoutChange(thought, serviceId);
  return {
    ...(before === undefined ? {} : { ID: serviceId, PresentRevision: before.revision }),
    Name: serviceName(service.frame),
    Revision: service.revision,
    Steps: shown,
    Waiting: waitingTasks(world, serviceId).map((one) => showWaiting(view, one)),
    Outlook: outlook,
    Totals: totalsOf(steps, alive.length),
    Unchanged: canonicalText(shown) === canonicalText(anyway),
  };
}

interface Carried {
  readonly serviceId: ServiceId;
  /** Absent for one that is new. */
  readonly before: Service | undefined;
}

function carryOut(world: ImaginedWorld, { change: plan }: Thought): Carried {
  const done: { carried?: Carried } = {};
  world.command(({ view, apply }) => {
    const change = plan(view);
    const serviceId = serviceOf(change);
    done.carried = { serviceId, before: view.service(serviceId) };
    apply(change);
  });
  assert(done.carried !== undefined, "a change was not carried out");
  return done.carried;
}

function serviceOf(change: Change): ServiceId {
  if (change.kind === "create-service") return change.service.id;
  assert(change.kind === "update-service", `${change.kind} changes no service`);
  return change.serviceId;
}

/** What comes in any case. */
function withoutChange({ imagine, time, known }: Thought, serviceId: ServiceId): unknown {
  const world = new ImaginedWorld(imagine(), time);
  const { steps } = foresee(world, serviceId, known);
  return showSteps(world.view, serviceId, steps);
}

function totalsOf(steps: readonly ForeseenStep[], alive: number): ServicePlan["Totals"] {
  const acts = steps.flatMap((step) => step.acts);
  const gone = new Set(
    acts.filter(({ kind }) => kind === "replace" || kind === "stop").map(({ taskId }) => taskId),
  );
  const stopped = acts.filter(
    ({ kind, fromNodeId }) => (kind === "replace" || kind === "stop") && fromNodeId !== undefined,
  );
  return {
    Created: acts.filter(({ newTaskId }) => newTaskId !== undefined).length,
    Stopped: stopped.length,
    Kept: Math.max(0, alive - gone.size),
  };
}
