/** Faults that strike in the midst of an election, in which a vote must count once. */
import { votersOf } from "../../../manager/raft/core/membership.js";
import type { Message } from "../../../manager/raft/core/message.js";
import { cutOf } from "./cuts.js";
import type { Mend } from "./faults.js";
import type { Fault, FaultKind } from "./plan.js";
import type { SimCluster } from "./sim-cluster.js";

type ElectionFault = (cluster: SimCluster, fault: Fault) => Mend | undefined;

/** Of those who have given their vote. */
const MOST_CRASHES = 4;

export const ELECTION_FAULTS = {
  /**
   * The leader hands the lead to two at once, who stand in the same term; on a slow network, and who
   * gives one of them its vote dies, and is back before the other one asks.
   */
  rivals: (cluster, fault) => {
    const { network, world, plan } = cluster;
    network.weather = {
      lost: 0,
      doubled: 300,
      late: 300,
      delayMs: 5 + fault.amount / 20,
      order: "any",
    };
    let crashes = 0;
    const onSend = (message: Message): void => {
      if (message.kind !== "vote-reply" || message.phase !== "vote" || !message.granted) return;
      if (crashes++ >= MOST_CRASHES) return;
      world.after(0, () => {
        cluster.trace.say(`${message.from} dies, having voted for ${message.to}`);
        const host = cluster.host(message.from);
        host?.crash(cutOf(fault));
        world.after(1, () => host?.start());
      });
    };
    network.onSend = onSend;
    handOver(cluster, fault);
    return () => {
      network.onSend = undefined;
      network.weather = plan.weather;
    };
  },
} as const satisfies Partial<Record<FaultKind, ElectionFault>>;

function handOver(cluster: SimCluster, { pick }: Fault): void {
  const [leader] = cluster.leaders;
  const { life } = leader ?? {};
  if (life === undefined) return;
  const heirs = votersOf(cluster.membership).filter((id) => id !== leader?.id);
  const first = pick % Math.max(1, heirs.length);
  life.process.enter(() => {
    for (const heir of [...heirs.slice(first), ...heirs.slice(0, first)].slice(0, 2)) {
      life.member?.transferLead(heir);
    }
  });
}
