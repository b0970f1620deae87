/**
 * A host for tests of the public API: one manager on a store in memory, a membership that does what
 * it is told, and a real server on a unix socket of its own.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";

import { notAManager, notInSwarm } from "../../manager/api/core/not-a-manager.js";
import type { ApiHost, ApiManager, MembershipStatus } from "../../manager/api/host.js";
import { type ApiServer, createApiServer } from "../../manager/api/server.js";
import { createAuthority } from "../../manager/ca/authority.js";
import { newJoinTokens } from "../../manager/ca/issuer.js";
import { NO_KNOWLEDGE } from "../../manager/explain/core/knowledge.js";
import { createMemoryStore } from "../../manager/store/memory-store.js";
import type { Store } from "../../manager/store/store.js";
import { completeSwarmSpec } from "../../shared/docker-api/defaults.js";
import type { NodeSpec } from "../../shared/docker-api/node-spec.js";
import { FailedPreconditionError, NoLeaderError } from "../../shared/errors/cluster-error.js";
import { type ClusterId, newId, type NodeId, type TaskId } from "../../shared/model/ids.js";
import type { Node } from "../../shared/model/node.js";
import type { Task } from "../../shared/model/task.js";
import type { Clock } from "../../shared/ports/clock.js";
import { silentLogger } from "../../shared/ports/logger.js";
import { seededRandom } from "../../shared/ports/random.js";
import { systemClock } from "../../shared/ports/system-clock.js";
import { type ApiAnswer, callApi } from "./api-client.js";

const random = seededRandom("api-fixture");

export const TASK_TEMPLATE = {
  ContainerSpec: { Image: "skep/busybox:1", Args: ["sleep", "9"] },
};

/** What every object shows. */
export interface ShownObject {
  readonly ID: string;
  readonly Version: { readonly Index: number };
  readonly Spec: Readonly<Record<string, unknown>>;
  readonly PreviousSpec?: Readonly<Record<string, unknown>>;
}

export class ApiFixture {
  readonly socketPath: string;
  readonly store: Store;
  readonly managerId: NodeId = newId<NodeId>(random);
  engineSocket: string | undefined;
  role: "manager" | "worker" | "none" = "none";
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #server: ApiServer;

  constructor(
    options: {
      readonly engineSocket?: string;
      readonly clock?: Clock;
      /** One of its own unless told. */
      readonly socketPath?: string;
    } = {},
  ) {
    this.#folder = mkdtempSync(join(tmpdir(), "skep-api-"));
    this.socketPath = options.socketPath ?? join(this.#folder, "skep.sock");
    this.#clock = options.clock ?? systemClock;
    this.store = createMemoryStore({ clock: this.#clock }).store;
    this.engineSocket = options.engineSocket;
    this.#server = createApiServer({
      host: this.#host(),
      clock: this.#clock,
      random: random.fork("server"),
      logger: silentLogger,
    });
  }

  /** In a swarm of one manager, unless told to be none. */
  static async start(
    options: {
      readonly engineSocket?: string;
      readonly clock?: Clock;
      readonly role?: "manager" | "worker" | "none";
    } = {},
  ): Promise<ApiFixture> {
    const fixture = new ApiFixture(options);
    const role = options.role ?? "manager";
    if (role === "manager") await fixture.#init();
    fixture.role = role;
    await fixture.listen();
    return fixture;
  }

  async listen(): Promise<void> {
    await this.#server.listen({ path: this.socketPath });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get(path: string): Promise<ApiAnswer> {
    return callApi(this.socketPath, { path });
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<ApiAnswer> {
    return callApi(this.socketPath, { path, body, headers });
  }

  /** Declares a service. @returns its id. */
  async create(name: string, spec: Record<string, unknown> = {}): Promise<string> {
    const answer = await this.post("/services/create", {
      Name: name,
      TaskTemplate: TASK_TEMPLATE,
      ...spec,
    });
    if (answer.status !== 201) throw new Error(`creating ${name}: ${answer.text}`);
    return (answer.json as { ID: string }).ID;
  }

  async inspect(path: string): Promise<ShownObject> {
    const answer = await this.get(path);
    if (answer.status !== 200) throw new Error(`${path}: ${answer.text}`);
    return answer.json as ShownObject;
  }

  /** A node that has said what it is. */
  async addNode(
    hostname: string,
    spec: NodeSpec = {},
    id = newId<NodeId>(random),
  ): Promise<NodeId> {
    const node: Node = {
      id,
      version: 0,
      createdAtMs: 0,
      updatedAtMs: 0,
      spec: { Role: "worker", Availability: "active", ...spec },
      description: {
        Hostname: hostname,
        Platform: { OS: "linux", Architecture: "x86_64" },
        Resources: { NanoCPUs: 2e9, MemoryBytes: 4e9 },
        Engine: { EngineVersion: "20.10.24", Labels: { disk: "ssd" } },
      },
      status: { state: "ready", message: "", address: "127.0.0.1" },
    };
    await this.store.update((tx) => tx.apply({ kind: "create-node", node }));
    return id;
  }

  /** A task of the service with this name: pending, unless told otherwise. */
  async addTask(name: string, task: Partial<Task> = {}): Promise<TaskId> {
    const id = newId<TaskId>(random);
    await this.store.update((tx) => {
      const service = tx.view.serviceByName(name);
      if (service === undefined) throw new Error(`no service ${name}`);
      tx.apply({
        kind: "create-task",
        task: {
          id,
          version: 0,
          createdAtMs: 0,
          updatedAtMs: 0,
          serviceId: service.id,
          revision: service.revision,
          slot: 1,
          desired: "running",
          status: { state: "pending", atMs: tx.atMs, message: "pending" },
          ...task,
        },
      });
    });
    return id;
  }

  async #init(): Promise<void> {
    const clusterId = newId<ClusterId>(random);
    const authority = await createAuthority(clusterId, this.#clock.wallMs());
    await this.store.update((tx) =>
      tx.apply({
        kind: "create-cluster",
        cluster: {
          id: clusterId,
          version: 0,
          createdAtMs: 0,
          updatedAtMs: 0,
          spec: completeSwarmSpec({}),
          authority,
          joinTokens: newJoinTokens(authority, random),
          epoch: 1,
        },
      }),
    );
    await this.addNode("manager1", { Role: "manager" }, this.managerId);
  }

  #host(): ApiHost {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- the literal's getter has its own
    const fixture = this;
    const manager: ApiManager = {
      store: this.store,
      readIndex: () => Promise.resolve(),
      whyUnavailable: () => new NoLeaderError("The swarm does not have a leader."),
      forward: () => Promise.reject(new NoLeaderError("The swarm does not have a leader.")),
      isAlone: true,
      checkDemotion: () => undefined,
      backup: () => Readable.from([]),
      knowledge: NO_KNOWLEDGE,
      raftStatus: () => ({
        memberId: "1.0",
        role: "leader",
        term: 1,
        committedIndex: 1,
        appliedIndex: 1,
        lastIndex: 1,
        log: { firstIndex: 1, bytes: 0 },
        members: [],
      }),
      managerStatus: (nodeId) =>
        nodeId === this.managerId
          ? { leader: true, reachability: "reachable", address: "127.0.0.1:2377" }
          : undefined,
    };
    return {
      hostname: "manager1",
      generics: [{ DiscreteResourceSpec: { Kind: "ssd", Value: 2 } }],
      swarm: {
        status: () => this.#status(),
        init: async () => {
          if (this.role !== "none") {
            throw new FailedPreconditionError(
              'This node is already part of a swarm. Use "docker swarm leave" to leave this swarm and join another one.',
            );
          }
          await this.#init();
          this.role = "manager";
          return this.managerId;
        },
        join: () => {
          this.role = "worker";
          return Promise.resolve();
        },
        restore: () => Promise.resolve(this.managerId),
        leave: ({ forced }) => {
          if (this.role === "manager" && !forced) {
            throw new FailedPreconditionError(
              "You are attempting to leave the swarm on a node that is participating as a manager.",
            );
          }
          this.role = "none";
          return Promise.resolve();
        },
      },
      manager: () => {
        if (this.role === "manager") return manager;
        throw this.role === "none" ? notInSwarm() : notAManager([]);
      },
      get engineSocket(): string {
        // The interface says "absent" where there is none.
        return fixture.engineSocket as string;
      },
    };
  }

  #status(): MembershipStatus {
    const member = this.role !== "none";
    return {
      state: member ? "active" : "inactive",
      role: this.role,
      nodeId: member ? this.managerId : "",
      nodeAddress: member ? "127.0.0.1" : "",
      managers: member ? [{ nodeId: this.managerId, address: "127.0.0.1:2377" }] : [],
      error: "",
    };
  }
}
