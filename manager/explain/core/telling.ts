/**
 * Keeps what is done in an imagined world as acts that a person would count: a task that gives way
 * to another is one act, not an order to stop, a task made, a node given and an order to start.
 */
import type { TaskId } from "../../../shared/model/ids.js";
import { isPlaced, type Task } from "../../../shared/model/task.js";
import { isTerminal, isWanted } from "../../../shared/model/task-state.js";
import type { Action } from "../../orchestrator/core/action.js";
import type { Situation } from "../../orchestrator/core/situation.js";
import { slotKey } from "../../orchestrator/core/slot.js";
import type { StoreView } from "../../store/core/view.js";
import type { ForeseenAct, ForeseenStep } from "./foreseen.js";
import { reasonOf } from "./reasons.js";

interface Step {
  readonly afterMs: number;
  readonly awaits: ForeseenStep["awaits"];
  readonly acts: ForeseenAct[];
}

export class Telling {
  readonly #steps: Step[] = [];
  #present: Step;
  #awaits: ForeseenStep["awaits"] = "nothing";
  /** Tasks without a node, and where their act stands; none for those that were there before. */
  readonly #unplaced = new Map<TaskId, (toNode: Task) => void>();
  /** When the tasks were made that this tells of. */
  readonly #made = new Map<TaskId, number>();
  /** Tasks that give way to one that starts first: that they stop then was said. */
  readonly #givingWay = new Set<TaskId>();

  /** @param tasks of the service, as they are at the beginning. */
  constructor(tasks: readonly Task[]) {
    this.#present = { afterMs: 0, awaits: "nothing", acts: [] };
    for (const task of tasks.filter(waitsForNode)) {
      this.#unplaced.set(task.id, (placed) => {
        const { id: taskId, revision, nodeId: toNodeId } = placed;
        const slot = slotKey(task);
        const why = "a node accepts it";
        this.#add({ kind: "place", slot, taskId, revision, ...(toNodeId && { toNodeId }), why });
      });
    }
  }

  get steps(): readonly ForeseenStep[] {
    return this.#steps;
  }

  /** What hosts reported had to come first. */
  hostsReported(): void {
    this.#awaits = "hosts";
  }

  /** What follows happens together. */
  beginStep(afterMs: number): void {
    this.#present = { afterMs, awaits: this.#awaits, acts: [] };
  }

  /** Called before the action is carried out. */
  tell(action: Action, newTaskId: TaskId, situation: Situation): void {
    const why = reasonOf(action, situation);
    switch (action.kind) {
      case "create-task": {
        const { slot, revision } = action.task;
        this.#addMade({ kind: "create", slot, newTaskId, revision, why }, newTaskId);
        return;
      }
      case "replace-task": {
        const old = situation.view.task(action.taskId);
        if (old !== undefined) this.#tellReplacement(old, action, newTaskId, why);
        return;
      }
      case "start-task":
        if (this.#made.get(action.taskId) === this.#present.afterMs) return;
        this.#tellOf(situation.view.task(action.taskId), "start", why);
        return;
      case "stop-task":
      case "remove-task":
        if (this.#givingWay.has(action.taskId)) return;
        this.#tellOf(situation.view.task(action.taskId), "stop", why);
        return;
      case "observe-update":
      case "roll-back":
        this.#add({ kind: "update", why });
        return;
      case "observe-rebalance":
        this.#add({ kind: "rebalance", why });
        return;
      case "forget-task":
        return;
    }
  }

  /** Says of tasks that have a node by now where that is. */
  placed(view: StoreView): void {
    for (const [taskId, say] of this.#unplaced) {
      const task = view.task(taskId);
      if (task !== undefined && isWanted(task.desired) && !isPlaced(task)) continue;
      this.#unplaced.delete(taskId);
      if (task !== undefined && isPlaced(task)) say(task);
    }
  }

  #tellReplacement(
    old: Task,
    { order, successor: { slot, revision } }: Extract<Action, { kind: "replace-task" }>,
    newTaskId: TaskId,
    why: string,
  ): void {
    const made = { slot, taskId: old.id, newTaskId, revision, why };
    if (isTerminal(old.status.state)) {
      this.#addMade({ kind: "create", ...made }, newTaskId);
      return;
    }
    if (order === "start-first") this.#givingWay.add(old.id);
    const from = isPlaced(old) && old.nodeId !== undefined ? { fromNodeId: old.nodeId } : {};
    this.#addMade({ kind: "replace", ...made, order, ...from }, newTaskId);
  }

  #tellOf(task: Task | undefined, kind: "start" | "stop", why: string): void {
    if (task === undefined || isTerminal(task.status.state)) return;
    const { id: taskId, revision } = task;
    const at = isPlaced(task) && task.nodeId !== undefined ? { fromNodeId: task.nodeId } : {};
    this.#add({ kind, slot: slotKey(task), taskId, revision, ...at, why });
  }

  #addMade(act: ForeseenAct, newTaskId: TaskId): void {
    this.#made.set(newTaskId, this.#present.afterMs);
    const { acts } = this.#present;
    const place = acts.length;
    this.#add(act);
    this.#unplaced.set(newTaskId, ({ nodeId }) => {
      if (nodeId !== undefined) acts[place] = { ...act, toNodeId: nodeId };
    });
  }

  #add(act: ForeseenAct): void {
    if (this.#present.acts.length === 0) this.#steps.push(this.#present);
    this.#present.acts.push(act);
  }
}

function waitsForNode(task: Task): boolean {
  return isWanted(task.desired) && !isPlaced(task) && !isTerminal(task.status.state);
}
