import { describe, expect, test } from "vitest";

import type { Attachment } from "../../shared/model/attachment.js";
import type { Cluster } from "../../shared/model/cluster.js";
import type { ClusterId, NetworkId, TaskId } from "../../shared/model/ids.js";
import type { Network } from "../../shared/model/network.js";
import { sampleNode, sampleService, sampleTask } from "../../test/samples/objects.js";
import { decodeCommand, encodeCommand } from "./command-codec.js";
import { type Change, COMMAND_FORMAT } from "./core/change.js";

const node = sampleNode({ id: "node1" });
const { service, revision } = sampleService({ template: { ContainerSpec: { Image: "a" } } });
const task = sampleTask({ id: "task1", restartsAtMs: [5, 7] });
const cluster: Cluster = {
  id: "cluster" as ClusterId,
  version: 0,
  createdAtMs: 1,
  updatedAtMs: 2,
  spec: { Name: "default" },
  authority: { certificatePem: "certificate", keyPem: "key" },
  joinTokens: { worker: "w", manager: "m" },
  epoch: 3,
};
const network: Network = {
  id: "network1" as NetworkId,
  version: 0,
  createdAtMs: 1,
  updatedAtMs: 2,
  spec: { Name: "back", Driver: "overlay" },
  vni: 4097,
  subnets: [
    { cidr: "10.240.1.0/24" },
    { cidr: "fd00::/64", range: "fd00::/80", gateway: "fd00::1" },
  ],
};
const attachment: Attachment = {
  id: "attachment1" as TaskId,
  version: 0,
  createdAtMs: 1,
  updatedAtMs: 2,
  nodeId: node.id,
  containerName: "web",
  containerId: "0123456789ab",
  state: "serving",
  networks: [{ networkId: network.id, aliases: ["db"], wanted: ["10.240.1.9"] }],
};
const addresses = [{ networkId: network.id, addresses: ["10.240.1.2", "fd00::2"] }];
const dataPath = { addressPools: ["10.0.0.0/8"], subnetBits: 24, port: 4789 };
const generics = [
  { kind: "gpu", count: 2, names: ["UUID1", "UUID2"] },
  { kind: "ssd", count: 3 },
];
const endpoint = { ports: [{ PublishedPort: 80, TargetPort: 80 }], vips: addresses };
const { spec, joinTokens, authority } = cluster;
const hostPorts = [{ Protocol: "tcp" as const, PublishedPort: 80, TargetPort: 8080 }];

/** At least one of every kind; the compiler holds the record complete. */
const CHANGES: { readonly [Kind in Change["kind"]]: readonly Extract<Change, { kind: Kind }>[] } = {
  "create-cluster": [
    { kind: "create-cluster", cluster },
    { kind: "create-cluster", cluster: { ...cluster, dataPath } },
  ],
  "update-cluster": [
    { kind: "update-cluster", expectedVersion: 0, spec, joinTokens, authority, epoch: 0, dataPath },
    { kind: "update-cluster" },
  ],
  "create-node": [{ kind: "create-node", node }],
  "update-node": [
    { kind: "update-node", nodeId: node.id, spec: node.spec },
    { kind: "update-node", nodeId: node.id, expectedVersion: 0, spec: {} },
  ],
  "observe-node": [
    { kind: "observe-node", nodeId: node.id, status: node.status },
    { kind: "observe-node", nodeId: node.id, status: node.status, description: {} },
  ],
  "remove-node": [{ kind: "remove-node", nodeId: node.id }],
  "set-manager": [
    { kind: "set-manager", nodeId: node.id },
    { kind: "set-manager", nodeId: node.id, manager: { memberId: "1.7", address: "h:1" } },
  ],
  "allocate-node": [
    { kind: "allocate-node", nodeId: node.id, gateways: addresses },
    { kind: "allocate-node", nodeId: node.id, gateways: [] },
  ],
  "create-network": [{ kind: "create-network", network }],
  "update-network": [
    {
      kind: "update-network",
      networkId: network.id,
      expectedVersion: 3,
      spec: network.spec,
      subnets: network.subnets,
    },
    { kind: "update-network", networkId: network.id, spec: {}, subnets: [] },
  ],
  "remove-network": [{ kind: "remove-network", networkId: network.id }],
  "allocate-service": [
    { kind: "allocate-service", serviceId: service.id },
    { kind: "allocate-service", serviceId: service.id, endpoint },
    { kind: "allocate-service", serviceId: service.id, endpoint: { ...endpoint, error: "full" } },
  ],
  "allocate-task": [
    { kind: "allocate-task", taskId: task.id, addresses, message: "pending task scheduling" },
  ],
  "create-service": [
    { kind: "create-service", service, revision },
    { kind: "create-service", service, revision: { ...revision, hostPorts, mesh: "published" } },
  ],
  "update-service": [
    { kind: "update-service", serviceId: service.id, frame: service.frame, revision: 1 },
    {
      kind: "update-service",
      serviceId: service.id,
      expectedVersion: 4,
      frame: service.frame,
      revision: 2,
      newRevision: { ...revision, number: 2 },
      previous: { frame: service.frame, revision: 1 },
      update: { state: "rollback_started", message: "m", startedAtMs: 3 },
    },
  ],
  "observe-update": [
    {
      kind: "observe-update",
      serviceId: service.id,
      expectedVersion: 4,
      update: { state: "updating", message: "update in progress", startedAtMs: 0 },
    },
    {
      kind: "observe-update",
      serviceId: service.id,
      expectedVersion: 0,
      update: { state: "completed", message: "", startedAtMs: 1.5, completedAtMs: 0 },
    },
  ],
  "observe-rebalance": [
    {
      kind: "observe-rebalance",
      serviceId: service.id,
      rebalance: {
        state: "completed",
        by: "cluster",
        message: "2 tasks moved",
        startedAtMs: 1.5,
        completedAtMs: 0,
        moved: 2,
        avoided: [node.id],
      },
    },
    {
      kind: "observe-rebalance",
      serviceId: service.id,
      rebalance: {
        state: "rebalancing",
        by: "user",
        message: "",
        startedAtMs: 0,
        moved: 0,
        avoided: [],
      },
    },
  ],
  "remove-service": [{ kind: "remove-service", serviceId: service.id }],
  "remove-revision": [{ kind: "remove-revision", serviceId: service.id, number: 1 }],
  "create-task": [
    { kind: "create-task", task },
    { kind: "create-task", task: { ...task, addresses } },
    { kind: "create-task", task: { ...task, nodeId: node.id, relieves: node.id } },
    { kind: "create-task", task: { ...task, nodeId: node.id, generics } },
    { kind: "create-task", task: sampleTask({ slot: 0, node: "node1", state: "running" }) },
  ],
  "assign-task": [
    { kind: "assign-task", taskId: task.id, nodeId: node.id, message: "assigned" },
    { kind: "assign-task", taskId: task.id, nodeId: node.id, message: "", generics },
  ],
  "want-task": [
    { kind: "want-task", taskId: task.id, desired: "ready" },
    { kind: "want-task", taskId: task.id, desired: "remove" },
  ],
  "observe-task": [
    { kind: "observe-task", taskId: task.id, status: task.status },
    {
      kind: "observe-task",
      taskId: task.id,
      status: {
        state: "failed",
        atMs: 1.5,
        message: "started",
        error: "task: non-zero exit (137)",
        container: { containerId: "c", pid: 0, exitCode: 0 },
        ports: [{ protocol: "udp", targetPort: 53, publishedPort: 53 }],
      },
    },
  ],
  "put-attachment": [
    { kind: "put-attachment", attachment },
    {
      kind: "put-attachment",
      attachment: { ...attachment, state: "silent", containerId: "", addresses, error: "full" },
    },
  ],
  "allocate-attachment": [
    { kind: "allocate-attachment", attachmentId: attachment.id, addresses },
    { kind: "allocate-attachment", attachmentId: attachment.id, addresses: [], error: "full" },
  ],
  "remove-attachment": [{ kind: "remove-attachment", attachmentId: attachment.id }],
  "remove-task": [{ kind: "remove-task", taskId: task.id }],
};

describe("what is in the log is what was proposed", () => {
  test.each(Object.values(CHANGES).flat())("$kind", (change) => {
    const command = { format: COMMAND_FORMAT, atMs: 1_700_000_000_000.5, changes: [change] };
    expect(decodeCommand(encodeCommand(command))).toEqual(command);
  });

  test("changes keep their order, and the request its id", () => {
    const changes = Object.values(CHANGES).flat();
    const command = { format: COMMAND_FORMAT, atMs: 1, requestId: "request", changes };
    expect(decodeCommand(encodeCommand(command))).toEqual(command);
  });
});
