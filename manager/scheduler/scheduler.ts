/**
 * The scheduler: gives every pending task a node, or says on the task why it has none.
 *
 * It owns nothing in the store but that step: pending → assigned, and the reason while pending. It
 * follows committed changes into its own state (`core/cluster-state.ts`), decides there, and writes
 * what it decided; a decision that the head no longer allows is given up for that task alone. Runs
 * only while this manager leads, from a fresh start each term.
 */
import type { TaskId } from "../../shared/model/ids.js";
import type { Clock } from "../../shared/ports/clock.js";
import type { Logger } from "../../shared/ports/logger.js";
import { ControlLoop } from "../control-loop.js";
import type { LeaderLoop } from "../leadership.js";
import type { StoreAccess, Transaction } from "../store/store-access.js";
import { assignmentOf } from "./core/assignment.js";
import { ClusterState, type Decisions, isWaiting, type Refusal } from "./core/cluster-state.js";
import { observeCommand, observeEverything } from "./core/observe.js";
import type { Placement } from "./core/place-tasks.js";

/**
 * Decided in one go: long enough to use the log well, short enough (about 20 ms) not
 * to hold up the event loop.
 */
const PLACEMENTS_PER_PASS = 8_000;
/** Changes in one command: 500 assignments are about 40 kB in the log. */
const CHANGES_PER_COMMAND = 500;

/** All waiting tasks are one concern: a pass looks at every one that could be placed. */
type Key = "waiting tasks";

export class Scheduler implements LeaderLoop {
  readonly name = "scheduler";
  readonly #store: StoreAccess;
  readonly #clock: Clock;
  readonly #logger: Logger;

  constructor(options: {
    readonly store: StoreAccess;
    readonly clock: Clock;
    readonly logger: Logger;
  }) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#logger = options.logger.child({ part: "scheduler" });
  }

  async run({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const state = new ClusterState();
    const loop: ControlLoop<Key> = new ControlLoop<Key>({
      name: this.name,
      clock: this.#clock,
      logger: this.#logger,
      reconcile: () => this.#pass(state, loop),
    });
    const watch = this.#store.watch(({ events }) => {
      observeCommand(state, events);
      if (state.hasWork) loop.enqueue("waiting tasks");
    });
    try {
      observeEverything(state, this.#store.committed);
      if (state.hasWork) loop.enqueue("waiting tasks");
      await loop.run({ signal });
    } finally {
      watch.close();
    }
  }

  async #pass(state: ClusterState, loop: ControlLoop<Key>): Promise<void> {
    const decisions = state.decide(PLACEMENTS_PER_PASS, this.#clock.wallMs());
    if (state.hasWork) loop.enqueue("waiting tasks");
    await this.#write(state, decisions);
    // What the head refused is open again, and no event need follow.
    if (state.hasWork) loop.enqueue("waiting tasks");
  }

  /**
   * Commands are proposed together and committed in their order; one that fails
   * gives up its own tasks only.
   */
  async #write(state: ClusterState, { placements, refusals }: Decisions): Promise<void> {
    const writes = [
      ...inBatches(placements).map((batch) => this.#assign(state, batch)),
      ...refusals.flatMap(({ taskIds, reason }) =>
        inBatches(taskIds).map((batch) => this.#explain(state, { taskIds: batch, reason })),
      ),
    ];
    const ends = await Promise.allSettled(writes);
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  }

  async #assign(state: ClusterState, batch: readonly Placement[]): Promise<void> {
    const giveUp = ({ taskId }: Placement): void => {
      state.abandon(taskId, this.#store.committed.task(taskId));
    };
    try {
      const refused = await this.#store.update((tx) => batch.filter((p) => !assignTask(tx, p)));
      refused.forEach(giveUp);
    } catch (error) {
      batch.forEach(giveUp);
      throw error;
    }
  }

  async #explain(state: ClusterState, { taskIds, reason }: Refusal): Promise<void> {
    try {
      await this.#store.update((tx) => {
        for (const taskId of taskIds) sayWhy(tx, taskId, reason);
      });
    } catch (error) {
      state.tryAgain();
      throw error;
    }
    this.#logger.info({ tasks: taskIds.length, reason }, "tasks wait for a node");
  }
}

/** @returns whether the head still wants this placement. */
function assignTask(tx: Transaction, placement: Placement): boolean {
  const { taskId, nodeId } = placement;
  const task = tx.view.task(taskId);
  if (task === undefined || !isWaiting(task) || tx.view.node(nodeId) === undefined) return false;
  tx.apply(assignmentOf(placement));
  return true;
}

function sayWhy(tx: Transaction, taskId: TaskId, reason: string): void {
  const task = tx.view.task(taskId);
  if (task === undefined || !isWaiting(task)) return;
  const status = { ...task.status, atMs: tx.atMs, error: reason };
  tx.apply({ kind: "observe-task", taskId, status });
}

function inBatches<T>(items: readonly T[]): T[][] {
  const batches: T[][] = [];
  for (let at = 0; at < items.length; at += CHANGES_PER_COMMAND) {
    batches.push(items.slice(at, at + CHANGES_PER_COMMAND));
  }
  return batches;
}
