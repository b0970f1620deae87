/** A new cluster and its first node, as `swarm init` makes them. */
import { makeNetwork } from "../manager/api/core/plan-network.js";
import { newJoinTokens } from "../manager/ca/issuer.js";
import type { ManagerOptions } from "../manager/manager.js";
import { completeSwarmSpec } from "../shared/docker-api/defaults.js";
import type { SwarmInitRequest } from "../shared/docker-api/swarm-spec.js";
import { type Authority, type DataPath, DEFAULT_DATA_PATH } from "../shared/model/cluster.js";
import { type NetworkId, newId } from "../shared/model/ids.js";
import type { Clock } from "../shared/ports/clock.js";
import type { Random } from "../shared/ports/random.js";
import type { CertifiedNode } from "../shared/rpc/tls-identity.js";
import { interfaceAddresses } from "./interface-addresses.js";

/** The restored or forced histories of a cluster are counted from here. */
const FIRST_EPOCH = 1;

export function foundCluster(
  request: SwarmInitRequest,
  made: { readonly node: CertifiedNode; readonly authority: Authority },
  { clock, random }: { readonly clock: Clock; readonly random: Random },
  host: { readonly hostname: string; readonly routes: readonly string[] },
): NonNullable<ManagerOptions["founding"]> {
  const { authority } = made;
  const { hostname } = host;
  const { clusterId, nodeId } = made.node;
  const nowMs = clock.wallMs();
  const times = { version: 0, createdAtMs: nowMs, updatedAtMs: nowMs };
  const { DefaultAddrPool: pools = [], SubnetSize, DataPathPort } = request;
  const dataPath: DataPath = {
    addressPools: pools.length > 0 ? pools : DEFAULT_DATA_PATH.addressPools,
    subnetBits: SubnetSize || DEFAULT_DATA_PATH.subnetBits,
    port: DataPathPort || DEFAULT_DATA_PATH.port,
  };
  const spec = completeSwarmSpec({ ...request.Spec, Name: "default" });
  const joinTokens = newJoinTokens(authority, random);
  const Availability = request.Availability ?? "active";
  return {
    cluster: { id: clusterId, ...times, spec, authority, joinTokens, epoch: FIRST_EPOCH, dataPath },
    ingress: makeNetwork({
      id: newId<NetworkId>(random),
      atMs: nowMs,
      request: { Name: "ingress", Ingress: true },
      cluster: { dataPath },
      others: [],
      hosts: [
        ...interfaceAddresses().map(({ address }) => ({ hostname, address })),
        ...host.routes.map((route) => ({ hostname, route })),
      ],
      turn: 0,
    }),
    node: {
      id: nodeId,
      ...times,
      spec: { Name: "", Labels: {}, Role: "manager", Availability },
      status: { state: "unknown", message: "", address: "" },
    },
  };
}
