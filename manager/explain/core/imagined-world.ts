/**
 * A cluster in which nothing happens but in thought: the store with changes that nobody makes, the
 * allocator's and the scheduler's own decisions upon it, and a clock that stands until it is told to
 * go on. What is foreseen here is computed by what would do it, never by a second rule.
 */
import type { ServiceId, TaskId } from "../../../shared/model/ids.js";
import { decideAllocation } from "../../allocator/core/decide.js";
import { PendingAllocations } from "../../allocator/core/pending-allocations.js";
import type { PlanTime } from "../../orchestrator/core/situation.js";
import { assignmentOf } from "../../scheduler/core/assignment.js";
import {
  ClusterState,
  isWaiting,
  type PlacementFacts,
} from "../../scheduler/core/cluster-state.js";
import { observeCommand, observeEverything } from "../../scheduler/core/observe.js";
import { applyChange } from "../../store/core/apply/change.js";
import type { Change } from "../../store/core/change.js";
import { Draft } from "../../store/core/draft.js";
import type { State } from "../../store/core/state.js";
import type { StoreView } from "../../store/core/view.js";

/** In one go, as there is nobody to let through in between. */
const EVERYTHING = Number.MAX_SAFE_INTEGER;

export interface ImaginedCommand {
  readonly view: StoreView;
  /** @throws ClusterError the change does not fit. */
  readonly apply: (change: Change) => void;
}

export class ImaginedWorld {
  readonly #state: State;
  #scheduler: ClusterState | undefined;
  #pending: PendingAllocations | undefined;
  #time: PlanTime;
  #waitedMs = 0;
  #sequence: number;
  #tasksMade = 0;

  /** @param state of its own: whatever happens in thought is written to it. */
  constructor(state: State, time: PlanTime) {
    this.#state = state;
    this.#time = time;
    this.#sequence = state.sequence;
  }

  get view(): StoreView {
    return this.#state;
  }

  get time(): PlanTime {
    return this.#time;
  }

  /** Since the beginning. */
  get waitedMs(): number {
    return this.#waitedMs;
  }

  /** Whole milliseconds, as timers go: a rest of a rounding error would never be over. */
  wait(ms: number): void {
    const { nowMs, atMs } = this.#time;
    const wholeMs = Math.max(1, Math.ceil(ms));
    this.#waitedMs += wholeMs;
    this.#time = { nowMs: nowMs + wholeMs, atMs: atMs + wholeMs };
    this.#pending?.tryAgain();
    this.#scheduler?.tryAgain();
  }

  /** Ids in the order of their making, and like none that chance gives. */
  newTaskId(): TaskId {
    this.#tasksMade += 1;
    return String(this.#tasksMade).padStart(ID_LENGTH, "0") as TaskId;
  }

  /** @returns whether anything is other than before. @throws ClusterError what does not fit. */
  command(write: (command: ImaginedCommand) => void): boolean {
    this.#sequence += 1;
    const draft = new Draft(this.#state, { atMs: this.#time.atMs, sequence: this.#sequence });
    write({
      view: this.#state,
      apply: (change) => {
        applyChange(draft, change);
      },
    });
    const events = draft.events();
    if (this.#scheduler !== undefined) observeCommand(this.#scheduler, events);
    this.#pending?.observe(events, this.#time.nowMs);
    return events.length > 0;
  }

  /** What the allocator would give, and what it would say that it cannot. */
  allocate(): boolean {
    if (this.#pending === undefined) {
      // Most services need no addresses, and who holds which takes a look at every task.
      if (this.#state.tasksInState("new").length === 0) return false;
      this.#pending = new PendingAllocations(this.#state, this.#time.nowMs);
    }
    const pending = this.#pending;
    const keys = pending.take(EVERYTHING);
    return this.command(({ view, apply }) => {
      const allocation = { view, holdings: pending.holdings, ...this.#time };
      for (const key of keys) {
        const { change, outcome } = decideAllocation(allocation, key);
        if (change !== undefined) apply(change);
        if (outcome === "wanting") pending.want(key);
      }
    });
  }

  /** Where the scheduler would put what waits, and what it would say of the rest. */
  schedule(): boolean {
    // How loaded every node is takes a look at every task: only where somebody needs a node.
    if (this.#scheduler === undefined && !this.#state.tasksInState("pending").some(isWaiting)) {
      return false;
    }
    const scheduler = this.#loads();
    if (!scheduler.hasWork) return false;
    const { placements, refusals } = scheduler.decide(EVERYTHING, this.#time.atMs);
    return this.command(({ view, apply }) => {
      placements.map(assignmentOf).forEach(apply);
      for (const { taskIds, reason } of refusals) {
        for (const taskId of taskIds) {
          const task = view.task(taskId);
          if (task === undefined) continue;
          const status = { ...task.status, atMs: this.#time.atMs, error: reason };
          apply({ kind: "observe-task", taskId, status });
        }
      }
    });
  }

  /** What tasks of the revision ask, and the nodes as they would find them. */
  placementFacts(serviceId: ServiceId, revision: number): PlacementFacts | undefined {
    return this.#loads().factsFor(serviceId, revision, this.#time.atMs);
  }

  #loads(): ClusterState {
    if (this.#scheduler === undefined) {
      this.#scheduler = new ClusterState();
      observeEverything(this.#scheduler, this.#state);
    }
    return this.#scheduler;
  }
}

/** That of ids. */
const ID_LENGTH = 25;
