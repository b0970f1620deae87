/** A task as the API shows it: its template spelled out, where it runs and how it fares. */
import { type Static, Type } from "@sinclair/typebox";

import { EndpointPortConfig } from "./endpoint.js";
import { AttachedNetwork } from "./network.js";
import { JobIteration, OBJECT_FIELDS } from "./object-version.js";
import { GenericResources } from "./resources.js";
import { choice, Int64, reply, struct, Text, TextList, TextMap, Timestamp } from "./schema.js";
import { TaskSpec } from "./task-spec.js";

export const TaskState = choice(
  "new",
  "allocated",
  "pending",
  "assigned",
  "accepted",
  "preparing",
  "ready",
  "starting",
  "running",
  "complete",
  "shutdown",
  "failed",
  "rejected",
  "remove",
  "orphaned",
);
export type TaskState = Static<typeof TaskState>;

export const ContainerStatus = struct({ ContainerID: Text, PID: Int64, ExitCode: Int64 });
export type ContainerStatus = Static<typeof ContainerStatus>;

/** The ports published on the task's own host. */
export const PortStatus = struct({ Ports: Type.Array(EndpointPortConfig) });
export type PortStatus = Static<typeof PortStatus>;

export const TaskStatus = reply(
  { Timestamp, State: TaskState },
  { Message: Text, Err: Text, ContainerStatus, PortStatus },
);
export type TaskStatus = Static<typeof TaskStatus>;

export const NetworkAttachment = struct({
  Network: AttachedNetwork,
  /** Each with the length of its prefix. */
  Addresses: TextList,
});
export type NetworkAttachment = Static<typeof NetworkAttachment>;

export const Task = reply(
  { ...OBJECT_FIELDS, Spec: TaskSpec, Status: TaskStatus, DesiredState: TaskState },
  {
    Name: Text,
    Labels: TextMap,
    ServiceID: Text,
    /** From 1; absent on the tasks of a global service. */
    Slot: Int64,
    NodeID: Text,
    AssignedGenericResources: GenericResources,
    JobIteration,
    NetworksAttachments: Type.Array(NetworkAttachment),
  },
);
export type Task = Static<typeof Task>;
