/** Services and their revisions, proto ↔ model. */
import type { EndpointPortConfig } from "../../docker-api/endpoint.js";
import type { ServiceFrame, UpdateState } from "../../docker-api/service-spec.js";
import type { TaskSpec } from "../../docker-api/task-spec.js";
import type { NodeId, ServiceId } from "../../model/ids.js";
import type { Revision } from "../../model/revision.js";
import type {
  PreviousService,
  RebalanceProgress,
  RebalanceState,
  Service,
  UpdateProgress,
} from "../../model/service.js";
import { fromUint64, isSet, type WireUint64 } from "./fields.js";
import { intern } from "./intern.js";
import { endpointFromWire, endpointToWire, type WireServiceEndpoint } from "./network.js";
import { specFromJson, specToJson } from "./specs.js";

export interface WireService {
  id: string;
  version: WireUint64;
  createdAtMs: number;
  updatedAtMs: number;
  frameJson: string;
  revision: number;
  previous?: WirePreviousService | null;
  endpoint?: WireServiceEndpoint | null;
  update?: WireUpdateProgress | null;
  rebalance?: WireRebalanceProgress | null;
}

export interface WireRebalanceProgress {
  state: string;
  by: string;
  message: string;
  startedAtMs: number;
  completedAtMs?: number | null;
  moved: number;
  avoided?: readonly string[];
}

export interface WireUpdateProgress {
  state: string;
  message: string;
  startedAtMs: number;
  completedAtMs?: number | null;
}

export interface WirePreviousService {
  frameJson: string;
  revision: number;
}

export interface WireRevision {
  serviceId: string;
  number: number;
  createdAtMs: number;
  templateJson: string;
  hash: string;
  hostPortsJson?: string | null;
  mesh?: boolean;
  by?: string | null;
  rollbackOf?: number | null;
}

export function serviceToWire(service: Service): WireService {
  const wire: WireService = {
    id: service.id,
    version: service.version,
    createdAtMs: service.createdAtMs,
    updatedAtMs: service.updatedAtMs,
    frameJson: specToJson(service.frame),
    revision: service.revision,
  };
  if (service.previous !== undefined) wire.previous = previousToWire(service.previous);
  if (service.endpoint !== undefined) wire.endpoint = endpointToWire(service.endpoint);
  if (service.update !== undefined) wire.update = service.update;
  if (service.rebalance !== undefined) wire.rebalance = service.rebalance;
  return wire;
}

export function serviceFromWire(wire: WireService): Service {
  return {
    id: intern(wire.id) as ServiceId,
    version: fromUint64(wire.version),
    createdAtMs: wire.createdAtMs,
    updatedAtMs: wire.updatedAtMs,
    frame: specFromJson<ServiceFrame>(wire.frameJson),
    revision: wire.revision,
    ...(isSet(wire.previous) && { previous: previousFromWire(wire.previous) }),
    ...(isSet(wire.endpoint) && { endpoint: endpointFromWire(wire.endpoint) }),
    ...(isSet(wire.update) && { update: updateFromWire(wire.update) }),
    ...(isSet(wire.rebalance) && { rebalance: rebalanceFromWire(wire.rebalance) }),
  };
}

export function rebalanceFromWire(wire: WireRebalanceProgress): RebalanceProgress {
  const { state, by, message, startedAtMs, completedAtMs, moved, avoided } = wire;
  return {
    state: state as RebalanceState,
    by: by as RebalanceProgress["by"],
    message,
    startedAtMs,
    ...(isSet(completedAtMs) && { completedAtMs }),
    moved,
    avoided: (avoided ?? []).map((id) => intern(id) as NodeId),
  };
}

export function updateFromWire(wire: WireUpdateProgress): UpdateProgress {
  const { state, message, startedAtMs, completedAtMs } = wire;
  return {
    state: state as UpdateState,
    message,
    startedAtMs,
    ...(isSet(completedAtMs) && { completedAtMs }),
  };
}

export function previousToWire(previous: PreviousService): WirePreviousService {
  return { frameJson: specToJson(previous.frame), revision: previous.revision };
}

export function previousFromWire(wire: WirePreviousService): PreviousService {
  return { frame: specFromJson<ServiceFrame>(wire.frameJson), revision: wire.revision };
}

export function revisionToWire(revision: Revision): WireRevision {
  const wire: WireRevision = {
    serviceId: revision.serviceId,
    number: revision.number,
    createdAtMs: revision.createdAtMs,
    templateJson: specToJson(revision.template),
    hash: revision.hash,
  };
  if (revision.hostPorts !== undefined) wire.hostPortsJson = specToJson(revision.hostPorts);
  if (revision.mesh !== undefined) wire.mesh = true;
  if (revision.by !== undefined) wire.by = revision.by;
  if (revision.rollbackOf !== undefined) wire.rollbackOf = revision.rollbackOf;
  return wire;
}

export function revisionFromWire(wire: WireRevision): Revision {
  return {
    serviceId: intern(wire.serviceId) as ServiceId,
    number: wire.number,
    createdAtMs: wire.createdAtMs,
    template: specFromJson<TaskSpec>(wire.templateJson),
    hash: wire.hash,
    ...(isSet(wire.hostPortsJson) && {
      hostPorts: specFromJson<EndpointPortConfig[]>(wire.hostPortsJson),
    }),
    ...(wire.mesh === true && { mesh: "published" as const }),
    ...(isSet(wire.by) && { by: wire.by }),
    ...(isSet(wire.rollbackOf) && { rollbackOf: wire.rollbackOf }),
  };
}
