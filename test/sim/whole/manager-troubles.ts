/**
 * What befalls managers that really agree, beyond what befalls everybody: they lose their power, each
 * other, their agents; a majority of them, or all at once.
 */
import type { Random } from "../../../shared/ports/random.js";
import { type Fault, fault } from "../cluster/faults.js";
import type { SimCluster } from "../cluster/sim-cluster.js";
import { pick } from "../pick.js";
import { keepAll, keepSome, loseAll } from "../power-cut.js";
import type { PowerCut } from "../simulated-disk.js";
import { cutPower } from "./troubles.js";

type Mend = () => void;

const SECTOR_BYTES = 512;

const FAULTS: readonly Fault[] = [
  fault("the leader's host loses power", [200, 15_000], (cluster, random) =>
    losePower(cluster, leadersOf(cluster), random),
  ),
  fault("a manager's host loses power", [200, 15_000], (cluster, random) =>
    losePower(cluster, [pick(random, managersOf(cluster))], random),
  ),
  fault("most managers lose power", [500, 10_000], (cluster, random) => {
    const hosts = shuffled(managersOf(cluster), random);
    return losePower(cluster, hosts.slice(0, Math.floor(hosts.length / 2) + 1), random);
  }),
  fault("all hosts lose power", [200, 8_000], (cluster, random) =>
    losePower(cluster, everybody(cluster), random),
  ),
  fault("all managers are killed", [50, 4_000], (cluster) =>
    all(managersOf(cluster).map((host) => killManager(cluster, host, undefined))),
  ),
  fault("the leader is cut off from the managers", [300, 12_000], (cluster) =>
    cutBetween(cluster, leadersOf(cluster), managersOf(cluster), "both"),
  ),
  fault("the leader is cut off from all", [300, 15_000], (cluster) =>
    cutBetween(cluster, leadersOf(cluster), everybody(cluster), "both"),
  ),
  fault("the leader is heard, and hears no manager", [300, 8_000], (cluster) =>
    cutBetween(cluster, leadersOf(cluster), managersOf(cluster), "inward"),
  ),
  fault("the leader hears, and no manager hears it", [300, 8_000], (cluster) =>
    cutBetween(cluster, leadersOf(cluster), managersOf(cluster), "outward"),
  ),
  fault("the leader hears no agent", [300, 8_000], (cluster) =>
    cutBetween(cluster, leadersOf(cluster), agentsOf(cluster), "inward"),
  ),
  fault("a manager is cut off from the managers", [300, 20_000], (cluster, random) =>
    cutBetween(cluster, [pick(random, managersOf(cluster))], managersOf(cluster), "both"),
  ),
  fault("the network is split", [500, 15_000], (cluster, random) => {
    const hosts = shuffled(everybody(cluster), random);
    return cutBetween(cluster, hosts.slice(0, 1 + random.below(hosts.length)), hosts, "both");
  }),
  fault("a manager stands still", [100, 8_000], (cluster, random) => {
    const { process } = pick(random, cluster.managers);
    process?.stop();
    return () => process?.goOn();
  }),
];

export const MANAGER_TROUBLES: Readonly<Record<string, Fault>> = Object.fromEntries(
  FAULTS.map((each) => [each.name, each]),
);

function managersOf({ managers }: SimCluster): string[] {
  return managers.map(({ host }) => host);
}

function agentsOf({ workers }: SimCluster): string[] {
  return workers.map(({ name }) => name);
}

/** Some workers are on managers' hosts. */
function everybody(cluster: SimCluster): string[] {
  return [...new Set([...managersOf(cluster), ...agentsOf(cluster)])];
}

/** Nobody, where nobody leads. */
function leadersOf({ leader }: SimCluster): string[] {
  return leader === undefined ? [] : [leader.host];
}

/** All that runs there dies, and what no disk had synced is lost, or some of it. */
function losePower(cluster: SimCluster, hosts: readonly string[], random: Random): Mend {
  return all(
    hosts.map((host) => {
      const cut = pick(random, [loseAll, keepAll, keepSome(random, SECTOR_BYTES)]);
      return all([killManager(cluster, host, cut), killWorker(cluster, host)]);
    }),
  );
}

function killManager(cluster: SimCluster, host: string, cut: PowerCut | undefined): Mend {
  const place = cluster.managers.findIndex((manager) => manager.host === host);
  cluster.killManager(place, cut);
  return () => cluster.managers[place]?.start();
}

function killWorker({ workers }: SimCluster, host: string): Mend {
  const worker = workers.find(({ name }) => name === host);
  return worker === undefined ? () => undefined : cutPower(worker);
}

/** @param ways of what is cut, as the hosts named first see it */
function cutBetween(
  { network }: SimCluster,
  hosts: readonly string[],
  others: readonly string[],
  ways: "both" | "inward" | "outward",
): Mend {
  const links = hosts.flatMap((host) =>
    others
      .filter((other) => !hosts.includes(other))
      .flatMap((other) => [
        ...(ways === "inward" ? [] : [network.link(host, other)]),
        ...(ways === "outward" ? [] : [network.link(other, host)]),
      ]),
  );
  const cut = links.filter(({ state }) => state === "open");
  for (const link of cut) link.state = "cut";
  return () => {
    for (const link of cut) link.state = "open";
  };
}

function all(mends: readonly Mend[]): Mend {
  return () => {
    for (const mend of mends) mend();
  };
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  return items
    .map((item) => ({ item, place: random.below(2 ** 32) }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}
