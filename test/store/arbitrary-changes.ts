/**
 * Random changes from small pools of ids, names and numbers, so that most meet an
 * object that is there, and many do not fit it. No attention is paid to what is valid:
 * that is what `apply` is for.
 */
import fc from "fast-check";

import type { Change, Command } from "../../manager/store/core/change.js";
import type { NodeId, ServiceId, TaskId } from "../../shared/model/ids.js";
import { NODE_STATES } from "../../shared/model/node.js";
import { REBALANCE_STATES } from "../../shared/model/service.js";
import { PORT_PROTOCOLS, type Task, type TaskStatus } from "../../shared/model/task.js";
import { DESIRED_STATES, OBSERVED_STATES } from "../../shared/model/task-state.js";
import { networkChange } from "./arbitrary-networks.js";
import {
  commandOf,
  idOf,
  sampleCluster,
  sampleNode,
  sampleRevision,
  sampleService,
  sampleTask,
} from "./samples.js";

const SERVICES = ["s1", "s2", "s3"];
const NODES = ["n1", "n2", "n3"];
const TASKS = ["t1", "t2", "t3", "t4", "t5"];

const serviceName = fc.constantFrom(...SERVICES);
const serviceId = serviceName.map((name) => idOf<ServiceId>(name));
const nodeId = fc.constantFrom(...NODES).map((name) => idOf<NodeId>(name));
const taskId = fc.constantFrom(...TASKS).map((name) => idOf<TaskId>(name));
/** The first is nearly always there. */
const revision = fc.constantFrom(1, 1, 1, 1, 2, 2, 3, 4);
/** Versions count commands: low ones are those that are there. */
const expectedVersion = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 0, max: 20 }).map((version) => ({ expectedVersion: version })),
  },
);
const text = fc.oneof(
  fc.constantFrom("started", "preparing"),
  fc.string(),
  fc.string({ unit: "grapheme" }),
  fc.constantFrom("cut off: \ud83d", "\udc1d: its end"),
);

const status: fc.Arbitrary<TaskStatus> = fc
  .record(
    {
      state: fc.constantFrom(...OBSERVED_STATES),
      atMs: fc.nat(),
      message: text,
      error: text,
      container: fc.record(
        {
          containerId: fc.string(),
          pid: fc.nat(),
          exitCode: fc.integer({ min: -1, max: 255 }),
          isUnhealthy: fc.constant(true as const),
        },
        { requiredKeys: ["containerId", "pid"] },
      ),
      ports: fc.array(
        fc.record({
          protocol: fc.constantFrom(...PORT_PROTOCOLS),
          targetPort: fc.nat(65_535),
          publishedPort: fc.nat(65_535),
        }),
        { maxLength: 2 },
      ),
    },
    { requiredKeys: ["state", "atMs", "message"] },
  )
  .map((made) => made as TaskStatus);

const generics = fc.array(
  fc.record(
    {
      kind: fc.constantFrom("gpu", "ssd"),
      count: fc.nat(9),
      names: fc.array(fc.string(), { maxLength: 2 }),
    },
    { requiredKeys: ["kind", "count"] },
  ),
  { maxLength: 2 },
);

const arbitraryTask: fc.Arbitrary<Task> = fc
  .record(
    {
      id: taskId,
      version: fc.nat(),
      createdAtMs: fc.nat(),
      updatedAtMs: fc.nat(),
      serviceId,
      revision,
      slot: fc.integer({ min: 0, max: 2 }),
      nodeId,
      desired: fc.constantFrom(...DESIRED_STATES),
      status,
      restartsAtMs: fc.array(fc.nat(), { maxLength: 3 }),
      ranAtMs: fc.nat(),
      relieves: nodeId,
      generics,
    },
    {
      requiredKeys: [
        "id",
        "version",
        "createdAtMs",
        "updatedAtMs",
        "serviceId",
        "revision",
        "slot",
        "desired",
        "status",
      ],
    },
  )
  .map((made) => made as Task);

const waitingTask = fc
  .tuple(
    taskId,
    serviceId,
    fc.integer({ min: 0, max: 2 }),
    fc.constantFrom("pending", "pending", "new"),
  )
  .map(([id, service, slot, state]): Task => ({
    ...sampleLike(id, service),
    slot,
    status: { state, atMs: 0, message: "" },
  }));

function sampleLike(id: TaskId, service: ServiceId): Task {
  return {
    id,
    version: 0,
    createdAtMs: 0,
    updatedAtMs: 0,
    serviceId: service,
    revision: 1,
    slot: 1,
    desired: "running",
    status: { state: "pending", atMs: 0, message: "" },
  };
}

const frame = fc
  .tuple(serviceName, fc.dictionary(fc.string(), fc.string(), { maxKeys: 2 }))
  .map(([Name, Labels]) => ({ Name, Labels }));

const updateService = fc
  .tuple(
    serviceName,
    expectedVersion,
    frame,
    revision,
    fc.option(revision, { nil: undefined }),
    fc.option(fc.tuple(frame, revision), { nil: undefined }),
  )
  .map(([name, version, newFrame, number, added, before]): Change => ({
    kind: "update-service",
    serviceId: idOf<ServiceId>(name),
    ...version,
    frame: newFrame,
    revision: number,
    ...(added !== undefined && { newRevision: sampleRevision(name, added) }),
    ...(before !== undefined && { previous: { frame: before[0], revision: before[1] } }),
  }));

const createService = fc
  .tuple(serviceName, serviceName, fc.constantFrom(1, 1, 1, 2))
  .map(([id, name, number]): Change => ({
    kind: "create-service",
    service: { ...sampleService(name), id: idOf<ServiceId>(id) },
    revision: sampleRevision(id, number),
  }));

const clusterChange = fc.oneof(
  fc.nat(3).map((epoch): Change => ({ kind: "create-cluster", cluster: sampleCluster({ epoch }) })),
  fc
    .tuple(
      expectedVersion,
      optional("spec", fc.constantFrom({ Name: "a" }, { Name: "b" })),
      optional("epoch", fc.nat(3)),
      optional("joinTokens", fc.constant({ worker: "w", manager: "m" })),
      optional("authority", fc.constant({ certificatePem: "c", keyPem: "k" })),
    )
    .map((parts): Change => Object.assign({ kind: "update-cluster" as const }, ...parts) as Change),
);

const nodeStatus = fc.record({
  state: fc.constantFrom(...NODE_STATES),
  message: text,
  address: fc.constantFrom("10.0.0.1", "10.0.0.2"),
});

const nodeChangeButRemoval = fc.oneof(
  fc
    .constantFrom(...NODES)
    .map((name): Change => ({ kind: "create-node", node: sampleNode(name) })),
  fc
    .tuple(nodeId, expectedVersion, fc.constantFrom("worker", "manager"))
    .map(([id, version, Role]): Change => ({
      kind: "update-node",
      nodeId: id,
      ...version,
      spec: { Role, Availability: "active" },
    })),
  fc
    .tuple(nodeId, nodeStatus, optional("description", fc.constant({ Hostname: "host" })))
    .map(([id, seen, description]): Change => ({
      kind: "observe-node",
      nodeId: id,
      status: seen,
      ...description,
    })),
);

const managerChange = fc
  .tuple(
    nodeId,
    optional("manager", fc.record({ memberId: fc.constant("1.1"), address: fc.string() })),
  )
  .map(([id, manager]): Change => ({ kind: "set-manager", nodeId: id, ...manager }));

const nodeChange = fc.oneof(
  { weight: 1, arbitrary: managerChange },
  { weight: 6, arbitrary: nodeChangeButRemoval },
  { weight: 1, arbitrary: nodeId.map((id): Change => ({ kind: "remove-node", nodeId: id })) },
);

const rebalance = fc.record(
  {
    state: fc.constantFrom(...REBALANCE_STATES),
    by: fc.constantFrom("user" as const, "cluster" as const),
    message: fc.string(),
    startedAtMs: fc.nat(),
    completedAtMs: fc.nat(),
    moved: fc.nat(),
    avoided: fc.array(nodeId, { maxLength: 3 }),
  },
  { requiredKeys: ["state", "by", "message", "startedAtMs", "moved", "avoided"] },
);

const serviceChange = fc.oneof(
  { weight: 3, arbitrary: createService },
  { weight: 6, arbitrary: updateService },
  {
    weight: 1,
    arbitrary: fc
      .tuple(serviceId, rebalance)
      .map(([id, seen]): Change => ({ kind: "observe-rebalance", serviceId: id, rebalance: seen })),
  },
  {
    weight: 1,
    arbitrary: serviceId.map((id): Change => ({ kind: "remove-service", serviceId: id })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(serviceId, revision)
      .map(([id, number]): Change => ({ kind: "remove-revision", serviceId: id, number })),
  },
);

const createTask = fc
  .oneof({ weight: 4, arbitrary: waitingTask }, { weight: 1, arbitrary: arbitraryTask })
  .map((task): Change => ({ kind: "create-task", task }));

const assignTask = fc.tuple(taskId, nodeId, text).map(([id, node, message]): Change => ({
  kind: "assign-task",
  taskId: id,
  nodeId: node,
  message,
}));

const taskChange = fc.oneof(
  { weight: 4, arbitrary: createTask },
  { weight: 4, arbitrary: assignTask },
  {
    weight: 2,
    arbitrary: fc
      .tuple(taskId, fc.constantFrom(...DESIRED_STATES))
      .map(([id, desired]): Change => ({ kind: "want-task", taskId: id, desired })),
  },
  {
    weight: 5,
    arbitrary: fc
      .tuple(taskId, status)
      .map(([id, seen]): Change => ({ kind: "observe-task", taskId: id, status: seen })),
  },
  { weight: 2, arbitrary: taskId.map((id): Change => ({ kind: "remove-task", taskId: id })) },
);

export const arbitraryChange: fc.Arbitrary<Change> = fc.oneof(
  { weight: 1, arbitrary: clusterChange },
  { weight: 3, arbitrary: nodeChange },
  { weight: 3, arbitrary: serviceChange },
  { weight: 3, arbitrary: networkChange },
  { weight: 10, arbitrary: taskChange },
);

/** Absent mostly: what has been answered is not done. */
const requestId = fc.oneof(
  { weight: 9, arbitrary: fc.constant({}) },
  { weight: 1, arbitrary: fc.constantFrom("r1", "r2", "r3").map((id) => ({ requestId: id })) },
);

/**
 * One change mostly, so that most commands fit; several now and then, so that some fail half-way.
 */
export const arbitraryCommand: fc.Arbitrary<Command> = fc
  .tuple(
    fc.oneof(
      { weight: 3, arbitrary: fc.array(arbitraryChange, { minLength: 1, maxLength: 1 }) },
      { weight: 1, arbitrary: fc.array(arbitraryChange, { maxLength: 4 }) },
    ),
    fc.nat(3),
    requestId,
  )
  .map(([changes, atMs, request]) => commandOf(changes, { atMs, ...request }));

/** A world to begin with, so that later changes have something to meet. */
export const FIRST_COMMANDS: readonly Command[] = [
  commandOf([{ kind: "create-node", node: sampleNode("n1") }]),
  commandOf([{ kind: "create-node", node: sampleNode("n2") }]),
  commandOf([
    { kind: "create-service", service: sampleService("s1"), revision: sampleRevision("s1") },
  ]),
  commandOf([
    { kind: "create-service", service: sampleService("s2"), revision: sampleRevision("s2") },
  ]),
  commandOf([{ kind: "create-task", task: sampleTask("t1", "s1") }]),
  commandOf([{ kind: "create-task", task: sampleTask("t2", "s2") }]),
];

function optional<Key extends string, T>(
  key: Key,
  value: fc.Arbitrary<T>,
): fc.Arbitrary<{ readonly [K in Key]?: T }> {
  return fc
    .option(value, { nil: undefined })
    .map((made) => (made === undefined ? {} : { [key]: made }) as { readonly [K in Key]?: T });
}
