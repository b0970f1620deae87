/**
 * The manager's side of the session stream, held by a test: real gRPC, real certificates, real
 * messages; what it says and when is the test's. Answers heartbeats and statuses by itself
 * unless told to be silent.
 */
import type { NodeDescription } from "../shared/docker-api/node-spec.js";
import type { AssignmentSet, TaskTemplate } from "../shared/model/assignment.js";
import type { EngineHealth } from "../shared/model/engine-health.js";
import type { Fence } from "../shared/model/fence.js";
import type { TaskId } from "../shared/model/ids.js";
import type { Task, TaskStatus } from "../shared/model/task.js";
import { silentLogger } from "../shared/ports/logger.js";
import { systemClock } from "../shared/ports/system-clock.js";
import type { AgentMessage, ManagerMessage } from "../shared/rpc/dispatcher-messages.js";
import { SESSION } from "../shared/rpc/dispatcher-rpc.js";
import { RpcServer } from "../shared/rpc/rpc-server.js";
import type { RpcStream } from "../shared/rpc/rpc-stream.js";
import type { IdentitySource } from "../shared/rpc/tls-identity.js";

/** As real managers ask for in small clusters. */
const HEARTBEAT_PERIOD_MS = 500;

export type Hello = Extract<AgentMessage, { kind: "hello" }>;

export class DispatcherStub {
  readonly address: string;
  /** The newest status of each task, and all states that were heard of it, in order. */
  readonly statuses = new Map<TaskId, TaskStatus>();
  readonly heard = new Map<TaskId, string[]>();
  readonly hellos: Hello[] = [];
  /** What was said of the host after its hello. */
  readonly descriptions: NodeDescription[] = [];
  engine: EngineHealth | undefined;
  resendsAsked = 0;
  fence: Fence;
  /** `silent`: the connection stands, but not a word comes. */
  manner: "answers" | "silent" = "answers";
  readonly #server: RpcServer;
  #session: RpcStream<AgentMessage, ManagerMessage> | undefined;
  #sequence = 0;

  private constructor(server: RpcServer, port: number, fence: Fence) {
    this.#server = server;
    this.address = `127.0.0.1:${port}`;
    this.fence = fence;
  }

  static async serve(identity: IdentitySource, options: { fence: Fence; port?: number }) {
    const server = new RpcServer({ identity, clock: systemClock, logger: silentLogger });
    // The handler is only called once somebody connects, and by then the stub is made.
    const made: { stub?: DispatcherStub } = {};
    server.stream(SESSION, (stream) => made.stub!.#converse(stream));
    const port = await server.listen({ host: "127.0.0.1", port: options.port ?? 0 });
    made.stub = new DispatcherStub(server, port, options.fence);
    return made.stub;
  }

  get connected(): boolean {
    return this.#session !== undefined;
  }

  complete(tasks: readonly Task[], templates: readonly TaskTemplate[]): void {
    this.#sequence = 0;
    this.#assign({ kind: "complete", tasks, templates });
  }

  increment(change: Partial<AssignmentSet>): void {
    this.#assign({ kind: "incremental", ...change });
  }

  close(): void {
    this.#server.close();
  }

  send(message: ManagerMessage): void {
    this.#session?.send(message);
  }

  #assign(set: Partial<AssignmentSet> & Pick<AssignmentSet, "kind">): void {
    const { fence } = this;
    const sequence = ++this.#sequence;
    const whole = { fence, sequence, tasks: [], removed: [], templates: [], ...set };
    this.send({ kind: "assignments", set: whole });
  }

  async #converse(stream: RpcStream<AgentMessage, ManagerMessage>): Promise<void> {
    try {
      for await (const message of stream.messages) {
        if (this.manner === "answers") this.#answer(message, stream);
      }
    } finally {
      if (this.#session === stream) this.#session = undefined;
    }
  }

  #answer(message: AgentMessage, stream: RpcStream<AgentMessage, ManagerMessage>): void {
    switch (message.kind) {
      case "hello": {
        this.hellos.push(message);
        this.engine = message.engine;
        this.#session = stream;
        this.#sequence = 0;
        const { fence } = this;
        const sessionId = `session-${this.hellos.length}`;
        const heartbeatPeriodMs = HEARTBEAT_PERIOD_MS;
        stream.send({ kind: "welcome", sessionId, fence, heartbeatPeriodMs });
        return;
      }
      case "statuses":
        for (const { taskId, status } of message.updates) this.#hear(taskId, status);
        stream.send({ kind: "statuses-stored", batch: message.batch });
        return;
      case "heartbeat":
        stream.send({ kind: "heartbeat-received" });
        return;
      case "resend-assignments":
        this.resendsAsked++;
        return;
      case "description":
        this.descriptions.push(message.description);
        return;
      case "engine":
        this.engine = message.health;
        return;
      case "networks-applied":
        return;
    }
  }

  #hear(taskId: TaskId, status: TaskStatus): void {
    this.statuses.set(taskId, status);
    this.heard.set(taskId, [...(this.heard.get(taskId) ?? []), status.state]);
  }
}
