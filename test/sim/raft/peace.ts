/**
 * After the last fault: everything is mended, and within a bounded number of ticks there is one
 * leader, everybody has the same state, a new write goes through, and nothing waits any more. Who
 * was removed learns of none of it.
 */
import { isJoint, type Membership, membersOf } from "../../../manager/raft/core/membership.js";
import { DEFAULT_TICKS } from "../../../manager/raft/raft-options.js";
import type { Call } from "./history.js";
import type { SimCluster } from "./sim-cluster.js";
import { type SimHost, USUAL_SPEED } from "./sim-host.js";

/**
 * A few rounds of elections (20 ticks each at most), the second in which a full disk is not looked
 * at again, the seconds after which a silent stream of a snapshot is given up, and some.
 */
const PEACE_TICKS = 240;
/** The state is looked at so often, and not after every step: that costs. */
const LOOK_EVERY_MS = 20;
/** The object of the last write. */
const LAST_KEY = "last";

export type PeaceReport =
  | { readonly kind: "peace"; readonly tookTicks: number }
  /** Too much is lost: nothing can be asked of it. */
  | { readonly kind: "no majority" };

export async function makePeace(cluster: SimCluster): Promise<PeaceReport> {
  heal(cluster);
  const { world, facts } = cluster;
  const began = world.nowMs;
  const limitMs = PEACE_TICKS * DEFAULT_TICKS.tickMs;
  const peace = new Peace(cluster);
  let nextLookMs = 0;
  await cluster.run(began + limitMs, () => {
    if (world.nowMs < nextLookMs) return false;
    nextLookMs = world.nowMs + LOOK_EVERY_MS;
    return peace.missing() === undefined;
  });
  if (facts.violation !== undefined) return { kind: "no majority" };
  const { voters, outgoing } = cluster.membership;
  if (!isUp(cluster, voters) || !isUp(cluster, outgoing)) return { kind: "no majority" };
  const missing = peace.missing();
  if (missing !== undefined) {
    facts.violated(`within ${PEACE_TICKS} ticks of peace all is well`, missing);
  }
  return {
    kind: "peace",
    tookTicks: Math.round((world.nowMs - began) / DEFAULT_TICKS.tickMs),
  };
}

function heal({ network, hosts, clients }: SimCluster): void {
  network.clear();
  clients.onAcknowledged = undefined;
  for (const host of hosts) {
    host.disk.capacityBytes = Number.MAX_SAFE_INTEGER;
    host.disk.fault = () => ({ kind: "none" });
    host.speed = USUAL_SPEED;
    host.onOperation = undefined;
    host.setClock({ rate: 1, wallOffsetMs: 0 });
    host.life?.process.goOn();
    host.start();
  }
}

function isUp(cluster: SimCluster, voters: Membership["voters"]): boolean {
  const up = voters.filter((id) => cluster.host(id)?.state !== "lost");
  return voters.length === 0 || up.length > voters.length / 2;
}

/** What is still to come, step by step. */
class Peace {
  readonly #cluster: SimCluster;
  #lastWrite: Call | undefined;

  constructor(cluster: SimCluster) {
    this.#cluster = cluster;
  }

  /** @returns undefined when all is well. */
  missing(): string | undefined {
    const { leaders, membership, clients, facts } = this.#cluster;
    const [leader, ...others] = leaders;
    if (leader === undefined) return "nobody leads";
    if (others.length > 0) return `${leaders.map(({ id }) => id).join(" and ")} believe to lead`;
    if (isJoint(membership)) return this.#leaveJoint(leader);
    const last = this.#write(leader);
    if (last !== undefined) return last;
    if (clients.open > 0) return `${clients.open} calls are not answered`;
    for (const id of membersOf(membership)) {
      const host = this.#cluster.host(id);
      if (host === undefined || host.state === "lost") continue;
      const { index } = host.life?.objects ?? { index: 0 };
      if (index < facts.lastAppliedIndex) {
        return `${id} has ${index} of ${facts.lastAppliedIndex} entries`;
      }
    }
    return undefined;
  }

  #leaveJoint(leader: SimHost): string {
    const { membership, clients } = this.#cluster;
    if (!membership.autoLeave && clients.isIdle("membership")) {
      clients.changeMembership(leader, { kind: "leave-joint" });
    }
    return "the membership is joint";
  }

  /** Whoever leads takes a new write. */
  #write(leader: SimHost): string | undefined {
    const call = this.#lastWrite;
    if (call?.end === "done") return undefined;
    if (call === undefined || call.end !== "open") {
      this.#lastWrite = this.#cluster.clients.write(leader, LAST_KEY);
    }
    return `the last write is ${call?.end ?? "not asked"}`;
  }
}
