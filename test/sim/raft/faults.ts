/** What each kind of fault does to a simulated cluster, and how it ends. */
import { votersOf } from "../../../manager/raft/core/membership.js";
import { loseAll } from "../power-cut.js";
import { flipBit } from "./bit-flip.js";
import { CHANGE_FAULTS } from "./change-faults.js";
import { cutOf } from "./cuts.js";
import { ELECTION_FAULTS } from "./election-faults.js";
import { MEMBERSHIP_FAULTS } from "./membership-faults.js";
import { cutBetween } from "./network-cuts.js";
import type { Fault, FaultKind } from "./plan.js";
import type { SimCluster } from "./sim-cluster.js";
import { type SimHost, USUAL_SPEED } from "./sim-host.js";

/** Mends it, at its end. */
export type Mend = () => void;
export type Begin = (cluster: SimCluster, fault: Fault) => Mend | undefined;

/** The host that a fault is meant for. */
function hostOf({ hosts, leaders }: SimCluster, { on, pick }: Fault): SimHost {
  const [leader] = leaders;
  if (on === "leader" && leader !== undefined) return leader;
  return hosts[pick % hosts.length] as SimHost;
}

const FAULTS: Readonly<Record<FaultKind, Begin>> = {
  crash: (cluster, fault) => {
    const host = hostOf(cluster, fault);
    host.crash(cutOf(fault));
    return () => host.start();
  },
  "crash-at-operation": (cluster, fault) => {
    const host = hostOf(cluster, fault);
    let left = 1 + (fault.amount % 40);
    host.onOperation = () => {
      if (--left > 0) return;
      host.onOperation = undefined;
      cluster.trace.say(`${host.id} crashes at an operation of its disk`);
      host.crash(cutOf(fault));
    };
    return () => {
      host.onOperation = undefined;
      host.start();
    };
  },
  "crash-after-answer": (cluster, fault) => {
    const crashed: SimHost[] = [];
    cluster.clients.onAcknowledged = (host) => {
      cluster.clients.onAcknowledged = undefined;
      const hit = fault.amount < 400 ? cluster.hosts : [host];
      cluster.trace.say(`${hit.map(({ id }) => id).join(" ")} crash after an answer`);
      for (const each of hit) each.crash(cutOf(fault));
      crashed.push(...hit);
    };
    return () => {
      cluster.clients.onAcknowledged = undefined;
      for (const host of crashed) host.start();
    };
  },
  blackout: ({ hosts, world }, fault) => {
    const hit = [...hosts];
    for (const host of hit) host.crash(cutOf(fault) ?? loseAll);
    return () => {
      for (const [i, host] of hit.entries()) {
        world.after((i * fault.amount) % 700, () => host.start());
      }
    };
  },
  pause: (cluster, fault) => {
    const process = hostOf(cluster, fault).life?.process;
    process?.stop();
    return () => process?.goOn();
  },
  isolate: (cluster, fault) => {
    const { id } = hostOf(cluster, fault);
    return cutBetween(cluster, [id], (from) => fault.amount % 3 === 0 || from === id);
  },
  "one-way": (cluster, fault) => {
    const from = hostOf(cluster, fault).id;
    const to = (cluster.hosts[fault.other % cluster.hosts.length] as SimHost).id;
    cluster.network.cut(from, to);
    return () => cluster.network.mend(from, to);
  },
  split: (cluster, fault) => {
    // Never all on one side.
    const count = cluster.hosts.length;
    const size = 1 + (fault.amount % Math.max(1, count - 1));
    const side = cluster.hosts.map(({ id }, i) => ({ id, i: (i * 7 + fault.pick) % count }));
    const ids = side.sort((a, b) => a.i - b.i).slice(0, size);
    return cutBetween(
      cluster,
      ids.map(({ id }) => id),
      () => true,
    );
  },
  flap: (cluster, fault) => {
    const { id } = hostOf(cluster, fault);
    const everyMs = 40 + fault.amount / 2;
    let mend: Mend | undefined;
    let over = false;
    const toggle = (): void => {
      if (over) return;
      if (mend === undefined) mend = cutBetween(cluster, [id], () => true);
      else {
        mend();
        mend = undefined;
      }
      cluster.world.after(everyMs, toggle);
    };
    toggle();
    return () => {
      over = true;
      mend?.();
    };
  },
  storm: ({ network, plan }, { amount }) => {
    const [lost, doubled] = [amount / 3, amount / 2];
    const delayMs = 10 + (amount % 90);
    network.weather = { lost, doubled, late: 200, delayMs, order: "any" };
    return () => void (network.weather = plan.weather);
  },
  "break-streams": ({ network }, { amount }) => {
    network.breaksStreams = 100 + amount / 3;
    return () => void (network.breaksStreams = 0);
  },
  "slow-disk": (cluster, fault) => {
    const host = hostOf(cluster, fault);
    host.speed = { syncMs: 20 + fault.amount, accessMs: fault.other % 20 };
    return () => void (host.speed = USUAL_SPEED);
  },
  "full-disk": (cluster, fault) => {
    const host = hostOf(cluster, fault);
    let usedBytes = 0;
    for (const bytes of host.disk.files().values()) usedBytes += bytes.length;
    host.disk.capacityBytes = usedBytes + fault.amount;
    return () => void (host.disk.capacityBytes = Number.MAX_SAFE_INTEGER);
  },
  "failing-sync": (cluster, fault) => {
    const host = hostOf(cluster, fault);
    const { disk } = host;
    let left = fault.amount % 5;
    host.mayFail = true;
    disk.fault = ({ kind }) => {
      if (kind !== "sync" || left-- > 0) return { kind: "none" };
      disk.fault = () => ({ kind: "none" });
      return { kind: "fails", code: "EIO" };
    };
    return () => void (disk.fault = () => ({ kind: "none" }));
  },
  "bit-flip": (cluster, fault) => flipBit(cluster, hostOf(cluster, fault), fault),
  clock: (cluster, fault) => {
    const host = hostOf(cluster, fault);
    host.setClock({ rate: 0.7 + fault.amount / 1_666, wallOffsetMs: (fault.pick - 500) * 1e6 });
    return () => host.setClock({ rate: 1, wallOffsetMs: 0 });
  },
  transfer: (cluster, fault) => {
    const [leader] = cluster.leaders;
    const voters = votersOf(cluster.membership);
    const to = voters[fault.pick % Math.max(1, voters.length)];
    const { life } = leader ?? {};
    if (life === undefined || to === undefined) return undefined;
    life.process.enter(() => {
      if (fault.amount < 300) life.member?.giveAwayLead();
      else life.member?.transferLead(to);
    });
    return undefined;
  },
  compact: (cluster, fault) => {
    const { life } = hostOf(cluster, fault);
    life?.process.enter(() => {
      // It may fail for want of room; the log is whole then.
      life.member?.compact().catch(() => undefined);
    });
    return undefined;
  },
  burst: (cluster, { amount }) => {
    cluster.clients.burst(3 + (amount % 40));
    return undefined;
  },
  ...MEMBERSHIP_FAULTS,
  ...CHANGE_FAULTS,
  ...ELECTION_FAULTS,
};

/**
 * Lets all faults of the plan happen, each at its time.
 * @returns ends those that last, now.
 */
export function schedule(cluster: SimCluster, faults: readonly Fault[]): () => void {
  const { world, trace } = cluster;
  const mends = new Map<Fault, Mend>();
  const end = (fault: Fault): void => {
    const mend = mends.get(fault);
    if (mend === undefined) return;
    mends.delete(fault);
    trace.say(`fault ${fault.number}: ${fault.kind} ends`);
    mend();
  };
  for (const fault of faults) {
    world.after(fault.atMs, () => {
      const { number, kind, lastsMs } = fault;
      trace.say(`fault ${number}: ${kind} for ${lastsMs} ms ${JSON.stringify(fault)}`);
      const mend = FAULTS[kind](cluster, fault);
      if (mend === undefined) return;
      mends.set(fault, mend);
      world.after(lastsMs, () => end(fault));
    });
  }
  return () => {
    for (const fault of [...mends.keys()]) end(fault);
  };
}
