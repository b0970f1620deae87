/** Who refuses a task that no node takes: counted as the scheduler counts, the nearest first. */
import { expect, test } from "vitest";

import type { TaskSpec } from "../../../shared/docker-api/task-spec.js";
import type { ServiceId } from "../../../shared/model/ids.js";
import { ManualClock } from "../../../shared/ports/manual-clock.js";
import {
  type NodeSketch,
  sampleNode,
  sampleRevision,
  sampleService,
  sampleTask,
} from "../../../test/samples/objects.js";
import { createMemoryStore, type MemoryStore } from "../../store/memory-store.js";
import { ImaginedWorld } from "./imagined-world.js";
import { type WaitingTasks, waitingTasks } from "./waiting.js";

const DB = "db" as ServiceId;
const MEBIBYTE = 2 ** 20;
const PORT = { Protocol: "tcp", TargetPort: 80, PublishedPort: 80, PublishMode: "host" } as const;

/** A task of `db` waits; `web` has what the nodes hold already. */
async function waiting(nodes: readonly NodeSketch[], template: TaskSpec): Promise<WaitingTasks> {
  const { store }: MemoryStore = createMemoryStore({ clock: new ManualClock() });
  await store.update((tx) => {
    for (const node of nodes) tx.apply({ kind: "create-node", node: sampleNode(node) });
    const web = sampleService({ id: "web", name: "web" });
    const db = sampleService({ id: DB, name: "db" });
    const holding = { ...web.revision, hostPorts: [PORT] };
    const asking = { ...sampleRevision({ serviceId: DB, number: 1, template }), hostPorts: [PORT] };
    tx.apply({ kind: "create-service", service: web.service, revision: holding });
    tx.apply({ kind: "create-service", service: db.service, revision: asking });
    const held = { id: "held", service: "web", slot: 2, node: "host1" };
    tx.apply({ kind: "create-task", task: sampleTask(held) });
    tx.apply({
      kind: "create-task",
      task: sampleTask({ id: "asks", service: DB, state: "pending" }),
    });
  });
  const world = new ImaginedWorld(store.imagine(), { nowMs: 0, atMs: 0 });
  world.schedule();
  const [first] = waitingTasks(world, DB);
  if (first === undefined) throw new Error("nothing waits");
  return first;
}

test("each filter has its count, and each node what it lacks, the nearest first", async () => {
  const nodes: readonly NodeSketch[] = [
    { id: "host1", memoryBytes: 4096 * MEBIBYTE, labels: { zone: "a" } },
    { id: "host2", memoryBytes: 392 * MEBIBYTE, labels: { zone: "a" } },
    { id: "host3", memoryBytes: 4096 * MEBIBYTE },
    { id: "host4", memoryBytes: 500 * MEBIBYTE, labels: { zone: "a" } },
    { id: "host5", memoryBytes: 100 * MEBIBYTE, availability: "drain" },
  ];
  const { names, reason, verdict } = await waiting(nodes, {
    Placement: { Constraints: ["node.labels.zone==a"] },
    Resources: { Reservations: { MemoryBytes: 512 * MEBIBYTE } },
  });
  expect(names).toEqual(["db.1"]);
  expect(reason).toBe(
    "no suitable node (insufficient resources on 2 nodes; 1 node not available for new tasks; " +
      "scheduling constraints not satisfied on 1 node; host-mode port already in use on 1 node)",
  );
  expect(verdict?.counts).toEqual([
    { filter: "resources", nodes: 2 },
    { filter: "ready", nodes: 1 },
    { filter: "constraints", nodes: 1 },
    { filter: "host ports", nodes: 1 },
  ]);
  expect(verdict?.refused.map(({ nodeId, words }) => `${nodeId} ${words}`)).toEqual([
    "host1 has port tcp/80 taken by web.2",
    "host4 lacks 12 MiB of memory",
    "host2 lacks 120 MiB of memory",
    "host3 lacks label zone=a",
    "host5 is drained; lacks label zone=a; lacks 412 MiB of memory",
  ]);
  expect(verdict?.accepting).toEqual([]);
});

test("a cluster without nodes says so", async () => {
  await expect(waiting([{ id: "host1", state: "down" }], {})).resolves.toMatchObject({
    reason: "no suitable node (1 node not available for new tasks)",
    verdict: { refused: [{ nodeId: "host1", words: "is down; has port tcp/80 taken by web.2" }] },
  });
});
