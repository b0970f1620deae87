/** The cluster, proto ↔ model. */
import type { SwarmSpec } from "../../docker-api/swarm-spec.js";
import type { Authority, Cluster, DataPath, JoinTokens } from "../../model/cluster.js";
import type { ClusterId } from "../../model/ids.js";
import { fromUint64, isSet, type WireUint64 } from "./fields.js";
import { specFromJson, specToJson } from "./specs.js";

export interface WireCluster {
  id: string;
  version: WireUint64;
  createdAtMs: number;
  updatedAtMs: number;
  specJson: string;
  authority: Authority;
  joinTokens: JoinTokens;
  epoch: WireUint64;
  dataPath?: DataPath | null;
}

export function clusterToWire(cluster: Cluster): WireCluster {
  return {
    id: cluster.id,
    version: cluster.version,
    createdAtMs: cluster.createdAtMs,
    updatedAtMs: cluster.updatedAtMs,
    specJson: specToJson(cluster.spec),
    authority: cluster.authority,
    joinTokens: cluster.joinTokens,
    epoch: cluster.epoch,
    ...(cluster.dataPath !== undefined && { dataPath: cluster.dataPath }),
  };
}

export function clusterFromWire(wire: WireCluster): Cluster {
  return {
    id: wire.id as ClusterId,
    version: fromUint64(wire.version),
    createdAtMs: wire.createdAtMs,
    updatedAtMs: wire.updatedAtMs,
    spec: specFromJson<SwarmSpec>(wire.specJson),
    authority: authorityFromWire(wire.authority),
    joinTokens: joinTokensFromWire(wire.joinTokens),
    epoch: fromUint64(wire.epoch),
    ...(isSet(wire.dataPath) && { dataPath: dataPathFromWire(wire.dataPath) }),
  };
}

export function dataPathFromWire({ addressPools, subnetBits, port }: DataPath): DataPath {
  return { addressPools: [...addressPools], subnetBits, port };
}

export function authorityFromWire(wire: Authority): Authority {
  return { certificatePem: wire.certificatePem, keyPem: wire.keyPem };
}

export function joinTokensFromWire(wire: JoinTokens): JoinTokens {
  return { worker: wire.worker, manager: wire.manager };
}
