/**
 * Why a service is as it is, and what comes next: the tasks as they stand, what holds for all of
 * them, and the steps that the planners themselves would take from here.
 */
import type { ServiceId } from "../../../shared/model/ids.js";
import type { Service } from "../../../shared/model/service.js";
import type { Task } from "../../../shared/model/task.js";
import { isTerminal, isWanted } from "../../../shared/model/task-state.js";
import { type PlanTime, Situation } from "../../orchestrator/core/situation.js";
import { groupBySlot } from "../../orchestrator/core/slot.js";
import type { State } from "../../store/core/state.js";
import { circumstances } from "./circumstances.js";
import { foresee, type Foresight } from "./foresee.js";
import { ImaginedWorld } from "./imagined-world.js";
import type { LeaderKnowledge } from "./knowledge.js";
import { standingOf } from "./standing.js";
import { type WaitingTasks, waitingTasks } from "./waiting.js";
import { wantedWords } from "./wanted.js";

export interface ServiceExplanation {
  readonly service: Service;
  readonly wanted: string;
  readonly running: number;
  /** Those that are wanted, and those that have not ended; in the order of their slots. */
  readonly tasks: readonly { readonly task: Task; readonly standing: string }[];
  readonly circumstances: readonly string[];
  /** Of the present, not of what is foreseen. */
  readonly waiting: readonly WaitingTasks[];
  readonly foresight: Foresight;
}

export interface Asked {
  /** The committed state, each time afresh: what is foreseen is written to it. */
  readonly imagine: () => State;
  readonly time: PlanTime;
  readonly known: LeaderKnowledge;
}

export function explainService(asked: Asked, service: Service): ServiceExplanation {
  const { time, known } = asked;
  const present = new ImaginedWorld(asked.imagine(), time);
  const situation = situationOf(present, service, known);
  const tasks = present.view.tasksOfService(service.id);
  return {
    service,
    wanted: wantedWords(service),
    running: tasks.filter(isRunning).length,
    tasks: shownTasks(tasks).map((task) => ({
      task,
      standing: standingOf(task, situation, known),
    })),
    circumstances: circumstances(present, situation),
    waiting: waitingTasks(present, service.id).filter(findsNoNode),
    // Last: it makes the present its future. Who holds what of which node is looked up once.
    foresight: foresee(present, service.id, known),
  };
}

export function situationOf(
  { view, time }: ImaginedWorld,
  service: Service,
  known: LeaderKnowledge,
): Situation {
  return new Situation(view, service, time, known.memoryOf(service.id).readySince);
}

export function foreseeFrom({ imagine, time, known }: Asked, serviceId: ServiceId): Foresight {
  return foresee(new ImaginedWorld(imagine(), time), serviceId, known);
}

/** Where one accepts it, it is only not placed yet. */
function findsNoNode({ verdict }: WaitingTasks): boolean {
  return verdict !== undefined && verdict.accepting.length === 0;
}

function isRunning({ desired, status }: Task): boolean {
  return isWanted(desired) && status.state === "running";
}

function shownTasks(tasks: readonly Task[]): readonly Task[] {
  return groupBySlot(tasks).flatMap(({ wanted, past, leaving }) => [
    ...wanted,
    ...[...past, ...leaving].filter(({ status }) => !isTerminal(status.state)),
  ]);
}
