/**
 * What can happen to the replicated state. A command is a list of changes that are applied
 * together or not at all. It carries every id and time it needs, chosen by its proposer:
 * `apply` computes, and never generates. Each change states its precondition by what it names;
 * `apply` checks it again.
 */
import type { NetworkCreateRequest } from "../../../shared/docker-api/network.js";
import type { NodeDescription, NodeSpec } from "../../../shared/docker-api/node-spec.js";
import type { ServiceFrame } from "../../../shared/docker-api/service-spec.js";
import type { SwarmSpec } from "../../../shared/docker-api/swarm-spec.js";
import type { Attachment } from "../../../shared/model/attachment.js";
import type { Authority, Cluster, DataPath, JoinTokens } from "../../../shared/model/cluster.js";
import type { GenericShare } from "../../../shared/model/generic-resources.js";
import type { NetworkId, NodeId, ServiceId, TaskId } from "../../../shared/model/ids.js";
import type {
  Network,
  NetworkAddresses,
  NetworkSubnet,
  ServiceEndpoint,
} from "../../../shared/model/network.js";
import type { ManagerMember, Node, NodeStatus } from "../../../shared/model/node.js";
import type { Revision } from "../../../shared/model/revision.js";
import type {
  PreviousService,
  RebalanceProgress,
  Service,
  UpdateProgress,
} from "../../../shared/model/service.js";
import type { Task, TaskStatus } from "../../../shared/model/task.js";
import type { DesiredState } from "../../../shared/model/task-state.js";

/** Written into every command; a manager refuses to apply a format that it does not know. */
export const COMMAND_FORMAT = 1;

export interface Command {
  readonly format: number;
  /**
   * Wall clock of the proposer (ms): becomes `createdAtMs` and `updatedAtMs` of what it touches.
   */
  readonly atMs: number;
  /** The caller's own id for this request: the same id again gets the same answer. */
  readonly requestId?: string;
  readonly changes: readonly Change[];
}

/**
 * `version` and the times of a new object are set by `apply`; what the
 * maker puts there is not read.
 */
export type Change =
  | { readonly kind: "create-cluster"; readonly cluster: Cluster }
  | {
      readonly kind: "update-cluster";
      /** The version that the user read; absent for changes that the system makes. */
      readonly expectedVersion?: number;
      readonly spec?: SwarmSpec;
      readonly joinTokens?: JoinTokens;
      readonly authority?: Authority;
      readonly epoch?: number;
      readonly dataPath?: DataPath;
    }
  | { readonly kind: "create-node"; readonly node: Node }
  | {
      readonly kind: "update-node";
      readonly nodeId: NodeId;
      readonly expectedVersion?: number;
      readonly spec: NodeSpec;
    }
  | {
      readonly kind: "observe-node";
      readonly nodeId: NodeId;
      readonly status: NodeStatus;
      readonly description?: NodeDescription;
    }
  | { readonly kind: "remove-node"; readonly nodeId: NodeId }
  | {
      readonly kind: "set-manager";
      readonly nodeId: NodeId;
      /** Absent: the node takes no part in consensus any more. */
      readonly manager?: ManagerMember;
    }
  | {
      /** Its own addresses on the networks that it serves, all of them. */
      readonly kind: "allocate-node";
      readonly nodeId: NodeId;
      readonly gateways: readonly NetworkAddresses[];
    }
  | { readonly kind: "create-network"; readonly network: Network }
  | {
      readonly kind: "update-network";
      readonly networkId: NetworkId;
      readonly expectedVersion?: number;
      readonly spec: NetworkCreateRequest;
      /** Those that it had, and what is added to them. */
      readonly subnets: readonly NetworkSubnet[];
    }
  | { readonly kind: "remove-network"; readonly networkId: NetworkId }
  | { readonly kind: "create-service"; readonly service: Service; readonly revision: Revision }
  | {
      readonly kind: "update-service";
      readonly serviceId: ServiceId;
      readonly expectedVersion?: number;
      readonly frame: ServiceFrame;
      /**
       * The revision that tasks should run from now on: an existing one, or
       * the one in `newRevision`.
       */
      readonly revision: number;
      readonly newRevision?: Revision;
      /** Absent: there is nothing to roll back to from now on. */
      readonly previous?: PreviousService;
      /** Absent: no rolling update has begun yet. */
      readonly update?: UpdateProgress;
    }
  | {
      /** How far the rolling update has come that the given version began. */
      readonly kind: "observe-update";
      readonly serviceId: ServiceId;
      readonly expectedVersion: number;
      readonly update: UpdateProgress;
    }
  | {
      /** A rebalance begins, or how far it has come. */
      readonly kind: "observe-rebalance";
      readonly serviceId: ServiceId;
      readonly rebalance: RebalanceProgress;
    }
  | {
      readonly kind: "allocate-service";
      readonly serviceId: ServiceId;
      /** Absent: nothing is held for it any more. */
      readonly endpoint?: ServiceEndpoint;
    }
  | { readonly kind: "remove-service"; readonly serviceId: ServiceId }
  | { readonly kind: "remove-revision"; readonly serviceId: ServiceId; readonly number: number }
  | { readonly kind: "create-task"; readonly task: Task }
  | {
      /** A new task gets its addresses, and may be placed from now on. */
      readonly kind: "allocate-task";
      readonly taskId: TaskId;
      readonly addresses: readonly NetworkAddresses[];
      readonly message: string;
    }
  | {
      /** A pending task gets its node. */
      readonly kind: "assign-task";
      readonly taskId: TaskId;
      readonly nodeId: NodeId;
      readonly message: string;
      /** Of the node's generic resources; absent where it asks for none. */
      readonly generics?: readonly GenericShare[];
    }
  | { readonly kind: "want-task"; readonly taskId: TaskId; readonly desired: DesiredState }
  | {
      /** Forward only; the same state again may bring a new message, error or container. */
      readonly kind: "observe-task";
      readonly taskId: TaskId;
      readonly status: TaskStatus;
    }
  | { readonly kind: "remove-task"; readonly taskId: TaskId }
  | {
      /** A new one, or what its node says of it now; its addresses are the allocator's to give. */
      readonly kind: "put-attachment";
      readonly attachment: Attachment;
    }
  | {
      readonly kind: "allocate-attachment";
      readonly attachmentId: TaskId;
      /** All of them. */
      readonly addresses: readonly NetworkAddresses[];
      readonly error?: string;
    }
  | { readonly kind: "remove-attachment"; readonly attachmentId: TaskId };

/** One kind of change: `ChangeOf<"assign-task">`. */
export type ChangeOf<Kind extends Change["kind"]> = Extract<Change, { readonly kind: Kind }>;

export type ObjectType =
  "cluster" | "node" | "service" | "revision" | "task" | "network" | "attachment";

/** One object before and after a command: what watchers see. */
export type StoreEvent =
  | Changed<"cluster", Cluster>
  | Changed<"node", Node>
  | Changed<"service", Service>
  | Changed<"revision", Revision>
  | Changed<"task", Task>
  | Changed<"network", Network>
  | Changed<"attachment", Attachment>;

interface Changed<Type extends ObjectType, T> {
  readonly type: Type;
  /** Absent for a new object. */
  readonly before?: T;
  /** Absent for a removed one. */
  readonly after?: T;
}
