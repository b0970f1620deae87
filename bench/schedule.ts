/**
 * How fast waiting tasks get their nodes: the shapes of SwarmKit's own scheduler benchmark, from the start of the
 * scheduler to the last assignment committed in the store, with a log in memory (as SwarmKit's has).
 */
import { Scheduler } from "../manager/scheduler/scheduler.js";
import type { Change } from "../manager/store/core/change.js";
import { createMemoryStore } from "../manager/store/memory-store.js";
import type { StoreAccess } from "../manager/store/store-access.js";
import type { TaskSpec } from "../shared/docker-api/task-spec.js";
import { assert } from "../shared/errors/assert.js";
import type { NodeId, ServiceId, TaskId } from "../shared/model/ids.js";
import type { Node } from "../shared/model/node.js";
import { revisionHash } from "../shared/model/revision.js";
import type { Task } from "../shared/model/task.js";
import { silentLogger } from "../shared/ports/logger.js";
import { systemClock } from "../shared/ports/system-clock.js";
import type { Progress } from "./main.js";
import { type Figure, median, type Report } from "./report.js";

interface Shape {
  readonly name: string;
  readonly nodes: number;
  readonly tasks: number;
  readonly constraints: "none" | "half of the nodes";
  readonly toReachMs: number;
  /** What SwarmKit took for the same shape on the same class of machine (design, section 6). */
  readonly swarmkitMs: { readonly oneOff: number; readonly service: number | undefined };
}

const SHAPES: readonly Shape[] = [
  {
    name: "1kx10k",
    nodes: 1_000,
    tasks: 10_000,
    constraints: "none",
    toReachMs: 150,
    swarmkitMs: { oneOff: 1_600, service: 500 },
  },
  {
    name: "1kx100k",
    nodes: 1_000,
    tasks: 100_000,
    constraints: "none",
    toReachMs: 1_500,
    swarmkitMs: { oneOff: 21_000, service: 7_000 },
  },
  {
    name: "5kx100k_constraints",
    nodes: 5_000,
    tasks: 100_000,
    constraints: "half of the nodes",
    toReachMs: 3_000,
    swarmkitMs: { oneOff: 108_000, service: undefined },
  },
];

/** Median of these, after one run to warm up. */
const RUNS = 3;
/** Objects per command while the store is filled: the filling is not measured. */
const FILL_BATCH = 500;

/** One service per task, or one service for all. */
type Kind = "one-off" | "service";

export async function benchSchedule(progress: Progress): Promise<Report> {
  const figures: Figure[] = [];
  for (const shape of SHAPES) {
    for (const kind of ["one-off", "service"] as const) {
      const timesMs: number[] = [];
      for (let run = 0; run <= RUNS; run++) {
        const tookMs = await scheduleOnce(shape, kind);
        if (run > 0) timesMs.push(tookMs);
      }
      const peerMs = kind === "service" ? shape.swarmkitMs.service : shape.swarmkitMs.oneOff;
      figures.push({
        name: kind === "service" ? `${shape.name}_service_ms` : `${shape.name}_ms`,
        value: median(timesMs),
        unit: "ms",
        toReach: shape.toReachMs,
        ...(peerMs === undefined ? {} : { note: `SwarmKit ${peerMs} ms` }),
      });
      progress(`${shape.name}, ${kind}: ${timesMs.map((ms) => ms.toFixed(0)).join(", ")} ms`);
    }
  }
  return { bench: "schedule", figures };
}

async function scheduleOnce(shape: Shape, kind: Kind): Promise<number> {
  const { store } = createMemoryStore({ clock: systemClock });
  await fill(store, shape, kind);
  const stop = new AbortController();
  const scheduler = new Scheduler({ store, clock: systemClock, logger: silentLogger });
  const startMs = performance.now();
  const allAssigned = untilAssigned(store, shape.tasks);
  const running = scheduler.run({ signal: stop.signal });
  await allAssigned;
  const tookMs = performance.now() - startMs;
  stop.abort();
  await running;
  checkSpread(store, shape);
  return tookMs;
}

function untilAssigned(store: StoreAccess, tasks: number): Promise<void> {
  return new Promise((resolve) => {
    let assigned = 0;
    const watch = store.watch(({ events }) => {
      for (const event of events) if (event.type === "task" && event.after?.nodeId) assigned++;
      if (assigned < tasks) return;
      watch.close();
      resolve();
    });
  });
}

/** A fast scheduler that piles tasks up has not done the work: every accepting node must have its even share. */
function checkSpread(store: StoreAccess, shape: Shape): void {
  const accepting = store.committed.nodes().filter((node) => accepts(node, shape));
  const counts = accepting.map((node) => store.committed.tasksOfNode(node.id).length);
  const sum = counts.reduce((a, b) => a + b, 0);
  assert(sum === shape.tasks, `${sum} of ${shape.tasks} tasks are on nodes that accept them`);
  assert(Math.max(...counts) - Math.min(...counts) <= 1, "the tasks are spread unevenly");
}

function accepts(node: Node, shape: Shape): boolean {
  return shape.constraints === "none" || node.spec.Labels?.["disk"] === "ssd";
}

async function fill(store: StoreAccess, shape: Shape, kind: Kind): Promise<void> {
  await inBatches(store, shape.nodes, (i) => [{ kind: "create-node", node: benchNode(i) }]);
  const services = kind === "service" ? 1 : shape.tasks;
  await inBatches(store, services, (i) => [createService(i, shape)]);
  await inBatches(store, shape.tasks, (i) => [
    { kind: "create-task", task: benchTask(i, kind === "service" ? 0 : i) },
  ]);
}

async function inBatches(
  store: StoreAccess,
  count: number,
  changesOf: (i: number) => readonly Change[],
): Promise<void> {
  for (let start = 0; start < count; start += FILL_BATCH) {
    await store.update((tx) => {
      for (let i = start; i < Math.min(count, start + FILL_BATCH); i++)
        changesOf(i).forEach(tx.apply.bind(tx));
    });
  }
}

function benchNode(i: number): Node {
  return {
    id: idOf<NodeId>("n", i),
    version: 0,
    createdAtMs: 0,
    updatedAtMs: 0,
    spec: { Role: "worker", Availability: "active", Labels: { disk: i % 2 === 0 ? "ssd" : "hdd" } },
    description: {
      Hostname: `host${i}`,
      Platform: { OS: "linux", Architecture: "x86_64" },
      Resources: { NanoCPUs: 64e9, MemoryBytes: 256 * 2 ** 30 },
    },
    status: { state: "ready", message: "", address: "10.0.0.1" },
  };
}

function createService(i: number, shape: Shape): Change {
  const id = idOf<ServiceId>("s", i);
  const template: TaskSpec = {
    ContainerSpec: { Image: "skep/busybox:1" },
    ...(shape.constraints === "none"
      ? {}
      : { Placement: { Constraints: ["node.labels.disk==ssd"] } }),
  };
  const frame = { Name: `service${i}`, Mode: { Replicated: { Replicas: 1 } } };
  return {
    kind: "create-service",
    service: { id, version: 0, createdAtMs: 0, updatedAtMs: 0, frame, revision: 1 },
    revision: { serviceId: id, number: 1, createdAtMs: 0, template, hash: revisionHash(template) },
  };
}

function benchTask(i: number, service: number): Task {
  return {
    id: idOf<TaskId>("t", i),
    version: 0,
    createdAtMs: 0,
    updatedAtMs: 0,
    serviceId: idOf<ServiceId>("s", service),
    revision: 1,
    slot: i + 1,
    desired: "running",
    status: { state: "pending", atMs: 0, message: "pending task scheduling" },
  };
}

/** 25 characters, as real ids have: their length is part of the cost. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the kind is named at the call
function idOf<Id extends string>(kind: string, i: number): Id {
  return (kind + i.toString(36).padStart(24, "0")) as Id;
}
