/** What is foreseen ends, whatever the clock reads, and says where it was cut short. */
import { expect, test } from "vitest";

import { completeServiceSpec } from "../../../shared/docker-api/defaults.js";
import type { NodeId, ServiceId } from "../../../shared/model/ids.js";
import { ManualClock } from "../../../shared/ports/manual-clock.js";
import {
  sampleCluster,
  sampleNode,
  sampleService,
  sampleTask,
} from "../../../test/samples/objects.js";
import type { Change } from "../../store/core/change.js";
import { createMemoryStore } from "../../store/memory-store.js";
import { foresee, type Foresight } from "./foresee.js";
import { ImaginedWorld } from "./imagined-world.js";
import { NO_KNOWLEDGE } from "./knowledge.js";

const WEB = "service" as ServiceId;
const NODE = "n1" as NodeId;

interface Given {
  readonly running?: number;
  readonly wanted?: number;
  /** Readings of the clock: whole ones are rare. */
  readonly nowMs?: number;
  readonly nodeState?: "ready" | "down";
}

/** A service on one node, all of whose tasks are of an old revision. */
async function foreseen(given: Given): Promise<Foresight> {
  const { running = 0, wanted = running, nowMs = 0 } = given;
  const { store } = createMemoryStore({ clock: new ManualClock() });
  const { TaskTemplate: template, ...frame } = completeServiceSpec({
    Name: "web",
    Mode: { Replicated: { Replicas: wanted } },
    UpdateConfig: { Parallelism: 1, Delay: 1e9, Monitor: 0 },
  });
  const { service, revision } = sampleService({ template });
  const changes: Change[] = [
    { kind: "create-cluster", cluster: sampleCluster() },
    { kind: "create-node", node: sampleNode({ id: NODE, state: given.nodeState ?? "ready" }) },
    { kind: "create-service", service: { ...service, frame }, revision },
  ];
  for (let slot = 1; slot <= running; slot++) {
    const task = sampleTask({ id: `task${slot}`, slot, state: "running", node: NODE });
    changes.push({ kind: "create-task", task });
  }
  const forced = { ...template, ForceUpdate: 1 };
  const newRevision = { ...revision, number: 2, template: forced, hash: "another" };
  changes.push({ kind: "update-service", serviceId: WEB, frame, revision: 2, newRevision });
  for (const change of changes) await store.update((tx) => tx.apply(change));
  const world = new ImaginedWorld(store.imagine(), { nowMs, atMs: 1e12 });
  return foresee(world, WEB, NO_KNOWLEDGE);
}

test.each([0, 1234.1, 70_617.123_456_789, 2 ** 40 + 0.3])(
  "an update ends where the clock reads %d ms",
  async (nowMs) => {
    const { steps, outlook } = await foreseen({ running: 4, nowMs });
    expect(outlook).toBe("rest");
    expect(steps.map(({ afterMs }) => afterMs)).toEqual([0, 1_000, 2_000, 3_000, 8_000]);
    expect(steps.at(-1)?.acts).toEqual([{ kind: "update", why: "update completed" }]);
  },
);

test("nothing is heard of a host that is down: what replaces its tasks waits", async () => {
  const { steps, outlook } = await foreseen({ running: 1, nodeState: "down" });
  expect(outlook).toBe("waiting");
  expect(steps.flatMap(({ acts }) => acts)).toMatchObject([
    { kind: "update" },
    { kind: "replace", fromNodeId: NODE, order: "stop-first" },
  ]);
});

test("one that takes too long is cut short, and says so", async () => {
  const { steps, outlook } = await foreseen({ running: 800 });
  expect(outlook).toBe("more");
  expect(steps.length).toBeGreaterThan(5);
  expect(steps.length).toBeLessThan(100);
});

test("nothing to do is nothing told", async () => {
  expect(await foreseen({ wanted: 0 })).toEqual({ steps: [], outlook: "rest" });
});
