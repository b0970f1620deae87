import { describe, expect, test } from "vitest";

import { sampleTask } from "../../test/samples/objects.js";
import type { AssignmentSet } from "../model/assignment.js";
import type { NodeId, ServiceId, TaskId } from "../model/ids.js";
import type { NodeNetworks } from "../model/node-networks.js";
import type { AgentMessage, ManagerMessage } from "./dispatcher-messages.js";
import { SESSION } from "./dispatcher-rpc.js";

const fence = { epoch: 1, term: 2, sequence: 3 };
const status = sampleTask().status;

const UP: {
  readonly [Kind in AgentMessage["kind"]]: readonly Extract<AgentMessage, { kind: Kind }>[];
} = {
  hello: [
    {
      kind: "hello",
      description: { Hostname: "host1" },
      engine: { kind: "answers" },
      fence,
      memory: "kept",
    },
    { kind: "hello", engine: { kind: "away", reason: "gone" }, fence, memory: "none" },
    { kind: "hello", engine: { kind: "answers" }, fence, memory: "none", address: "fd00::1" },
  ],
  heartbeat: [{ kind: "heartbeat" }],
  description: [{ kind: "description", description: { Hostname: "host1" } }],
  statuses: [
    { kind: "statuses", batch: 7, updates: [{ taskId: "task1" as TaskId, status }] },
    { kind: "statuses", batch: 0, updates: [] },
  ],
  engine: [
    { kind: "engine", health: { kind: "answers" } },
    { kind: "engine", health: { kind: "away", reason: "gone" } },
  ],
  "networks-applied": [{ kind: "networks-applied", sequence: 7 }],
  "resend-assignments": [{ kind: "resend-assignments" }],
};

const template = {
  serviceId: "service" as ServiceId,
  revision: 1,
  serviceName: "web",
  serviceLabels: { a: "b" },
  template: { ContainerSpec: { Image: "a" } },
};
const set: AssignmentSet = {
  fence,
  kind: "complete",
  sequence: 1,
  tasks: [sampleTask({ node: "node1" })],
  removed: [],
  templates: [template, { ...template, revision: 2, hostPorts: [{ PublishedPort: 80 }] }],
};

const networks: NodeNetworks = {
  underlay: { address: "10.9.0.1", port: 4789 },
  networks: [
    {
      networkId: "network1",
      name: "ingress",
      vni: 4097,
      kind: "ingress",
      exit: "open",
      subnets: [{ cidr: "10.240.0.0/24", gateway: "10.240.0.2" }],
      mtu: 1400,
      gatewayMac: "02:42:0a:f0:00:02",
      peers: [
        {
          nodeId: "node2" as NodeId,
          underlay: "10.9.0.2",
          gatewayMac: "02:42:0a:f0:00:03",
          gateways: ["10.240.0.3"],
        },
      ],
      endpoints: [
        {
          taskId: "task1" as TaskId,
          nodeId: "node1" as NodeId,
          mac: "02:42:0a:f0:00:04",
          addresses: ["10.240.0.4"],
          names: ["web.1.task1"],
          state: "serving",
        },
      ],
      services: [
        {
          serviceId: "service" as ServiceId,
          name: "web",
          aliases: ["www"],
          vips: ["10.240.0.5"],
          backends: ["10.240.0.4"],
        },
      ],
    },
  ],
  ports: [
    {
      protocol: "tcp",
      publishedPort: 80,
      targetPort: 8080,
      spread: "local",
      backends: [{ address: "10.240.0.4", nodeId: "node1" as NodeId }],
    },
  ],
};

const DOWN: {
  readonly [Kind in ManagerMessage["kind"]]: readonly Extract<ManagerMessage, { kind: Kind }>[];
} = {
  welcome: [{ kind: "welcome", sessionId: "session", fence, heartbeatPeriodMs: 500 }],
  assignments: [
    { kind: "assignments", set },
    {
      kind: "assignments",
      set: {
        ...set,
        kind: "incremental",
        sequence: 2,
        tasks: [],
        templates: [],
        removed: ["task1" as TaskId],
        stopWithinMs: 7_000,
        networks,
      },
    },
  ],
  managers: [{ kind: "managers", addresses: ["10.0.0.1:2377"] }],
  role: [{ kind: "role", role: "manager" }],
  "statuses-stored": [{ kind: "statuses-stored", batch: 0 }],
  "heartbeat-received": [{ kind: "heartbeat-received" }],
  removed: [{ kind: "removed", fence }],
};

describe("a message arrives as it was sent", () => {
  test.each(Object.values(UP).flat())("up: $kind", (message) => {
    expect(SESSION.request.decode(SESSION.request.encode(message))).toEqual(message);
  });

  test.each(Object.values(DOWN).flat())("down: $kind", (message) => {
    expect(SESSION.response.decode(SESSION.response.encode(message))).toEqual(message);
  });
});
