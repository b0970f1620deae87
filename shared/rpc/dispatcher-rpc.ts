/**
 * What agents may call on the manager that leads (`proto/dispatcher.proto`), and the
 * messages, proto ↔ model.
 */
import { isIP } from "node:net";

import { NodeDescription } from "../docker-api/node-spec.js";
import { checkShape } from "../docker-api/validate.js";
import { InvalidArgumentError } from "../errors/cluster-error.js";
import type { AssignmentSet, TaskTemplate } from "../model/assignment.js";
import type { EngineHealth } from "../model/engine-health.js";
import type { Fence } from "../model/fence.js";
import type { ServiceId, TaskId } from "../model/ids.js";
import { NODE_ROLES, type NodeRole } from "../model/node.js";
import type { AgentMessage, ManagerMessage } from "./dispatcher-messages.js";
import { messageType } from "./protos.js";
import { ANY_NODE, type Codec, type StreamMethod, type UnaryMethod } from "./rpc-method.js";
import { fromUint64, isSet, type WireUint64 } from "./wire/fields.js";
import {
  nodeNetworksFromWire,
  nodeNetworksToWire,
  type WireNodeNetworks,
} from "./wire/node-networks.js";
import { specFromJson, specToJson } from "./wire/specs.js";
import {
  taskFromWire,
  taskStatusFromWire,
  taskStatusToWire,
  taskToWire,
  type WireTask,
  type WireTaskStatus,
} from "./wire/task.js";

const SERVICE = "/skep.dispatcher.v1.Dispatcher";

export const SESSION: StreamMethod<AgentMessage, ManagerMessage> = {
  kind: "stream",
  path: `${SERVICE}/Session`,
  callers: ANY_NODE,
  request: agentMessageCodec(),
  response: managerMessageCodec(),
};

/**
 * Said once by a host that leaves the cluster, after it has stopped and removed all of its tasks.
 */
export const LEAVE: UnaryMethod<Record<string, never>, Record<string, never>> = {
  kind: "unary",
  path: `${SERVICE}/Leave`,
  callers: ANY_NODE,
  request: messageType("skep.dispatcher.v1.LeaveRequest"),
  response: messageType("skep.dispatcher.v1.LeaveResponse"),
};

interface WireFence {
  epoch: WireUint64;
  term: WireUint64;
  sequence: WireUint64;
}

interface WireEngineHealth {
  away: boolean;
  reason: string;
}

interface WireAgentMessage {
  hello?: {
    descriptionJson: string;
    fence: WireFence | null;
    fresh: boolean;
    address: string;
    engine?: WireEngineHealth | null;
  } | null;
  heartbeat?: object | null;
  statuses?: {
    batch: WireUint64;
    updates: readonly { taskId: string; status: WireTaskStatus }[];
  } | null;
  descriptionJson?: string | null;
  resend?: object | null;
  engine?: WireEngineHealth | null;
  networksApplied?: { sequence: WireUint64 } | null;
}

function agentMessageCodec(): Codec<AgentMessage> {
  const wireType = messageType<WireAgentMessage>("skep.dispatcher.v1.AgentMessage");
  return {
    encode: (message) => wireType.encode(agentMessageToWire(message)),
    decode: (bytes) => agentMessageFromWire(wireType.decode(bytes)),
  };
}

function agentMessageToWire(message: AgentMessage): WireAgentMessage {
  switch (message.kind) {
    case "hello": {
      const { address = "", description, engine, fence, memory } = message;
      const descriptionJson = description === undefined ? "" : specToJson(description);
      const fresh = memory === "none";
      return { hello: { descriptionJson, fence, fresh, engine: engineToWire(engine), address } };
    }
    case "heartbeat":
      return { heartbeat: {} };
    case "statuses": {
      const updates = message.updates.map(({ taskId, status }) => ({
        taskId,
        status: taskStatusToWire(status),
      }));
      return { statuses: { batch: message.batch, updates } };
    }
    case "description":
      return { descriptionJson: specToJson(message.description) };
    case "engine":
      return { engine: engineToWire(message.health) };
    case "networks-applied":
      return { networksApplied: { sequence: message.sequence } };
    case "resend-assignments":
      return { resend: {} };
  }
}

function agentMessageFromWire(wire: WireAgentMessage): AgentMessage {
  if (isSet(wire.heartbeat)) return { kind: "heartbeat" };
  if (isSet(wire.statuses)) {
    const updates = wire.statuses.updates.map(({ taskId, status }) => ({
      taskId: taskId as TaskId,
      status: taskStatusFromWire(status),
    }));
    return { kind: "statuses", batch: fromUint64(wire.statuses.batch), updates };
  }
  if (isSet(wire.hello)) {
    const { address, descriptionJson, engine, fence, fresh } = wire.hello;
    return {
      kind: "hello",
      ...(descriptionJson !== "" && { description: descriptionFromWire(descriptionJson) }),
      engine: engineFromWire(engine),
      fence: fenceFromWire(fence),
      memory: fresh ? "none" : "kept",
      ...(address !== "" && { address: addressFromWire(address) }),
    };
  }
  if (isSet(wire.engine)) return { kind: "engine", health: engineFromWire(wire.engine) };
  if (isSet(wire.networksApplied)) {
    return { kind: "networks-applied", sequence: fromUint64(wire.networksApplied.sequence) };
  }
  if (isSet(wire.resend)) return { kind: "resend-assignments" };
  if (isSet(wire.descriptionJson)) {
    return { kind: "description", description: descriptionFromWire(wire.descriptionJson) };
  }
  throw new InvalidArgumentError("an agent's message of an unknown kind");
}

function engineToWire(health: EngineHealth): WireEngineHealth {
  return health.kind === "away"
    ? { away: true, reason: health.reason }
    : { away: false, reason: "" };
}

function engineFromWire(wire: WireEngineHealth | null | undefined): EngineHealth {
  return isSet(wire) && wire.away ? { kind: "away", reason: wire.reason } : { kind: "answers" };
}

function addressFromWire(address: string): string {
  if (isIP(address) !== 0) return address;
  throw new InvalidArgumentError("a host named something as its address that is no IP address");
}

/** Checked here, once: it comes from a host, and filters and lists will trust it. */
function descriptionFromWire(json: string): NodeDescription {
  const checked = checkShape(NodeDescription, specFromJson(json));
  if (checked.ok) return checked.value;
  throw new InvalidArgumentError(`the node's description: ${checked.message}`);
}

interface WireManagerMessage {
  welcome?: { sessionId: string; fence: WireFence | null; heartbeatPeriodMs: number } | null;
  assignments?: WireAssignmentSet | null;
  managers?: { addresses: readonly string[] } | null;
  role?: { role: string } | null;
  statusesStored?: { batch: WireUint64 } | null;
  heartbeatReceived?: { heartbeatPeriodMs?: number | null } | null;
  removed?: { fence: WireFence | null } | null;
}

interface WireAssignmentSet {
  fence: WireFence | null;
  complete: boolean;
  sequence: WireUint64;
  tasks: readonly WireTask[];
  removed: readonly string[];
  templates: readonly WireTaskTemplate[];
  stopWithinMs?: number | null;
  networks?: WireNodeNetworks | null;
}

interface WireTaskTemplate {
  serviceId: string;
  revision: number;
  serviceName: string;
  serviceLabels: Readonly<Record<string, string>>;
  templateJson: string;
  hostPortsJson?: string | null;
}

function managerMessageCodec(): Codec<ManagerMessage> {
  const wireType = messageType<WireManagerMessage>("skep.dispatcher.v1.ManagerMessage");
  return {
    encode: (message) => wireType.encode(managerMessageToWire(message)),
    decode: (bytes) => managerMessageFromWire(wireType.decode(bytes)),
  };
}

function managerMessageToWire(message: ManagerMessage): WireManagerMessage {
  switch (message.kind) {
    case "welcome": {
      const { sessionId, fence, heartbeatPeriodMs } = message;
      return { welcome: { sessionId, fence, heartbeatPeriodMs } };
    }
    case "assignments":
      return { assignments: assignmentsToWire(message.set) };
    case "managers":
      return { managers: { addresses: message.addresses } };
    case "role":
      return { role: { role: message.role } };
    case "statuses-stored":
      return { statusesStored: { batch: message.batch } };
    case "heartbeat-received": {
      const { heartbeatPeriodMs } = message;
      return { heartbeatReceived: { ...(heartbeatPeriodMs && { heartbeatPeriodMs }) } };
    }
    case "removed":
      return { removed: { fence: message.fence } };
  }
}

function managerMessageFromWire(wire: WireManagerMessage): ManagerMessage {
  if (isSet(wire.heartbeatReceived)) {
    const { heartbeatPeriodMs } = wire.heartbeatReceived;
    return { kind: "heartbeat-received", ...(isSet(heartbeatPeriodMs) && { heartbeatPeriodMs }) };
  }
  if (isSet(wire.statusesStored)) {
    return { kind: "statuses-stored", batch: fromUint64(wire.statusesStored.batch) };
  }
  if (isSet(wire.assignments)) {
    return { kind: "assignments", set: assignmentsFromWire(wire.assignments) };
  }
  if (isSet(wire.welcome)) {
    const { sessionId, fence, heartbeatPeriodMs } = wire.welcome;
    return { kind: "welcome", sessionId, fence: fenceFromWire(fence), heartbeatPeriodMs };
  }
  if (isSet(wire.removed)) return { kind: "removed", fence: fenceFromWire(wire.removed.fence) };
  if (isSet(wire.role)) return { kind: "role", role: roleFromWire(wire.role.role) };
  if (isSet(wire.managers)) return { kind: "managers", addresses: [...wire.managers.addresses] };
  throw new InvalidArgumentError("a manager's message of an unknown kind");
}

function assignmentsToWire(set: AssignmentSet): WireAssignmentSet {
  return {
    fence: set.fence,
    complete: set.kind === "complete",
    sequence: set.sequence,
    tasks: set.tasks.map(taskToWire),
    removed: set.removed,
    templates: set.templates.map(templateToWire),
    ...(set.stopWithinMs !== undefined && { stopWithinMs: set.stopWithinMs }),
    ...(set.networks !== undefined && { networks: nodeNetworksToWire(set.networks) }),
  };
}

function templateToWire({ template, hostPorts, ...rest }: TaskTemplate): WireTaskTemplate {
  const wire: WireTaskTemplate = { ...rest, templateJson: specToJson(template) };
  if (hostPorts !== undefined) wire.hostPortsJson = specToJson(hostPorts);
  return wire;
}

function assignmentsFromWire(wire: WireAssignmentSet): AssignmentSet {
  return {
    fence: fenceFromWire(wire.fence),
    kind: wire.complete ? "complete" : "incremental",
    sequence: fromUint64(wire.sequence),
    tasks: wire.tasks.map(taskFromWire),
    removed: wire.removed.map((id) => id as TaskId),
    templates: wire.templates.map(templateFromWire),
    ...(isSet(wire.stopWithinMs) && { stopWithinMs: wire.stopWithinMs }),
    ...(isSet(wire.networks) && { networks: nodeNetworksFromWire(wire.networks) }),
  };
}

function templateFromWire(wire: WireTaskTemplate): TaskTemplate {
  return {
    serviceId: wire.serviceId as ServiceId,
    revision: wire.revision,
    serviceName: wire.serviceName,
    serviceLabels: { ...wire.serviceLabels },
    template: specFromJson(wire.templateJson),
    ...(isSet(wire.hostPortsJson) && { hostPorts: specFromJson(wire.hostPortsJson) }),
  };
}

function roleFromWire(text: string): NodeRole {
  const role = NODE_ROLES.find((known) => known === text);
  if (role === undefined) throw new InvalidArgumentError(`${text} is no role of a node`);
  return role;
}

/** Without a fence a message could be of any age. */
function fenceFromWire(wire: WireFence | null): Fence {
  if (wire === null) throw new InvalidArgumentError("a message came without its fence");
  return {
    epoch: fromUint64(wire.epoch),
    term: fromUint64(wire.term),
    sequence: fromUint64(wire.sequence),
  };
}
