/** A change to a service, thought through: what would be stopped, made and where, if it were made. */
import type { ServicePlan } from "../../../shared/docker-api/foresight.js";
import { assert } from "../../../shared/errors/assert.js";
import type { ServiceId } from "../../../shared/model/ids.js";
import { type Service, serviceName } from "../../../shared/model/service.js";
import { canonicalText } from "../../../shared/model/stable-hash.js";
import { isTerminal, isWanted } from "../../../shared/model/task-state.js";
import { type Asked, foreseeFrom } from "../../explain/core/explain-service.js";
import { foresee } from "../../explain/core/foresee.js";
import type { ForeseenStep } from "../../explain/core/foreseen.js";
import { ImaginedWorld } from "../../explain/core/imagined-world.js";
import { waitingTasks } from "../../explain/core/waiting.js";
import type { Change } from "../../store/core/change.js";
import type { StoreView } from "../../store/core/view.js";
import { showSteps, showWaiting } from "./show-foresight.js";

/** @throws ClusterError as the change itself would. */
export function thinkThrough(
  asked: Asked,
  change: (view: StoreView) => Change,
): Omit<ServicePlan, "Warnings"> {
  const world = new ImaginedWorld(asked.imagine(), asked.time);
  const { serviceId, before } = carryOut(world, change);
  const alive = world.view
    .tasksOfService(serviceId)
    .filter(({ desired, status }) => isWanted(desired) && !isTerminal(status.state));
  const { steps, outlook } = foresee(world, serviceId, asked.known);
  const { view } = world;
  const service = view.service(serviceId);
  assert(service !== undefined, `service ${serviceId} went away in thought`);
  const shown = showSteps(view, serviceId, steps);
  const anyway = before === undefined ? [] : withoutChange(asked, serviceId);
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

function carryOut(world: ImaginedWorld, plan: (view: StoreView) => Change): Carried {
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
function withoutChange(asked: Asked, serviceId: ServiceId): unknown {
  return showSteps(asked.imagine(), serviceId, foreseeFrom(asked, serviceId).steps);
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
