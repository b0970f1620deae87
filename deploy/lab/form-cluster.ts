/** Makes one cluster of the hosts, through the same API that `swarm init` and `swarm join` use. */
import { API_VERSION, Client } from "../../cli/client.js";
import type { Node } from "../../shared/docker-api/node-spec.js";
import type {
  Swarm,
  SwarmInitRequest,
  SwarmJoinRequest,
} from "../../shared/docker-api/swarm-spec.js";
import { ClusterError } from "../../shared/errors/cluster-error.js";
import { LabError } from "./lab-error.js";
import type { LabHost } from "./layout.js";
import { type Patience, until } from "./until.js";

/** skepd's port for other hosts. */
const SWARM_PORT = 2377;

function apiOf({ skepSocket }: LabHost, signal: AbortSignal): Client {
  const endpoint = {
    address: `unix://${skepSocket}`,
    target: { kind: "unix", socketPath: skepSocket },
  } as const;
  return new Client({ endpoint, apiVersion: API_VERSION, signal });
}

/**
 * Resolves once all are ready. The first host begins, the next ones up to `managers` join it as
 * managers, the others as workers.
 * @throws LabError a host could not join, with the reason that it was given.
 */
export async function formCluster(
  hosts: readonly LabHost[],
  managers: number,
  patience: Patience,
): Promise<void> {
  const [first, ...others] = hosts;
  if (first === undefined) return;
  const api = apiOf(first, patience.signal);
  await told(`${first.name} could not begin a cluster`, () =>
    api.call("POST", "/swarm/init", { body: addressesOf(first) satisfies SwarmInitRequest }),
  );
  const { JoinTokens } = await api.call<Swarm>("GET", "/swarm");
  const join = (host: LabHost, role: "manager" | "worker"): Promise<void> => {
    const JoinToken = role === "manager" ? JoinTokens.Manager : JoinTokens.Worker;
    const RemoteAddrs = [`${first.address}:${SWARM_PORT}`];
    const body: SwarmJoinRequest = { ...addressesOf(host), RemoteAddrs, JoinToken };
    return told(`${host.name} could not join as a ${role}`, () =>
      apiOf(host, patience.signal).call("POST", "/swarm/join", { body }),
    );
  };
  // Managers one by one: each changes the membership of all.
  for (const host of others.slice(0, managers - 1)) await join(host, "manager");
  await Promise.all(others.slice(managers - 1).map((host) => join(host, "worker")));
  await until(`all ${hosts.length} nodes to be ready`, patience, async () => {
    const nodes = await api.call<Node[]>("GET", "/nodes");
    const ready = nodes.filter(({ Status }) => Status.State === "ready");
    return ready.length === hosts.length ? "ready" : undefined;
  });
}

function addressesOf({ address }: LabHost): { ListenAddr: string; AdvertiseAddr: string } {
  return { ListenAddr: `0.0.0.0:${SWARM_PORT}`, AdvertiseAddr: address };
}

async function told(complaint: string, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (cause) {
    if (!(cause instanceof ClusterError)) throw cause;
    throw new LabError(`${complaint}: ${cause.message}`, { cause });
  }
}
