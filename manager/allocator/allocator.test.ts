import { expect, test } from "vitest";

import type { NodeId } from "../../shared/model/ids.js";
import type { Task } from "../../shared/model/task.js";
import { silentLogger } from "../../shared/ports/logger.js";
import { ManualClock } from "../../shared/ports/manual-clock.js";
import { sampleNode, sampleService, sampleTask } from "../../test/samples/objects.js";
import { sampleNetwork } from "../../test/store/samples.js";
import { createMemoryStore } from "../store/memory-store.js";
import type { Store } from "../store/store.js";
import { Allocator } from "./allocator.js";
import { LatelyFreed } from "./core/lately-freed.js";

const NODES = ["host1", "host2", "host3"] as NodeId[];
/** Of a /24: without its network and broadcast addresses and the user's gateway. */
const ADDRESSES = 253;
const ROOM = ADDRESSES - 1 - NODES.length;

/** A /24, and a service with more tasks than it has addresses, declared in one go. */
async function raise(store: Store, surplus: number): Promise<void> {
  const network = sampleNetwork("front", {
    subnets: [{ cidr: "10.9.0.0/24", gateway: "10.9.0.1" }],
  });
  const template = { Networks: [{ Target: network.id as string }] };
  const { service, revision } = sampleService({ id: "web", name: "web", template });
  await store.update((tx) => {
    tx.apply({ kind: "create-network", network });
    for (const id of NODES)
      tx.apply({ kind: "create-node", node: sampleNode({ id, networkPlugins: ["overlay"] }) });
    tx.apply({ kind: "create-service", service, revision });
    for (let slot = 1; slot <= ROOM + surplus; slot++)
      tx.apply({ kind: "create-task", task: sampleTask({ service: "web", slot, state: "new" }) });
  });
}

/** As the scheduler would, one node after the other. */
async function placePending(store: Store): Promise<void> {
  await store.update((tx) => {
    for (const { id: taskId, slot } of tx.view.tasksInState("pending")) {
      const nodeId = NODES[slot % NODES.length]!;
      tx.apply({ kind: "assign-task", taskId, nodeId, message: "" });
    }
  });
}

function addressOf({ addresses = [] }: Task): string | undefined {
  return addresses[0]?.addresses[0];
}

test("a /24 filled to the last address says so, and an address that was freed is given again", async () => {
  const clock = new ManualClock();
  const { store } = createMemoryStore({ clock });
  const stop = new AbortController();
  const running = new Allocator({
    store,
    clock,
    freed: new LatelyFreed(),
    logger: silentLogger,
  }).run(stop);
  await raise(store, 2);
  await clock.advance(1);
  await placePending(store);
  await clock.advance(1);

  const gateways = store.committed.nodes().flatMap((node) => node.gateways?.[0]?.addresses ?? []);
  expect(gateways).toHaveLength(NODES.length);
  const given = store.committed.tasks().flatMap((task) => addressOf(task) ?? []);
  expect(given).toHaveLength(ROOM);
  const vip = store.committed.services()[0]?.endpoint?.vips[0]?.addresses ?? [];
  expect(new Set([...given, ...gateways, ...vip]).size).toBe(ADDRESSES);
  const waiting = store.committed.tasksInState("new");
  expect(waiting.map(({ status }) => status.error)).toEqual(
    Array.from(
      { length: 2 },
      () =>
        "network front is full: the 253 addresses of 10.9.0.0/24 are in use; add a subnet to it (skep network update --subnet-add CIDR front) or run fewer tasks on it",
    ),
  );

  const [ended] = store.committed.tasksInState("assigned");
  const status = { state: "failed", atMs: 0, message: "" } as const;
  await store.update((tx) => {
    tx.apply({ kind: "observe-task", taskId: ended!.id, status });
  });
  await clock.advance(59_000);
  expect(store.committed.tasksInState("new")).toHaveLength(2);
  expect(store.committed.tasksInState("new")[0]?.status.error).toContain(
    "(1 of them were given back within the last minute)",
  );
  await clock.advance(10_000);
  expect(store.committed.tasksInState("new")).toHaveLength(1);
  expect(store.committed.tasksInState("pending").map(addressOf)).toEqual([addressOf(ended!)]);
  stop.abort();
  await running;
});

test("a task that is made for its node, as those of global services are, has its networks there", async () => {
  const clock = new ManualClock();
  const { store } = createMemoryStore({ clock });
  const stop = new AbortController();
  const running = new Allocator({
    store,
    clock,
    freed: new LatelyFreed(),
    logger: silentLogger,
  }).run(stop);
  await raise(store, -ROOM);
  const made = sampleTask({ service: "web", slot: 0, node: "host2", state: "new" });
  await store.update((tx) => {
    tx.apply({ kind: "create-task", task: made });
  });
  await clock.advance(1);
  const serving = store.committed.nodes().filter(({ gateways = [] }) => gateways.length > 0);
  expect(serving.map(({ id }) => id)).toEqual(["host2"]);
  stop.abort();
  await running;
});
