import { describe, expect, test } from "vitest";

import { sampleTask } from "../../test/samples/objects.js";
import type { AssignmentSet } from "../model/assignment.js";
import type { ServiceId, TaskId } from "../model/ids.js";
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
