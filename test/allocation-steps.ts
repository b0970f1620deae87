/** What users, hosts and the allocator may do to a cluster with networks, in any order. */
import fc from "fast-check";

import { checkEndpoint, checkPortsFree } from "../manager/api/core/check-endpoint.js";
import type { Change, StoreEvent } from "../manager/store/core/change.js";
import type { NetworkCreateRequest } from "../shared/docker-api/network.js";
import type { NetworkId, NodeId, ServiceId, TaskId } from "../shared/model/ids.js";
import type { ObservedState } from "../shared/model/task-state.js";
import { AllocationWorld } from "./allocation-world.js";
import { sampleNode } from "./samples/objects.js";
import {
  idOf,
  sampleAttachment,
  sampleNetwork,
  sampleRevision,
  sampleService,
  sampleTask,
} from "./store/samples.js";

export type Step = (world: AllocationWorld) => void;

const SMALL = [{ cidr: "10.0.0.0/28", gateway: "10.0.0.1" }];
const BOTH = [{ cidr: "10.1.0.0/28" }, { cidr: "fd00::/64", gateway: "fd00::1" }];

const serviceName = fc.constantFrom("s1", "s2", "s3");
const nodeName = fc.constantFrom("n1", "n2", "n3");
const taskName = fc.integer({ min: 1, max: 24 }).map((number) => `t${number}`);
const networks = fc.subarray(["w1", "w2"]);

const ports = fc.array(
  fc.record({
    PublishMode: fc.constantFrom("ingress" as const, "host" as const),
    PublishedPort: fc.constantFrom(0, 0, 30_000),
    TargetPort: fc.constantFrom(80, 81),
  }),
  { maxLength: 2 },
);

const declare: fc.Arbitrary<Step> = fc
  .tuple(serviceName, networks, ports, fc.constantFrom("vip" as const, "dnsrr" as const))
  .map(([name, targets, Ports, Mode]) => (world) => {
    const id = idOf<ServiceId>(name);
    const others = world.view.services().filter((other) => other.id !== id);
    try {
      checkEndpoint({ Mode: "vip", Ports });
      checkPortsFree({ Ports }, () => others);
    } catch {
      return; // the gate lets no such wish in
    }
    const template = { Networks: targets.map((target) => ({ Target: idOf<string>(target) })) };
    const mesh = Ports.some((port) => port.PublishMode === "ingress");
    const revision = {
      ...sampleRevision(name),
      template,
      ...(mesh && { mesh: "published" as const }),
    };
    const frame = { Name: name, EndpointSpec: { Mode, Ports } };
    const present = world.view.service(id);
    if (present === undefined) {
      world.apply({ kind: "create-service", service: sampleService(name, { frame }), revision });
      return;
    }
    const newest = world.view.revisions(present.id).at(-1)?.number ?? 0;
    const next = { ...revision, number: newest + 1 };
    const change = { serviceId: present.id, frame, revision: next.number, newRevision: next };
    world.apply({ kind: "update-service", ...change });
  });

const run: fc.Arbitrary<Step> = fc
  .tuple(taskName, serviceName)
  .map(([name, service]) => (world) => {
    const { revision = 0 } = world.view.service(idOf<ServiceId>(service)) ?? {};
    const status = { state: "new", atMs: 0, message: "" } as const;
    world.apply({ kind: "create-task", task: sampleTask(name, service, { revision, status }) });
  });

const place = fc.tuple(taskName, nodeName).map(([task, node]): Change => ({
  kind: "assign-task",
  taskId: idOf<TaskId>(task),
  nodeId: idOf<NodeId>(node),
  message: "",
}));

const end = fc
  .tuple(taskName, fc.constantFrom<ObservedState>("running", "failed", "orphaned"))
  .map(([task, state]): Change => ({
    kind: "observe-task",
    taskId: idOf<TaskId>(task),
    status: { state, atMs: 0, message: "" },
  }));

const want = fc
  .tuple(taskName, fc.constantFrom("shutdown" as const, "remove" as const))
  .map(([task, desired]): Change => ({ kind: "want-task", taskId: idOf<TaskId>(task), desired }));

const hear = fc
  .tuple(nodeName, fc.constantFrom("ready" as const, "down" as const), fc.constantFrom(1, 2))
  .map(([node, state, number]): Change => ({
    kind: "observe-node",
    nodeId: idOf<NodeId>(node),
    status: { state, message: "", address: `192.0.2.${node.slice(1)}${number}` },
  }));

const attachmentName = fc.integer({ min: 1, max: 6 }).map((number) => `a${number}`);

const attach = fc
  .tuple(
    attachmentName,
    nodeName,
    fc.subarray(["w1", "w2"], { minLength: 1 }),
    fc.constantFrom([], [], ["10.0.0.5"], ["10.0.0.1"], ["10.1.0.9"]),
    fc.constantFrom("serving" as const, "silent" as const),
  )
  .map(([name, node, targets, wanted, state]): Change => ({
    kind: "put-attachment",
    attachment: sampleAttachment(name, {
      nodeId: idOf<NodeId>(node),
      state,
      networks: targets.map((target) => ({
        networkId: idOf<NetworkId>(target),
        aliases: ["db"],
        wanted,
      })),
    }),
  }));

const letGo = attachmentName.map((name): Change => ({
  kind: "remove-attachment",
  attachmentId: idOf<TaskId>(name),
}));

const change = fc
  .oneof(
    attach,
    attach,
    letGo,
    place,
    place,
    end,
    end,
    want,
    hear,
    taskName.map((task): Change => ({ kind: "remove-task", taskId: idOf<TaskId>(task) })),
    serviceName.map((name): Change => ({
      kind: "remove-service",
      serviceId: idOf<ServiceId>(name),
    })),
    nodeName.map((name): Change => ({ kind: "remove-node", nodeId: idOf<NodeId>(name) })),
    nodeName.map((name): Change => {
      const node = sampleNode({ networkPlugins: ["overlay"] });
      return { kind: "create-node", node: { ...node, id: idOf<NodeId>(name) } };
    }),
    fc.constant<Change>({
      kind: "update-network",
      networkId: idOf<NetworkId>("w1"),
      spec: { Name: "w1", Driver: "overlay", Attachable: true },
      subnets: [...SMALL, { cidr: "10.2.0.0/29" }],
    }),
  )
  .map(
    (made): Step =>
      (world) =>
        void world.apply(made),
  );

const pass = fc.constantFrom(100, 10_000, 61_000).map(
  (ms): Step =>
    (world) =>
      world.pass(ms),
);
const settle = fc.constant<Step>((world) => world.settle());
export const lead = fc.constant<Step>((world) => world.changeLeader());
export const restart = fc.constant<Step>((world) => world.restartAll());

export const calm = fc.oneof(
  { weight: 3, arbitrary: declare },
  { weight: 8, arbitrary: run },
  { weight: 8, arbitrary: change },
  { weight: 2, arbitrary: pass },
  { weight: 6, arbitrary: settle },
);

export function newWorld(observe?: (event: StoreEvent) => void): AllocationWorld {
  const world = new AllocationWorld(observe);
  const ingress = { vni: 4_098, spec: { Name: "ingress", Ingress: true } };
  const subnets = [{ cidr: "10.3.0.0/26" }];
  world.apply({
    kind: "create-network",
    network: sampleNetwork("w1", { subnets: SMALL, spec: attachable("w1") }),
  });
  world.apply({
    kind: "create-network",
    network: sampleNetwork("w2", { vni: 4_097, subnets: BOTH, spec: attachable("w2") }),
  });
  world.apply({ kind: "create-network", network: sampleNetwork("w3", { ...ingress, subnets }) });
  return world;
}

function attachable(Name: string): NetworkCreateRequest {
  return { Name, Driver: "overlay", Attachable: true };
}
