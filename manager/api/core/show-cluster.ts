/** The cluster as the API shows it: the root's key and the tokens' making stay behind. */
import type { ClusterInfo, Swarm, SwarmSpec } from "../../../shared/docker-api/swarm-spec.js";
import type { TLSInfo } from "../../../shared/docker-api/tls-info.js";
import type { Cluster } from "../../../shared/model/cluster.js";
import { showTime } from "./show-time.js";

/** VXLAN (RFC 7348 §8.1 names 4789). */
const DATA_PATH_PORT = 4789;
/** DESIGN section 4, allocator: by default a /24 of 10.240.0.0/12 per network. */
const ADDRESS_POOLS = ["10.240.0.0/12"];
const SUBNET_SIZE = 24;

export function showCluster(cluster: Cluster, trust: TLSInfo): ClusterInfo {
  return {
    ID: cluster.id,
    Version: { Index: cluster.version },
    CreatedAt: showTime(cluster.createdAtMs),
    UpdatedAt: showTime(cluster.updatedAtMs),
    Spec: withoutSigner(cluster.spec),
    TLSInfo: trust,
    RootRotationInProgress: false,
    DefaultAddrPool: ADDRESS_POOLS,
    SubnetSize: SUBNET_SIZE,
    DataPathPort: DATA_PATH_PORT,
  };
}

export function showSwarm(cluster: Cluster, trust: TLSInfo): Swarm {
  return {
    ...showCluster(cluster, trust),
    JoinTokens: { Worker: cluster.joinTokens.worker, Manager: cluster.joinTokens.manager },
  };
}

/**
 * The key is secret, and the certificate without it would make a read spec unfit to be sent back.
 */
function withoutSigner(spec: SwarmSpec): SwarmSpec {
  const { SigningCACert: _certificate, SigningCAKey: _key, ...ca } = spec.CAConfig ?? {};
  return { ...spec, Labels: spec.Labels ?? {}, CAConfig: ca };
}
