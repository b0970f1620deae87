/**
 * The dispatcher during one term of leadership: the sessions, the clocks that run on them, and the
 * loops that write what they bring. Nothing of it outlives the term.
 */
import {
  FailedPreconditionError,
  InvalidArgumentError,
  NoLeaderError,
  NotFoundError,
  UnavailableError,
} from "../../shared/errors/cluster-error.js";
import { compareFences, type Fence } from "../../shared/model/fence.js";
import { newId, type NodeId } from "../../shared/model/ids.js";
import { type Node, presentRole } from "../../shared/model/node.js";
import type { Clock } from "../../shared/ports/clock.js";
import type { Logger } from "../../shared/ports/logger.js";
import type { Random } from "../../shared/ports/random.js";
import type { AgentMessage } from "../../shared/rpc/dispatcher-messages.js";
import type { Leadership } from "../raft/replicated-log.js";
import type { StoreView } from "../store/core/view.js";
import type { CommittedBatch, StoreAccess } from "../store/store-access.js";
import { AgentConnection, type SessionStream } from "./agent-connection.js";
import { concernedNode } from "./core/assignments.js";
import { LOOK_PERIOD_MS } from "./core/attention.js";
import { heartbeatPeriodMs } from "./core/heartbeat-period.js";
import { Liveness } from "./core/liveness.js";
import { livenessLimits } from "./core/liveness-limits.js";
import { NetworkTeller } from "./network-teller.js";
import { NodeWriter } from "./node-writer.js";
import { StatusWriter } from "./status-writer.js";
import { untilAborted } from "./until-aborted.js";

export interface DispatcherOptions {
  readonly store: StoreAccess;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Whether, and in which term, this manager leads. */
  readonly leadership: () => Leadership;
  /** `host:port` of every manager's gRPC port. */
  readonly managers: () => readonly string[];
  /**
   * Whether a majority of managers was heard within the last second or so; a
   * lone manager hears itself.
   */
  readonly quorum: () => "fresh" | "stale";
}

/** A stream that says nothing after it was opened is none. */
const HELLO_TIMEOUT_MS = 5_000;
/** Reports that an agent may have unanswered before its next message is read. */
const UNSTORED_MAX = 16;

type Hello = Extract<AgentMessage, { kind: "hello" }>;
type Messages = AsyncIterator<AgentMessage>;

export class DispatcherTerm {
  readonly #options: DispatcherOptions;
  readonly #term: number;
  readonly #liveness: Liveness;
  readonly #nodes: NodeWriter;
  readonly #statuses: StatusWriter;
  readonly #networks: NetworkTeller;
  /** The present session of each node. */
  readonly #connections = new Map<NodeId, AgentConnection>();
  /** Every open stream, those that have not said hello or were replaced included. */
  readonly #open = new Set<AbortController>();
  #periodMs: number;
  #ended = false;

  constructor(options: DispatcherOptions, term: number) {
    this.#options = options;
    this.#term = term;
    this.#liveness = new Liveness(options.clock.nowMs(), () =>
      livenessLimits(options.store.committed.cluster()?.spec.Dispatcher),
    );
    this.#nodes = new NodeWriter({ ...options, liveness: this.#liveness });
    this.#statuses = new StatusWriter(options);
    this.#networks = new NetworkTeller({
      ...options,
      connected: () => this.#connections.keys(),
      tell: (nodeId) => this.#connections.get(nodeId)?.networksChanged(),
      tellOfTask: (nodeId, taskId) => this.#connections.get(nodeId)?.taskChanged(taskId),
    });
    this.#periodMs = this.#heartbeatPeriodMs();
  }

  async run({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const { store, clock, quorum } = this.#options;
    for (const node of store.committed.nodes()) this.#expect(node.id);
    const watch = store.watch((batch) => {
      this.#committed(batch);
    });
    const statuses = this.#statuses.run({ signal });
    try {
      for (;;) {
        await clock.sleep(LOOK_PERIOD_MS, signal).catch(() => undefined);
        if (signal.aborted) break;
        this.#periodMs = this.#heartbeatPeriodMs();
        const changed = this.#liveness.look(clock.nowMs(), quorum());
        this.#nodes.changed(changed);
        for (const nodeId of changed) this.#breakOffSilent(nodeId);
        // Waiting here is right: while nothing can be written, no time counts against the nodes.
        await this.#nodes.write();
      }
    } finally {
      this.#ended = true;
      this.#networks.end();
      watch.close();
      for (const over of this.#open) over.abort(new NoLeaderError("this manager no longer leads"));
      await statuses;
    }
  }

  /**
   * One agent's conversation, from its hello to its end. What it throws is what the agent is told.
   */
  async session(stream: SessionStream, nodeId: NodeId, address: string): Promise<void> {
    if (this.#ended) throw new NoLeaderError("this manager no longer leads");
    const messages = stream.messages[Symbol.asyncIterator]();
    const over = new AbortController();
    this.#open.add(over);
    try {
      const hello = await this.#hello(messages, over);
      const connection = new AgentConnection(
        {
          nodeId,
          address: hello.address ?? address,
          stream,
          clock: this.#options.clock,
          present: () => ({ ...this.#present(), networks: this.#networks.of(nodeId) }),
          counts: () => this.#counts(nodeId),
        },
        over,
      );
      this.#checkFence(hello.fence);
      this.#replace(connection);
      this.#welcome(connection, hello).catch((error: unknown) => connection.end(error as Error));
      try {
        await this.#listen(connection, messages);
      } finally {
        connection.end(new UnavailableError("the session has ended"));
        this.#left(connection);
      }
    } finally {
      this.#open.delete(over);
    }
  }

  /**
   * A host has stopped all of its tasks and leaves for good: nobody has to wait for its silence.
   */
  async left(nodeId: NodeId): Promise<void> {
    this.#liveness.left(nodeId);
    this.#connections
      .get(nodeId)
      ?.end(new FailedPreconditionError(`node ${nodeId} left the cluster`));
    await this.#nodes.leave(nodeId);
    this.#options.logger.info({ nodeId }, "a node left the cluster");
  }

  tellManagers(): void {
    const addresses = this.#options.managers();
    for (const connection of this.#connections.values()) {
      connection.send({ kind: "managers", addresses });
    }
  }

  async #hello(messages: Messages, over: AbortController): Promise<Hello> {
    const timer = this.#options.clock.after(HELLO_TIMEOUT_MS, () => {
      over.abort(new InvalidArgumentError("the stream was opened and no hello came"));
    });
    try {
      const first = await untilAborted(messages.next(), over.signal);
      if (first.done === true || first.value.kind !== "hello") {
        throw new InvalidArgumentError("the first message of a session must be its hello");
      }
      return first.value;
    } finally {
      timer.cancel();
    }
  }

  /**
   * An agent that has obeyed a later term would refuse all that is said here: somebody else leads.
   */
  #checkFence(seen: Fence): void {
    const { fence } = this.#present();
    const order = compareFences({ ...seen, sequence: 0 }, { ...fence, sequence: 0 });
    if (order <= 0) return;
    throw new NoLeaderError(
      `the node has heard of term ${seen.term} of epoch ${seen.epoch}, this manager leads in term ${fence.term} of epoch ${fence.epoch}`,
    );
  }

  #replace(connection: AgentConnection): void {
    const { nodeId, address } = connection;
    const former = this.#connections.get(nodeId);
    this.#connections.set(nodeId, connection);
    if (former === undefined) return;
    this.#options.logger.info(
      { nodeId, address, former: former.address },
      "a newer session replaces that of the same node",
    );
    former.end(
      new FailedPreconditionError(
        `a newer session of node ${nodeId}, from ${address}, replaced this one`,
      ),
    );
  }

  /**
   * Takes as long as the store does to know the node. The agent hears at once that it was heard,
   * and its heartbeats are answered meanwhile: so it can tell a slow disk from a lost manager, and
   * we a waiting agent from a silent one.
   */
  async #welcome(connection: AgentConnection, hello: Hello): Promise<void> {
    const { store, clock, random, logger, managers } = this.#options;
    const { nodeId, address } = connection;
    connection.answerHeartbeat();
    if (store.committed.node(nodeId) === undefined) {
      if (isOfHistory(hello.fence, this.#present().fence)) await this.#tellRemoved(connection);
      throw new NotFoundError("node", nodeId);
    }
    const periodMs = this.#periodMs;
    const { description, engine } = hello;
    const host = { periodMs, engine };
    const { state, message } = this.#liveness.registered(nodeId, host, clock.nowMs());
    await untilAborted(
      this.#nodes.register(nodeId, { address, ...(description && { description }) }),
      connection.over,
    );
    logger.info({ nodeId, address, state, message }, "an agent began its session");
    const sessionId: string = newId(random);
    connection.send({
      kind: "welcome",
      sessionId,
      fence: this.#present().fence,
      heartbeatPeriodMs: periodMs,
    });
    connection.send({ kind: "managers", addresses: managers() });
    this.#tellRole(connection);
    connection.start();
  }

  async #listen(connection: AgentConnection, messages: Messages): Promise<void> {
    const unstored = new Set<Promise<void>>();
    for (;;) {
      const next = await untilAborted(messages.next(), connection.over);
      if (next.done === true) return;
      this.#liveness.heard(connection.nodeId, this.#options.clock.nowMs());
      this.#receive(connection, next.value, unstored);
      if (unstored.size >= UNSTORED_MAX) {
        await untilAborted(Promise.race(unstored), connection.over);
      }
    }
  }

  /** What has to wait for the store waits by itself: heartbeats behind it are still to be heard. */
  #receive(connection: AgentConnection, message: AgentMessage, unstored: Set<Promise<void>>): void {
    const { nodeId } = connection;
    const keep = (stored: Promise<void>): void => {
      const kept = stored.catch((error: unknown) => connection.end(error as Error));
      unstored.add(kept);
      void kept.then(() => unstored.delete(kept));
    };
    switch (message.kind) {
      case "heartbeat":
        if (connection.answerHeartbeat(this.#periodMs) === "answered") {
          this.#liveness.told(nodeId, this.#periodMs);
        }
        return;
      case "statuses": {
        const { batch, updates } = message;
        const stored = this.#statuses.add(nodeId, updates);
        keep(stored.then(() => connection.answer({ kind: "statuses-stored", batch })));
        return;
      }
      case "description": {
        const { address } = connection;
        keep(this.#nodes.register(nodeId, { address, description: message.description }));
        return;
      }
      case "engine":
        this.#liveness.engine(nodeId, message.health, this.#options.clock.nowMs());
        return;
      case "networks-applied":
        this.#networks.applied(nodeId, message.sequence);
        return;
      case "resend-assignments":
        connection.resend();
        return;
      case "hello":
        throw new InvalidArgumentError("a session has one hello");
    }
  }

  #left(connection: AgentConnection): void {
    const { nodeId } = connection;
    if (this.#connections.get(nodeId) !== connection) return; // replaced: the node is here
    this.#connections.delete(nodeId);
    this.#networks.left(nodeId);
    this.#liveness.closed(nodeId, this.#options.clock.nowMs());
    this.#options.logger.info({ nodeId }, "an agent's session ended");
  }

  #committed(batch: CommittedBatch): void {
    for (const event of batch.events) {
      this.#networks.observe(event);
      if (event.type === "node") {
        if (event.before === undefined && event.after !== undefined) this.#expect(event.after.id);
        if (event.after === undefined && event.before !== undefined) this.#removed(event.before.id);
        if (event.after !== undefined) this.#roleMayHaveChanged(event.before, event.after);
        continue;
      }
      const concerned = concernedNode(event);
      if (concerned === undefined || this.#networks.holds(concerned.taskId)) continue;
      this.#connections.get(concerned.nodeId)?.taskChanged(concerned.taskId);
    }
  }

  #roleMayHaveChanged(before: Node | undefined, after: Node): void {
    if (before === undefined || presentRole(before) === presentRole(after)) return;
    const connection = this.#connections.get(after.id);
    if (connection !== undefined) this.#tellRole(connection);
  }

  #tellRole(connection: AgentConnection): void {
    const node = this.#options.store.committed.node(connection.nodeId);
    if (node !== undefined) connection.send({ kind: "role", role: presentRole(node) });
  }

  #expect(nodeId: NodeId): void {
    const { store, clock } = this.#options;
    const view = store.committed;
    const state = view.node(nodeId)?.status.state ?? "unknown";
    const was = { state, periodMs: this.#periodMs, greetings: view.nodes().length };
    this.#liveness.expect(nodeId, was, clock.nowMs());
  }

  /**
   * An agent that was stopped and goes on must begin anew: the node counts as
   * down until it says hello.
   */
  #breakOffSilent(nodeId: NodeId): void {
    if (!this.#liveness.isLost(nodeId)) return;
    const reason = new UnavailableError(
      `node ${nodeId} was not heard for too long and counts as down`,
    );
    this.#connections.get(nodeId)?.end(reason);
  }

  #removed(nodeId: NodeId): void {
    this.#liveness.forget(nodeId);
    const connection = this.#connections.get(nodeId);
    if (connection === undefined) return;
    this.#tellRemoved(connection).catch((error: unknown) => connection.end(error as Error));
  }

  /** @throws always, once the agent takes what it is sent: there is nothing more to say. */
  async #tellRemoved(connection: AgentConnection): Promise<never> {
    const { nodeId } = connection;
    this.#options.logger.info({ nodeId }, "telling a node that it was removed");
    await connection.answer({ kind: "removed", fence: this.#present().fence });
    throw new FailedPreconditionError(`node ${nodeId} was removed from the swarm`);
  }

  #counts(nodeId: NodeId): "as-down" | "as-here" {
    const status = this.#liveness.of(nodeId) ?? this.#options.store.committed.node(nodeId)?.status;
    return status?.state === "down" ? "as-down" : "as-here";
  }

  #present(): { readonly view: StoreView; readonly fence: Fence } {
    const view = this.#options.store.committed;
    const epoch = view.cluster()?.epoch ?? 0;
    return { view, fence: { epoch, term: this.#term, sequence: view.sequence } };
  }

  #heartbeatPeriodMs(): number {
    const view = this.#options.store.committed;
    return heartbeatPeriodMs(view.nodes().length, view.cluster()?.spec.Dispatcher?.HeartbeatPeriod);
  }
}

/**
 * Whether an agent that has obeyed `seen` was a node of the history that ends at `present`: then
 * one that is not there any more was removed. Of a node that never was told anything, or of one
 * that joined after what a restored backup knows, no such thing can be said.
 */
function isOfHistory(seen: Fence, present: Fence): boolean {
  return seen.epoch === present.epoch && seen.sequence <= present.sequence;
}
