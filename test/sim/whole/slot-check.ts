/**
 * DESIGN 5, points 5 and 6, as the store has them: a slot has one task that should run, or two
 * while one replaces the other start-first; states only go forward; a task stays where it is; and
 * nothing is forgotten that may still run.
 */
import type { StoreEvent } from "../../../manager/store/core/change.js";
import type { Service } from "../../../shared/model/service.js";
import { isPlaced, type Task } from "../../../shared/model/task.js";
import { isTerminal, isWanted } from "../../../shared/model/task-state.js";
import type { Check, Ground } from "./ground.js";
import { placeOf } from "./ground.js";

/** Written down once more, as the contract has it: not taken from the code that is checked. */
const ORDER = [
  "new",
  "pending",
  "assigned",
  "accepted",
  "preparing",
  "ready",
  "starting",
  "running",
  "complete",
  "shutdown",
  "failed",
  "rejected",
  "remove",
  "orphaned",
];
const FIRST_TERMINAL = ORDER.indexOf("complete");
const WANTED_ORDER = ["ready", "running", "complete", "shutdown", "remove"];

export class SlotCheck implements Check {
  readonly points = "5, 6";
  readonly #ground: Ground;

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  committed(events: readonly StoreEvent[]): void {
    for (const event of events) {
      if (event.type !== "task") continue;
      const { before, after } = event;
      if (before !== undefined && after !== undefined) this.#goesForward(before, after);
      if (before === undefined && after !== undefined) this.#isAlone(after);
      if (before !== undefined && after === undefined) this.#mayBeForgotten(before);
    }
  }

  #goesForward(before: Task, after: Task): void {
    const [from, to] = [ORDER.indexOf(before.status.state), ORDER.indexOf(after.status.state)];
    const isFinal = from >= FIRST_TERMINAL && after.status.state !== "orphaned" && from !== to;
    if (to < from || isFinal) {
      const detail = `task ${after.id} went from ${before.status.state} to ${after.status.state}`;
      this.#ground.violated("observed states only go forward", detail);
    }
    if (WANTED_ORDER.indexOf(after.desired) < WANTED_ORDER.indexOf(before.desired)) {
      const detail = `task ${after.id} went from ${before.desired} to ${after.desired}`;
      this.#ground.violated("desired states only go forward", detail);
    }
    if (before.nodeId !== undefined && before.nodeId !== after.nodeId) {
      const detail = `task ${after.id} went from ${before.nodeId} to ${after.nodeId ?? "nowhere"}`;
      this.#ground.violated("a task never moves", detail);
    }
  }

  #isAlone(made: Task): void {
    const { view } = this.#ground;
    const others = view
      .tasksOfService(made.serviceId)
      .filter(({ id, desired }) => id !== made.id && isWanted(desired))
      .filter((other) => placeOf(other) === placeOf(made));
    const service = view.service(made.serviceId);
    if (others.length === 0 || service === undefined || !isWanted(made.desired)) return;
    const moves = [made, ...others].some(({ relieves }) => relieves !== undefined);
    if (others.length === 1 && (moves || maySucceedStartFirst(service))) return;
    const detail = `${placeOf(made)} has ${made.id} beside ${others.map(({ id }) => id).join()}`;
    this.#ground.violated("a slot has one task, or two start-first", detail);
  }

  #mayBeForgotten(task: Task): void {
    if (isTerminal(task.status.state) || !isPlaced(task)) return;
    if (this.#ground.view.node(task.nodeId!) === undefined) return;
    const detail = `task ${task.id} is forgotten, and ${task.status.state} on ${task.nodeId ?? ""}`;
    this.#ground.violated("nothing is forgotten while it may run", detail);
  }
}

function maySucceedStartFirst({ frame }: Service): boolean {
  const { UpdateConfig: update, RollbackConfig: rollback } = frame;
  return update?.Order === "start-first" || rollback?.Order === "start-first";
}
