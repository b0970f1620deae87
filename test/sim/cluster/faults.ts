/**
 * What happens to a simulated cluster: each fault begins, lasts and is mended; when, to whom and
 * for how long follows from the seed.
 */
import type { Random } from "../../../shared/ports/random.js";
import type { SimulatedEngine } from "../simulated-engine.js";
import type { SimCluster } from "./sim-cluster.js";
import type { SimWorker } from "./sim-worker.js";

/** A fault that has begun; what is returned mends it. */
type Mend = () => void;

export interface Fault {
  readonly name: string;
  readonly lastsMs: readonly [least: number, most: number];
  readonly begin: (cluster: SimCluster, random: Random) => Mend;
}

const RESET = fault("connections reset", [1, 2], (cluster, random) => {
  const worker = pick(cluster.workers, random);
  for (const { host } of cluster.managers) cluster.network.reset(worker.name, host);
  return () => undefined;
});

export const LOSE_HOST: readonly Fault[] = [
  RESET,
  fault("cut", [200, 20_000], (cluster, random) => {
    const worker = pick(cluster.workers, random);
    return cutLinks(cluster, [worker], "both");
  }),
  fault("cut upwards", [200, 10_000], (cluster, random) =>
    cutLinks(cluster, [pick(cluster.workers, random)], "up"),
  ),
  fault("cut downwards", [200, 10_000], (cluster, random) =>
    cutLinks(cluster, [pick(cluster.workers, random)], "down"),
  ),
  fault("agent stopped", [200, 6_000], (cluster, random) => {
    const { process } = pick(cluster.workers, random);
    process?.stop();
    return () => process?.goOn();
  }),
  fault("agent killed", [50, 45_000], (cluster, random) => {
    const worker = pick(cluster.workers, random);
    worker.kill();
    return () => worker.start();
  }),
];

export const HARMLESS: readonly Fault[] = [
  fault("leader stopped", [100, 6_000], (cluster) => {
    const process = cluster.leader?.process;
    process?.stop();
    return () => process?.goOn();
  }),
  fault("all late", [2_000, 20_000], (cluster, random) => {
    const lagMs = 50 + random.below(250);
    cluster.beLate(lagMs);
    return () => cluster.beLate(0);
  }),
  fault("slow network", [2_000, 20_000], (cluster, random) => {
    const slownessMs = 20 + random.below(100);
    setSlowness(cluster, slownessMs);
    return () => setSlowness(cluster, 2);
  }),
  fault("leader's disk is slow", [500, 12_000], (cluster, random) => {
    cluster.commitMs = 200 + random.below(8_000);
    return () => {
      cluster.commitMs = 2;
    };
  }),
  fault("an agent's disk is slow", [500, 12_000], (cluster, random) => {
    const { disk } = pick(cluster.workers, random);
    disk.writeMs = 200 + random.below(8_000);
    return () => {
      disk.writeMs = 2;
    };
  }),
  fault("leader killed", [100, 3_000], (cluster) => {
    const place = cluster.managers.findIndex((manager) => manager === cluster.leader);
    if (place < 0) return () => undefined;
    cluster.killManager(place);
    return () => {
      cluster.managers[place]?.start();
      if (cluster.leader === undefined) cluster.elect(place);
    };
  }),
  fault("another leads", [1, 2], (cluster, random) => {
    const awake = cluster.managers.flatMap(({ process }, i) =>
      process?.state === "awake" ? [i] : [],
    );
    if (awake.length > 0) cluster.elect(pick(awake, random));
    return () => undefined;
  }),
  fault("containers die", [1, 2], (cluster, random) => {
    const { engine } = pick(cluster.workers, random);
    for (const taskId of engine.present()) engine.end(taskId, 1);
    return () => undefined;
  }),
];

/** From the loss of a leader until another leads. */
const ELECTION_MS = 1_000;
/** By then all are back after an isolation. */
const BACK_MS = 1_500;

function engineRestarts(containers: "run on" | "die with it"): Fault {
  return fault(
    `an engine restarts, its containers ${containers}`,
    [100, 9_000],
    (cluster, random) => {
      const { engine } = pick(cluster.workers, random);
      engine.goAway();
      if (containers === "die with it") killAll(engine);
      return () => engine.comeBack();
    },
  );
}

function killAll(engine: SimulatedEngine): void {
  for (const taskId of engine.present()) engine.end(taskId, 137);
}

/** Engines that are back in time, and one that hangs for a while. */
export const ENGINE_RESTARTS: readonly Fault[] = [
  engineRestarts("run on"),
  engineRestarts("die with it"),
  fault("an engine hangs", [100, 8_000], (cluster, random) => {
    const { engine } = pick(cluster.workers, random);
    engine.hang();
    return () => engine.comeBack();
  }),
];

export const LOSE_ENGINE: readonly Fault[] = [
  ...ENGINE_RESTARTS,
  fault("an engine is away", [5_000, 40_000], (cluster, random) => {
    const { engine } = pick(cluster.workers, random);
    engine.goAway();
    return () => engine.comeBack();
  }),
  fault("an engine dies with its containers", [5_000, 40_000], (cluster, random) => {
    const { engine } = pick(cluster.workers, random);
    engine.goAway();
    killAll(engine);
    return () => engine.comeBack();
  }),
  fault("an engine hangs for long", [5_000, 40_000], (cluster, random) => {
    const { engine } = pick(cluster.workers, random);
    engine.hang();
    return () => engine.comeBack();
  }),
];

/** The leader's host is cut off from all, and the other managers have elected one of them. */
export const LEADER_LOST: Fault = fault("leader cut off", [2_000, 15_000], (cluster, random) => {
  const lost = cluster.leader?.host;
  const others = cluster.workers.filter(({ name }) => name !== lost);
  const own = cluster.workers.filter(({ name }) => name === lost);
  const mends = [cutLinks(cluster, own, "both"), cutLinks(cluster, others, "both", lost)];
  electInstead(cluster, random);
  return () => {
    for (const mend of mends) mend();
  };
});

/** The leader's process hangs, its host takes connections, and another was elected. */
export const LEADER_HANGS: Fault = fault("leader hangs", [1_500, 15_000], (cluster, random) => {
  const process = cluster.leader?.process;
  process?.stop();
  electInstead(cluster, random);
  return () => process?.goOn();
});

function electInstead(cluster: SimCluster, random: Random): void {
  const lost = cluster.leader?.host;
  const candidates = cluster.managers.flatMap(({ host, process }, i) =>
    host === lost || process === undefined ? [] : [i],
  );
  if (candidates.length === 0) return;
  const next = pick(candidates, random);
  cluster.clock.after(ELECTION_MS, () => {
    const stillThere = cluster.managers[next]?.process?.state === "awake";
    if (stillThere && cluster.leader?.host === lost) cluster.elect(next);
  });
}

/** The leader's cable is cut: all are silent, and none is lost. */
export const ISOLATED: Fault = fault("leader isolated", [500, 6_500], (cluster) => {
  const others = cluster.workers.filter(({ name }) => name !== cluster.leader?.host);
  const mend = cutLinks(cluster, others, "both");
  cluster.isolatedSinceMs = cluster.nowMs;
  return () => {
    mend();
    cluster.clock.after(BACK_MS, () => {
      cluster.isolatedSinceMs = undefined;
    });
  };
});

/** Begins faults now and then for `forMs`, mends each in its time, and in the end all of them. */
export async function happen(
  cluster: SimCluster,
  faults: readonly Fault[],
  options: { readonly forMs: number; readonly everyMs: number },
): Promise<readonly string[]> {
  const random = cluster.random.fork("faults");
  const happened: string[] = [];
  const open = new Set<Mend>();
  const endMs = cluster.nowMs + options.forMs;
  while (cluster.nowMs < endMs) {
    await cluster.clock.advance(1 + random.below(2 * options.everyMs));
    const { name, lastsMs, begin } = pick(faults, random);
    const lastsForMs = lastsMs[0] + random.below(lastsMs[1] - lastsMs[0]);
    happened.push(`${(cluster.nowMs / 1_000).toFixed(2)}s ${name} for ${lastsForMs} ms`);
    const mend = begin(cluster, random);
    const mendOnce = (): void => {
      if (open.delete(mendOnce)) mend();
    };
    open.add(mendOnce);
    cluster.clock.after(lastsForMs, mendOnce);
  }
  for (const mend of open) mend();
  return happened;
}

export function fault(name: string, lastsMs: Fault["lastsMs"], begin: Fault["begin"]): Fault {
  return { name, lastsMs, begin };
}

function cutLinks(
  cluster: SimCluster,
  workers: readonly SimWorker[],
  which: "up" | "down" | "both",
  manager?: string,
): Mend {
  const { network } = cluster;
  const managers = cluster.managers.filter(({ host }) => manager === undefined || host === manager);
  const links = workers.flatMap(({ name }) =>
    managers
      .filter(({ host }) => host !== name)
      .flatMap(({ host }) => [
        ...(which === "down" ? [] : [network.link(name, host)]),
        ...(which === "up" ? [] : [network.link(host, name)]),
      ]),
  );
  const cut = links.filter(({ state }) => state === "open");
  for (const link of cut) link.state = "cut";
  return () => {
    for (const link of cut) link.state = "open";
  };
}

function setSlowness(cluster: SimCluster, slownessMs: number): void {
  const { network, workers, managers } = cluster;
  cluster.slownessMs = slownessMs;
  for (const { name } of workers) {
    for (const { host } of managers) {
      network.link(name, host).slownessMs = slownessMs;
      network.link(host, name).slownessMs = slownessMs;
    }
  }
}

function pick<T>(items: readonly T[], random: Random): T {
  return items[random.below(items.length)] as T;
}
