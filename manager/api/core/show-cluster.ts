/** The cluster as the API shows it: the root's key and the tokens' making stay behind. */
import type { ClusterInfo, Swarm, SwarmSpec } from "../../../shared/docker-api/swarm-spec.js";
import type { TLSInfo } from "../../../shared/docker-api/tls-info.js";
import { type Cluster, dataPathOf } from "../../../shared/model/cluster.js";
import { showTime } from "./show-time.js";

export function showCluster(cluster: Cluster, trust: TLSInfo): ClusterInfo {
  const { addressPools, subnetBits, port } = dataPathOf(cluster);
  return {
    ID: cluster.id,
    Version: { Index: cluster.version },
    CreatedAt: showTime(cluster.createdAtMs),
    UpdatedAt: showTime(cluster.updatedAtMs),
    Spec: withoutSigner(cluster.spec),
    TLSInfo: trust,
    RootRotationInProgress: false,
    DefaultAddrPool: [...addressPools],
    SubnetSize: subnetBits,
    DataPathPort: port,
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
