/** Objects for tests: a complete one each, of which a test names only what it is about. */
import { completeSwarmSpec } from "../../shared/docker-api/defaults.js";
import type { GenericResources } from "../../shared/docker-api/resources.js";
import type { ServiceMode } from "../../shared/docker-api/service-spec.js";
import type { TaskSpec } from "../../shared/docker-api/task-spec.js";
import type { Cluster } from "../../shared/model/cluster.js";
import type { ClusterId, NodeId, ServiceId, TaskId } from "../../shared/model/ids.js";
import type { Availability, Node, NodeState } from "../../shared/model/node.js";
import { type Revision, revisionHash } from "../../shared/model/revision.js";
import type { Service } from "../../shared/model/service.js";
import type { Task } from "../../shared/model/task.js";
import type { DesiredState, ObservedState } from "../../shared/model/task-state.js";

export interface TaskSketch {
  readonly id?: string;
  readonly service?: string;
  readonly slot?: number;
  readonly node?: string;
  readonly desired?: DesiredState;
  readonly state?: ObservedState;
  readonly revision?: number;
  readonly version?: number;
  readonly createdAtMs?: number;
  readonly restartsAtMs?: readonly number[];
}

export function sampleTask(sketch: TaskSketch = {}): Task {
  const { slot = 1, createdAtMs = 0 } = sketch;
  return {
    id: (sketch.id ?? `task${slot}`) as TaskId,
    version: sketch.version ?? 1,
    createdAtMs,
    updatedAtMs: createdAtMs,
    serviceId: (sketch.service ?? "service") as ServiceId,
    revision: sketch.revision ?? 1,
    slot,
    ...(sketch.node === undefined ? {} : { nodeId: sketch.node as NodeId }),
    desired: sketch.desired ?? "running",
    status: { state: sketch.state ?? "running", atMs: createdAtMs, message: "" },
    ...(sketch.restartsAtMs === undefined ? {} : { restartsAtMs: sketch.restartsAtMs }),
  };
}

export interface NodeSketch {
  readonly id?: string;
  readonly state?: NodeState;
  readonly availability?: Availability;
  readonly labels?: Readonly<Record<string, string>>;
  readonly nanoCpus?: number;
  readonly memoryBytes?: number;
  readonly generics?: GenericResources;
  readonly architecture?: string;
  /** Absent: its engine says nothing of itself. */
  readonly networkPlugins?: readonly string[];
}

export function sampleNode(sketch: NodeSketch = {}): Node {
  const { id = "node1" } = sketch;
  return {
    id: id as NodeId,
    version: 0,
    createdAtMs: 0,
    updatedAtMs: 0,
    spec: {
      Role: "worker",
      Availability: sketch.availability ?? "active",
      Labels: { ...sketch.labels },
    },
    description: {
      Hostname: id,
      Platform: { OS: "linux", Architecture: sketch.architecture ?? "x86_64" },
      Resources: {
        NanoCPUs: sketch.nanoCpus ?? 8e9,
        MemoryBytes: sketch.memoryBytes ?? 16 * 2 ** 30,
        ...(sketch.generics && { GenericResources: sketch.generics }),
      },
      ...(sketch.networkPlugins && {
        Engine: { Plugins: sketch.networkPlugins.map((Name) => ({ Type: "Network", Name })) },
      }),
    },
    status: { state: sketch.state ?? "ready", message: "", address: "10.0.0.1" },
  };
}

export interface ServiceSketch {
  readonly id?: string;
  readonly name?: string;
  readonly replicas?: number;
  /** In place of a number of replicas. */
  readonly mode?: ServiceMode;
  readonly template?: TaskSpec;
  readonly update?: NonNullable<Service["frame"]["UpdateConfig"]>;
}

/** A service, replicated unless told, and its first revision. */
export function sampleService(sketch: ServiceSketch = {}): {
  readonly service: Service;
  readonly revision: Revision;
} {
  const { id = "service", name = "web", replicas = 1, template = {} } = sketch;
  const serviceId = id as ServiceId;
  const frame: Service["frame"] = {
    Name: name,
    Mode: sketch.mode ?? { Replicated: { Replicas: replicas } },
    ...(sketch.update === undefined ? {} : { UpdateConfig: sketch.update }),
  };
  return {
    service: { id: serviceId, version: 0, createdAtMs: 0, updatedAtMs: 0, frame, revision: 1 },
    revision: sampleRevision({ serviceId, number: 1, template }),
  };
}

export function sampleRevision(of: {
  readonly serviceId: ServiceId;
  readonly number: number;
  readonly template: TaskSpec;
}): Revision {
  return { ...of, createdAtMs: 0, hash: revisionHash(of.template) };
}

/** A cluster with Docker's defaults; its authority and tokens are no real ones. */
export function sampleCluster(): Cluster {
  return {
    id: "cluster" as ClusterId,
    version: 0,
    createdAtMs: 0,
    updatedAtMs: 0,
    spec: completeSwarmSpec({}),
    authority: { certificatePem: "", keyPem: "" },
    joinTokens: { worker: "", manager: "" },
    epoch: 0,
  };
}
