/**
 * What the public API needs of the host that it runs on. Every `skepd` serves the API, also one
 * that is a worker only, or in no swarm at all: then `manager()` says so in Docker's words.
 */
import type { Readable } from "node:stream";

import type { RaftReport } from "../../shared/docker-api/consensus.js";
import type { GenericResource } from "../../shared/docker-api/resources.js";
import type { SwarmInitRequest, SwarmJoinRequest } from "../../shared/docker-api/swarm-spec.js";
import type { ClusterError } from "../../shared/errors/cluster-error.js";
import type { NodeId, TaskId } from "../../shared/model/ids.js";
import type { Node } from "../../shared/model/node.js";
import type { AttachRequest } from "../../shared/rpc/attachments-rpc.js";
import type { LeaderKnowledge } from "../explain/core/knowledge.js";
import type { HttpAnswer, HttpRequest } from "../forward/forward-rpc.js";
import type { StoreAccess } from "../store/store-access.js";

export interface ApiHost {
  /** What this host calls itself; an engine tells a name of its own. */
  readonly hostname: string;
  /** What it has besides processors and memory, as its user said; an engine may know of other things. */
  readonly generics?: readonly GenericResource[];
  readonly swarm: SwarmMembership;
  /** @throws NotAManagerError this host is in no swarm, or a worker in it. */
  manager(): ApiManager;
  /** Undefined where containers cannot be on networks of a cluster. */
  attachments?(): ContainerNetworks | undefined;
  /**
   * Path of the local engine's socket: everything that is not Swarm goes there.
   * Absent without an engine.
   */
  readonly engineSocket?: string;
}

/** Puts containers of this host's user on networks of the cluster. */
export interface ContainerNetworks {
  /**
   * Resolves once the container can be made on these networks, or connected to them; then `made`
   * must be called, whether that was done or not.
   * @throws NotFoundError, PermissionDeniedError, FailedPreconditionError as the managers say it;
   *   UnavailableError none of them answers, or this host's network is not ready
   */
  attach(
    request: AttachRequest,
    names: { resolvers: readonly string[]; search: readonly string[]; options: readonly string[] },
    signal: AbortSignal,
  ): Promise<PlacedContainer>;
  made(id: TaskId): void;
  /** Of a container that is there; undefined for one of a service. */
  idOf(containerId: string, labels: Readonly<Record<string, string>>): TaskId | undefined;
  /** Something changed of a container. */
  look(): void;
}

export interface PlacedContainer {
  /** To be known again by. */
  readonly labels: Readonly<Record<string, string>>;
  /** All that it is on. */
  readonly networks: readonly PlacedEndpoint[];
}

export interface PlacedEndpoint {
  readonly networkId: string;
  readonly name: string;
  /** What the engine knows the network by. */
  readonly engineName: string;
  readonly addresses: readonly string[];
  readonly mac: string;
  readonly subnets: readonly { readonly gateway: string }[];
}

export const LOCAL_STATES = ["inactive", "pending", "active", "error", "locked"] as const;
export type LocalState = (typeof LOCAL_STATES)[number];

export interface SwarmMembership {
  status(): MembershipStatus;
  /** @throws FailedPreconditionError already part of a swarm. */
  init(request: SwarmInitRequest): Promise<NodeId>;
  join(request: SwarmJoinRequest): Promise<void>;
  /**
   * Makes a manager of this host, which is in no swarm, from a backup.
   * @throws DamagedBackupError
   */
  restore(backup: AsyncIterable<Uint8Array>, request: SwarmInitRequest): Promise<NodeId>;
  /** `forced` also where this is the last manager, and the cluster's state is lost. */
  leave(options: { readonly forced: boolean }): Promise<void>;
}

export interface MembershipStatus {
  readonly state: LocalState;
  readonly role: "worker" | "manager" | "none";
  /** Empty while in no swarm. */
  readonly nodeId: string;
  /** Address that this host tells others, without a port; empty while in no swarm. */
  readonly nodeAddress: string;
  /** `host:port` of the managers known here. */
  readonly managers: readonly { readonly nodeId: string; readonly address: string }[];
  /** Why, where `state` is `error`. */
  readonly error: string;
}

export interface ApiManager {
  readonly store: StoreAccess;
  /**
   * Resolves once a read of `store.committed` is linearizable.
   * @throws NoLeaderError, UnavailableError
   */
  readIndex(signal: AbortSignal): Promise<void>;
  /** Why nobody can be asked just now, and who is missing. */
  whyUnavailable(): ClusterError;
  /**
   * Has the leader answer a request; it may be sent again, so it carries an id of its own.
   * @throws NoLeaderError, OutcomeUnknownError where none answered in time.
   */
  forward(request: HttpRequest, patienceMs: number): Promise<HttpAnswer>;
  /** There is no other manager. */
  readonly isAlone: boolean;
  /** @throws FailedPreconditionError the managers that remain would have no majority. */
  checkDemotion(node: Node): void;
  /** The whole state as of now. */
  backup(): Readable;
  /** What this manager knows of consensus. */
  raftStatus(): RaftReport;
  /** What is in no store, while this manager leads. */
  readonly knowledge: LeaderKnowledge;
  /** How the managers see the member that runs on this node; undefined for workers. */
  managerStatus(nodeId: NodeId): ManagerReachability | undefined;
}

/** A manager, and `host:port` where others find it. */
export interface ManagerPlace {
  readonly nodeId: NodeId;
  readonly address: string;
}

export interface ManagerReachability {
  readonly leader: boolean;
  readonly reachability: "unknown" | "unreachable" | "reachable";
  /** `host:port` */
  readonly address: string;
}
