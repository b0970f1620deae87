/** The `Swarm` part of `/info`: this host's place in the cluster. */
import type { ClusterInfo } from "../../../shared/docker-api/swarm-spec.js";
import type { SwarmInfo } from "../../../shared/docker-api/system.js";

/** What the host knows of its own membership. */
export interface Membership {
  readonly state: "inactive" | "pending" | "active" | "error" | "locked";
  readonly role: "worker" | "manager" | "none";
  readonly nodeId: string;
  readonly nodeAddress: string;
  readonly managers: readonly { readonly nodeId: string; readonly address: string }[];
  readonly error: string;
}

export interface SwarmState {
  readonly status: Membership;
  /** Counts, known to managers alone. */
  readonly nodes?: number;
  readonly managers?: number;
  readonly cluster?: ClusterInfo;
}

const TWO_MANAGERS = `WARNING: Running Swarm in a two-manager configuration. This configuration provides
         no fault tolerance, and poses a high risk to lose control over the cluster.`;

export function describeSwarm({ status, nodes, managers, cluster }: SwarmState): SwarmInfo {
  return {
    NodeID: status.nodeId,
    NodeAddr: status.nodeAddress,
    LocalNodeState: status.state,
    ControlAvailable: status.state === "active" && status.role === "manager",
    Error: status.error,
    RemoteManagers:
      status.managers.length === 0
        ? null
        : status.managers.map(({ nodeId, address }) => ({ NodeID: nodeId, Addr: address })),
    ...(nodes === undefined ? {} : { Nodes: nodes }),
    ...(managers === undefined ? {} : { Managers: managers }),
    ...(cluster === undefined ? {} : { Cluster: cluster }),
    ...(managers === 2 ? { Warnings: [TWO_MANAGERS] } : {}),
  };
}
