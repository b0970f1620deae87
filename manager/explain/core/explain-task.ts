/** One task's story: why it is there, how it stands, and what comes next for its slot. */
import type { Service } from "../../../shared/model/service.js";
import { isPlaced, type Task } from "../../../shared/model/task.js";
import { isTerminal, isWanted } from "../../../shared/model/task-state.js";
import { slotKey, tasksOfSlot } from "../../orchestrator/core/slot.js";
import type { StoreView } from "../../store/core/view.js";
import { type Asked, situationOf } from "./explain-service.js";
import { foresee, type Foresight } from "./foresee.js";
import { ImaginedWorld } from "./imagined-world.js";
import type { PlacementVerdict } from "./placement.js";
import { standingOf } from "./standing.js";
import { lastWords, type StoryLine, storyOf } from "./story.js";
import { verdictOn } from "./waiting.js";

export interface TaskExplanation {
  readonly task: Task;
  readonly story: readonly StoryLine[];
  readonly standing: string;
  /** For one that no node accepts. */
  readonly verdict?: PlacementVerdict;
  /** What comes next in its slot. */
  readonly foresight: Foresight;
  /** What takes or took its place; absent where nothing did. */
  readonly successor?: Task;
}

/** @param service that the task belongs to; where it was removed, nothing comes after the task. */
export function explainTask(
  asked: Asked,
  service: Service | undefined,
  task: Task,
): TaskExplanation {
  if (service === undefined) {
    const standing = `${task.status.state}; its service was removed`;
    return { task, story: lastWords(task), standing, foresight: { steps: [], outlook: "rest" } };
  }
  const present = new ImaginedWorld(asked.imagine(), asked.time);
  const situation = situationOf(present, service, asked.known);
  const key = slotKey(task);
  const verdict = isUnplaced(task) ? verdictOn(present, task).verdict : undefined;
  const next = successorOf(present.view, task);
  const told = {
    task,
    story: storyOf(task, situation),
    standing: standingOf(task, situation, asked.known),
  };
  // Last: it makes the present its future. Who holds what of which node is looked up once.
  const { steps, outlook } = foresee(present, service.id, asked.known);
  const ofSlot = steps.map((step) => ({
    ...step,
    acts: step.acts.filter(({ slot }) => slot === key),
  }));
  return {
    ...told,
    ...(verdict !== undefined && verdict.accepting.length === 0 ? { verdict } : {}),
    foresight: { steps: ofSlot.filter(({ acts }) => acts.length > 0), outlook },
    ...(next === undefined ? {} : { successor: next }),
  };
}

function isUnplaced(task: Task): boolean {
  return isWanted(task.desired) && !isPlaced(task) && !isTerminal(task.status.state);
}

function successorOf(view: StoreView, task: Task): Task | undefined {
  if (isWanted(task.desired)) return undefined;
  return tasksOfSlot(view, task.serviceId, slotKey(task))
    .filter(({ createdAtMs, id }) => id !== task.id && createdAtMs >= task.createdAtMs)
    .sort((a, b) => a.createdAtMs - b.createdAtMs || a.version - b.version)[0];
}
