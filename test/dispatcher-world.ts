/**
 * A manager's dispatcher as agents meet it: real TLS on the loopback, a store in
 * memory, time moved by hand.
 */
import { Dispatcher } from "../manager/dispatcher/dispatcher.js";
import type { Change } from "../manager/store/core/change.js";
import type { StoreView } from "../manager/store/core/view.js";
import { createMemoryStore, type MemoryStore } from "../manager/store/memory-store.js";
import type { NodeId } from "../shared/model/ids.js";
import type { NodeState } from "../shared/model/node.js";
import { silentLogger } from "../shared/ports/logger.js";
import { ManualClock } from "../shared/ports/manual-clock.js";
import { seededRandom } from "../shared/ports/random.js";
import { systemClock } from "../shared/ports/system-clock.js";
import { RpcServer } from "../shared/rpc/rpc-server.js";
import type { IdentitySource } from "../shared/rpc/tls-identity.js";
import { type TestCluster, testCluster } from "./identities.js";
import { sampleCluster, sampleNode, sampleService, sampleTask } from "./samples/objects.js";
import { TestAgent } from "./test-agent.js";

/**
 * A manager with a dispatcher on a port of its own; its time passes only while a
 * test waits for something.
 */
export class DispatcherWorld {
  readonly clock = new ManualClock();
  readonly identities = new Map<NodeId, IdentitySource>();
  readonly cluster: TestCluster;
  readonly memory: MemoryStore;
  readonly dispatcher: Dispatcher;
  readonly port: number;
  readonly #server: RpcServer;
  readonly #agents: TestAgent[] = [];
  #term = new AbortController();
  #running: Promise<void> = Promise.resolve();

  static async start(): Promise<DispatcherWorld> {
    const cluster = await testCluster();
    const { identity } = await cluster.certify("manager");
    const server = new RpcServer({ identity, clock: systemClock, logger: silentLogger });
    const port = await server.listen({ host: "127.0.0.1", port: 0 });
    const world = new DispatcherWorld(cluster, server, port);
    await world.apply({ kind: "create-cluster", cluster: { ...sampleCluster(), epoch: 3 } });
    const { service, revision } = sampleService({
      template: { ContainerSpec: { Image: "busybox" } },
    });
    await world.apply({ kind: "create-service", service, revision });
    world.lead();
    return world;
  }

  private constructor(cluster: TestCluster, server: RpcServer, port: number) {
    this.cluster = cluster;
    this.port = port;
    this.#server = server;
    this.memory = createMemoryStore({ clock: this.clock });
    this.dispatcher = new Dispatcher({
      store: this.memory.store,
      clock: this.clock,
      random: seededRandom("dispatcher"),
      logger: silentLogger,
      leadership: () => this.memory.log.leadership,
      managers: () => ["10.0.0.1:2377"],
      quorum: () => "fresh",
    });
    this.dispatcher.serveOn(server);
  }

  lead(): void {
    this.#term = new AbortController();
    this.#running = this.dispatcher.run({ signal: this.#term.signal });
  }

  async follow(): Promise<void> {
    this.#term.abort(new Error("lost the lead"));
    await this.#running;
  }

  async stop(): Promise<void> {
    for (const agent of this.#agents) agent.leave();
    await this.follow();
    this.#server.close();
  }

  get view(): StoreView {
    return this.memory.store.committed;
  }

  async apply(...changes: Change[]): Promise<void> {
    await this.memory.store.update((tx) => {
      for (const change of changes) tx.apply(change);
    });
  }

  async node(state: NodeState = "unknown"): Promise<NodeId> {
    const { nodeId, identity } = await this.cluster.certify("worker");
    this.identities.set(nodeId, identity);
    const { description: _, ...node } = sampleNode({ id: nodeId, state });
    await this.apply({ kind: "create-node", node });
    return nodeId;
  }

  agent(nodeId: NodeId): TestAgent {
    const identity = this.identities.get(nodeId)!;
    const agent = new TestAgent({ port: this.port, identity });
    this.#agents.push(agent);
    return agent;
  }

  /** An agent with a session, and its complete set. */
  async session(nodeId: NodeId): Promise<TestAgent> {
    const agent = this.agent(nodeId);
    agent.hello();
    await this.soon(agent.next("welcome"));
    return agent;
  }

  task(node: NodeId, id: string, sketch: Parameters<typeof sampleTask>[0] = {}): Change {
    return { kind: "create-task", task: sampleTask({ state: "assigned", ...sketch, id, node }) };
  }

  /** Sends heartbeats until told to stop; who reads the agent's messages passes over the answers. */
  beat(agent: TestAgent): { stop: () => void } {
    const stopped = new AbortController();
    const beats = (async () => {
      for (;;) {
        await this.clock.sleep(500, stopped.signal);
        agent.send({ kind: "heartbeat" });
      }
    })();
    beats.catch(() => undefined);
    return { stop: () => stopped.abort() };
  }

  /** Lets time pass, a millisecond for each turn of the event loop, until it has come. */
  async soon<T>(promise: Promise<T>): Promise<T> {
    const waiting = new Set([promise]);
    const settled = promise.finally(() => waiting.clear());
    settled.catch(() => undefined);
    while (waiting.size > 0) await this.clock.advance(1);
    return await settled;
  }

  async until(what: (view: StoreView) => boolean): Promise<void> {
    await this.soon(
      new Promise<void>((resolve) => {
        const check = (): void => {
          if (!what(this.view)) return;
          watch.close();
          resolve();
        };
        const watch = this.memory.store.watch(check);
        check();
      }),
    );
  }
}
