/**
 * The agent of one node: hears from the managers what to run here, has one runner per
 * task see to it, and reports.
 *
 * Invariants (DESIGN 5: 4, 6, 11): what it was told is durable before it is acted on; a message
 * below the highest fence ever seen is refused whole; nothing new starts before the first complete
 * assignment since the agent began; no task is stopped because a manager, a session or the agent
 * itself went away. Created and run by `node/`.
 */
import { setMaxListeners } from "node:events";

import type { NodeDescription } from "../../shared/docker-api/node-spec.js";
import type { GenericResource } from "../../shared/docker-api/resources.js";
import { assert, AssertionError } from "../../shared/errors/assert.js";
import { ClusterError } from "../../shared/errors/cluster-error.js";
import type { AssignmentSet } from "../../shared/model/assignment.js";
import type { Fence } from "../../shared/model/fence.js";
import type { NodeRole } from "../../shared/model/node.js";
import type { NodeNetworks } from "../../shared/model/node-networks.js";
import { canonicalText } from "../../shared/model/stable-hash.js";
import type { Clock } from "../../shared/ports/clock.js";
import type { Logger } from "../../shared/ports/logger.js";
import type { Random } from "../../shared/ports/random.js";
import type { Engine } from "../engine/engine.js";
import { NodeRemovedError, OutdatedManagerError } from "./agent-errors.js";
import type { AgentMemory } from "./agent-memory.js";
import { allOrNone } from "./all-or-none.js";
import {
  applyAssignments,
  type Assignments,
  beginSession,
  raiseFence,
} from "./core/diff-assignments.js";
import { ownDescription } from "./core/own-description.js";
import { EngineWatch } from "./engine-watch.js";
import { ManagerPursuit, type Outcome, type Told } from "./manager-pursuit.js";
import { type Attempt, ManagerSearch } from "./manager-search.js";
import { restoreAssignments, storedForm } from "./remembered.js";
import { RunnerSet } from "./runner-set.js";
import { type Conversation, type HostReport, Session, type SessionHandlers } from "./session.js";
import { StatusBook } from "./status-book.js";
import { stopOptionsOf } from "./task-runner.js";

export interface AgentOptions {
  readonly engine: Engine;
  /** What the node calls itself, where that is not what its engine says. */
  readonly hostname?: string;
  /** What the host has beside what its engine says; of a kind that both tell of, these count. */
  readonly generics?: readonly GenericResource[];
  /**
   * `host:port` of managers to begin with; those that a manager names later are
   * remembered and come first.
   */
  readonly managers: readonly string[];
  /** See `dispatcherConnector`. */
  readonly connect: (address: string) => Conversation;
  /** What managers are to tell of this host, without a port; absent: what they see. */
  readonly address?: string;
  /**
   * Resolves once the host at `address` takes a connection; asked before each session. See
   * `reachHost`.
   * @throws UnavailableError
   */
  readonly reach: (address: string, signal: AbortSignal) => Promise<unknown>;
  /** Called whenever a session has begun or ended. */
  readonly onState?: (state: SessionState) => void;
  /** Called with what the host is to be, at least once in each session. */
  readonly onRole?: (role: NodeRole) => void;
  /** What keeps the node's networks as the managers say; absent where it has none. */
  readonly networks?: NetworkKeeper;
  /** The agent's own; no other process may use it. */
  readonly memory: AgentMemory;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface NetworkKeeper {
  /**
   * Resolves once it is kept: a task of these networks may then be prepared.
   * @param applied called once the host is as this says, if nothing else was told by then
   */
  want(told: NodeNetworks, applied: () => void): Promise<void>;
}

export type SessionState =
  | { readonly kind: "connected"; readonly address: string }
  /**
   * `reason`: why the last session ended, or was not begun. `unknown`: a manager said that it does
   * not know this node.
   */
  | { readonly kind: "searching"; readonly reason: string; readonly node?: "unknown" };

/**
 * An engine that is there has said within this time what the host offers; without one, the managers
 * are told just that.
 */
const ENGINE_PATIENCE_MS = 1_000;
export class Agent {
  readonly #options: AgentOptions;
  readonly #logger: Logger;
  readonly #db: AgentMemory;
  #assignments: Assignments = restoreAssignments([], []);
  #managers: readonly string[] = [];
  /** As managers say that do not lead: to be asked too, and not remembered. */
  #referrals: readonly string[] = [];
  #memory: "kept" | "none" = "none";
  #description: NodeDescription | undefined;
  /** At most one of them has begun. */
  readonly #sessions = new Set<Session>();
  /** What managers say is taken one after the other, across sessions too. */
  #turn: Promise<unknown> = Promise.resolve();
  #state: SessionState = { kind: "searching", reason: "not started" };
  #activity: "idle" | "running" | "leaving" = "idle";

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#logger = options.logger.child({ part: "agent" });
    this.#db = options.memory;
  }

  get state(): SessionState {
    return this.#state;
  }

  /** `host:port` of the managers as they were last named; before that, those to begin with. */
  get managers(): readonly string[] {
    return this.#managers.length > 0 ? this.#managers : this.#options.managers;
  }

  /**
   * Until `signal` aborts, then resolves: tasks run on, and the next agent picks them up.
   * @throws NodeRemovedError the node was removed; what runs here is to be stopped (`leave`).
   * @throws where the agent's memory cannot be read, or for a bug of ours.
   */
  async run({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    assert(this.#activity === "idle", "an agent runs once at a time, and not while it leaves");
    this.#activity = "running";
    const { engine, clock, random } = this.#options;
    const book = new StatusBook(() => {
      this.#db.saveStatuses(() => book.toStored());
      for (const session of this.#sessions) session.sendStatuses();
    });
    const runners = new RunnerSet({ engine, clock, random, logger: this.#logger }, book);
    const watch = this.#watchEngine(runners);
    try {
      await this.#remember(book);
      for (const assignment of this.#assignments.tasks.values()) {
        book.learn(assignment.task.id, assignment.task.status);
        runners.assign(assignment);
      }
      await allOrNone(signal, [
        (until) => runners.run(until),
        (until) => watch.run(until),
        (until) => this.#followManagers(runners, book, watch, until),
      ]);
    } catch (cause) {
      if (!signal.aborted || cause !== signal.reason) throw cause;
    } finally {
      await this.#turn;
      await this.#db.flush();
      this.#activity = "idle";
    }
  }

  /**
   * Stops and removes every task of this node and forgets the cluster: the node
   * leaves. Not while `run` runs.
   * @throws EngineUnavailableError where the engine is away; it may then be called again.
   */
  async leave({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    assert(this.#activity === "idle", "an agent must have ended before it leaves");
    this.#activity = "leaving";
    const { engine } = this.#options;
    try {
      await this.#remember(new StatusBook(() => undefined));
      const taskIds = await engine.list(signal);
      // Every task waits on it: without a word, Node takes more than ten listeners for a leak.
      setMaxListeners(0, signal);
      this.#logger.info({ tasks: taskIds.length }, "leaving: stopping all tasks of this node");
      await Promise.all(
        taskIds.map(async (taskId) => {
          const assignment = this.#assignments.tasks.get(taskId);
          await engine.stop(taskId, stopOptionsOf(assignment), signal);
          await engine.remove(taskId, signal);
        }),
      );
      await this.#db.clear();
    } finally {
      this.#activity = "idle";
    }
  }

  async #remember(book: StatusBook): Promise<void> {
    const { assignments, statuses, memory } = await this.#db.read();
    this.#memory = memory;
    this.#managers = assignments.managers;
    this.#assignments = {
      ...restoreAssignments(assignments.tasks, assignments.templates),
      fence: assignments.fence,
    };
    book.restore(statuses.filter(({ taskId }) => this.#assignments.tasks.has(taskId)));
  }

  #watchEngine(runners: RunnerSet): EngineWatch {
    const { engine, clock } = this.#options;
    return new EngineWatch({
      engine,
      clock,
      logger: this.#logger,
      lookAround: (signal) => this.#lookAround(runners, signal),
      look: (taskId) => runners.look(taskId),
      onHealth: () => this.#tellOfHost(),
    });
  }

  async #lookAround(runners: RunnerSet, signal: AbortSignal): Promise<void> {
    const { engine } = this.#options;
    const description = ownDescription(await engine.describe(signal), this.#options);
    if (canonicalText(description) !== canonicalText(this.#description)) {
      this.#description = description;
      this.#tellOfHost();
    }
    runners.found(await engine.list(signal));
  }

  async #followManagers(
    runners: RunnerSet,
    book: StatusBook,
    watch: EngineWatch,
    signal: AbortSignal,
  ): Promise<void> {
    const { clock, random, managers, reach } = this.#options;
    await watch.answered(ENGINE_PATIENCE_MS, signal);
    const search = new ManagerSearch(
      random,
      () => [...this.#managers, ...managers, ...this.#referrals],
      () => Math.max(this.managers.length, this.#referrals.length),
    );
    const pursuit = new ManagerPursuit({
      search,
      clock,
      reach,
      converse: (attempt, told, until) =>
        this.#converse(attempt, this.#handlers(runners, book, told), { book, watch }, until),
      onBegun: (address) => {
        this.#enter({ kind: "connected", address });
        this.#logger.info({ manager: address }, "session with manager begun");
      },
      onEnded: (address, cause, outcome) => this.#sessionEnded(address, cause, outcome),
    });
    await pursuit.run(signal);
  }

  async #converse(
    { address, patience, wordLimitMs }: Attempt,
    handlers: SessionHandlers,
    { book, watch }: { readonly book: StatusBook; readonly watch: EngineWatch },
    signal: AbortSignal,
  ): Promise<never> {
    const { address: own, clock, connect } = this.#options;
    const hello = {
      fence: this.#assignments.fence,
      memory: this.#memory,
      ...(own !== undefined && { address: own }),
    };
    const session = new Session({
      conversation: connect(address),
      clock,
      book,
      hello,
      host: () => this.#host(watch),
      handlers,
      wordLimitMs,
      patience,
    });
    this.#sessions.add(session);
    try {
      return await session.run(signal);
    } finally {
      this.#sessions.delete(session);
    }
  }

  #host(watch: EngineWatch): HostReport {
    return {
      engine: watch.health,
      ...(this.#description && { description: this.#description }),
    };
  }

  #tellOfHost(): void {
    for (const session of this.#sessions) session.sendHost();
  }

  #sessionEnded(address: string, cause: unknown, outcome: Outcome): void {
    if (cause instanceof AssertionError || !(cause instanceof Error)) throw cause;
    const fields = { manager: address, reason: cause.message };
    if (!(cause instanceof ClusterError)) {
      // A full disk, or what a manager said was beyond us: the tasks must not pay for it.
      this.#logger.error({ ...fields, error: cause }, "session failed; tasks run on");
    } else if (outcome === "begun") {
      this.#logger.warn(fields, "session with manager ended, turning to the next; tasks run on");
    } else {
      const level = cause instanceof OutdatedManagerError ? "warn" : "debug";
      this.#logger[level](fields, "no session with this manager");
    }
    // Others may be asked in vain while a session stands whose manager is silent.
    if (outcome === "not-begun" && this.#state.kind === "connected") return;
    const isUnknown = cause instanceof ClusterError && cause.code === "not-found";
    const reason = `${address}: ${cause.message}`;
    this.#enter({ kind: "searching", reason, ...(isUnknown && { node: "unknown" }) });
  }

  #enter(state: SessionState): void {
    this.#state = state;
    this.#options.onState?.(state);
  }

  #handlers(runners: RunnerSet, book: StatusBook, told: Told): SessionHandlers {
    return {
      welcomed: (fence) =>
        this.#inTurn(async () => {
          const raised = raiseFence(this.#assignments, fence);
          if (raised === undefined) throw this.#outdated(fence);
          await this.#keep(beginSession(raised));
        }),
      ...told,
      assigned: (set) => this.#inTurn(() => this.#assigned(set, runners, book)),
      removed: (fence) =>
        this.#inTurn(async () => {
          const raised = raiseFence(this.#assignments, fence);
          if (raised === undefined) throw this.#outdated(fence);
          await this.#keep(raised);
          throw new NodeRemovedError();
        }),
      referred: (addresses) => {
        this.#referrals = addresses;
      },
      roleNamed: (role) => this.#options.onRole?.(role),
      managersChanged: (addresses) =>
        this.#inTurn(async () => {
          this.#managers = addresses;
          this.#referrals = [];
          await this.#db.saveAssignments(storedForm(this.#assignments, addresses));
        }),
    };
  }

  /** A session may end while a slow disk still writes what it brought: the next one waits for it. */
  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(act);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #assigned(
    set: AssignmentSet,
    runners: RunnerSet,
    book: StatusBook,
  ): Promise<"applied" | "gap"> {
    const result = applyAssignments(this.#assignments, set);
    switch (result.kind) {
      case "outdated":
        throw this.#outdated(set.fence);
      case "gap":
        this.#logger.warn({ reason: result.reason }, "asking for a complete assignment");
        return "gap";
      case "applied":
        break;
    }
    await this.#keep(result.assignments);
    if (set.networks !== undefined) {
      await this.#options.networks?.want(set.networks, () => {
        for (const session of this.#sessions) session.sendApplied(set.fence);
      });
    }
    this.#memory = "kept";
    for (const taskId of result.removed) runners.unassign(taskId, set.stopWithinMs);
    for (const taskId of result.changed) {
      const assignment = result.assignments.tasks.get(taskId);
      if (assignment === undefined) continue;
      book.learn(taskId, assignment.task.status);
      runners.assign(assignment, set.stopWithinMs);
    }
    if (set.kind === "complete") runners.release();
    return "applied";
  }

  /** Durable first: what is forgotten by a crash must not have been obeyed. */
  async #keep(assignments: Assignments): Promise<void> {
    await this.#db.saveAssignments(storedForm(assignments, this.#managers));
    this.#assignments = assignments;
  }

  #outdated(sent: Fence): OutdatedManagerError {
    return new OutdatedManagerError({ seen: this.#assignments.fence, sent });
  }
}
