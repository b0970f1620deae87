import { describe, expect, test } from "vitest";

import type { Cluster } from "../../shared/model/cluster.js";
import type { ClusterId } from "../../shared/model/ids.js";
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
const { spec, joinTokens, authority } = cluster;
const hostPorts = [{ Protocol: "tcp" as const, PublishedPort: 80, TargetPort: 8080 }];

/** At least one of every kind; the compiler holds the record complete. */
const CHANGES: { readonly [Kind in Change["kind"]]: readonly Extract<Change, { kind: Kind }>[] } = {
  "create-cluster": [{ kind: "create-cluster", cluster }],
  "update-cluster": [
    { kind: "update-cluster", expectedVersion: 0, spec, joinTokens, authority, epoch: 0 },
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
  "create-service": [
    { kind: "create-service", service, revision },
    { kind: "create-service", service, revision: { ...revision, hostPorts } },
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
    },
  ],
  "remove-service": [{ kind: "remove-service", serviceId: service.id }],
  "remove-revision": [{ kind: "remove-revision", serviceId: service.id, number: 1 }],
  "create-task": [
    { kind: "create-task", task },
    { kind: "create-task", task: sampleTask({ slot: 0, node: "node1", state: "running" }) },
  ],
  "assign-task": [{ kind: "assign-task", taskId: task.id, nodeId: node.id, message: "assigned" }],
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
