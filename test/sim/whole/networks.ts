/** The networks of a simulated cluster, and services on them and in the ingress. */
import { planNetwork } from "../../../manager/api/core/plan-network.js";
import type { Change } from "../../../manager/store/core/change.js";
import type { StoreView } from "../../../manager/store/core/view.js";
import type { EndpointPortConfig, EndpointSpec } from "../../../shared/docker-api/endpoint.js";
import type { NetworkCreateRequest } from "../../../shared/docker-api/network.js";
import type { ServiceSpec } from "../../../shared/docker-api/service-spec.js";
import { type NetworkId, newId } from "../../../shared/model/ids.js";
import { isIngress } from "../../../shared/model/network.js";
import type { Random } from "../../../shared/ports/random.js";

const FIRST_PORT = 9_000;
const PORTS = 20;

const NETWORKS: readonly NetworkCreateRequest[] = [
  { Name: "ingress", Driver: "overlay", Ingress: true },
  { Name: "front", Driver: "overlay" },
  { Name: "back", Driver: "overlay", Internal: true },
];

/** Of sixteen addresses: full now and then, and what waits gets on when some are free again. */
const TIGHT: NetworkCreateRequest = {
  Name: "tight",
  Driver: "overlay",
  IPAM: { Config: [{ Subnet: "10.99.0.0/28" }] },
};
/** Clusters of seeds from here on have the tight network, too; those of others live as they did without it. */
export const FIRST_TIGHT_SEED = 100_000;

/** Each is chosen beside those that are there: one wish for each. */
export function networkWishes(seed: number) {
  const requests = seed < FIRST_TIGHT_SEED ? NETWORKS : [...NETWORKS, TIGHT];
  return requests.map(
    (request) =>
      (view: StoreView, random: Random, atMs: number): readonly Change[] =>
        view.networkByName(request.Name ?? "") === undefined
          ? [planNetwork(view, newId<NetworkId>(random), atMs, request, [])]
          : [],
  );
}

/** Half of the services are on none; some are published on every node. */
export function onNetworks(spec: ServiceSpec, view: StoreView, random: Random): ServiceSpec {
  const own = random.fork(`networks of ${spec.Name ?? ""} at ${view.sequence}`);
  const overlays = view.networks().filter((network) => !isIngress(network));
  const chosen = own.below(2) === 0 ? [] : overlays.filter(() => own.below(3) > 0);
  const hostPorts = (spec.EndpointSpec?.Ports ?? []).filter((port) => port.PublishMode === "host");
  const isJob = spec.Mode?.ReplicatedJob !== undefined || spec.Mode?.GlobalJob !== undefined;
  return {
    ...spec,
    TaskTemplate: { ...spec.TaskTemplate, Networks: chosen.map(({ id }) => ({ Target: id })) },
    EndpointSpec: isJob ? { Ports: hostPorts } : endpointOf(hostPorts, own),
  };
}

function endpointOf(hostPorts: readonly EndpointPortConfig[], random: Random): EndpointSpec {
  if (random.below(4) === 0) return { Mode: "dnsrr", Ports: [...hostPorts] };
  if (random.below(3) > 0) return { Mode: "vip", Ports: [...hostPorts] };
  const PublishedPort = random.below(2) === 0 ? 0 : FIRST_PORT + random.below(PORTS);
  const port = { Protocol: "tcp", TargetPort: 80, PublishedPort, PublishMode: "ingress" } as const;
  return { Mode: "vip", Ports: [...hostPorts, port] };
}
