/**
 * Faults that strike where a change of the membership is most delicate: in the moment in which
 * somebody applies it, and once its administrator has heard that it is done.
 */
import type { MemberId } from "../../../manager/raft/core/member-id.js";
import { loseAll } from "../power-cut.js";
import { cutOf } from "./cuts.js";
import type { Mend } from "./faults.js";
import { MEMBERSHIP_FAULTS } from "./membership-faults.js";
import { cutBetween } from "./network-cuts.js";
import type { Fault, FaultKind } from "./plan.js";
import type { SimCluster } from "./sim-cluster.js";
import type { SimHost } from "./sim-host.js";

type ChangeFault = (cluster: SimCluster, fault: Fault) => Mend | undefined;

export const CHANGE_FAULTS = {
  "split-at-change": (cluster, fault) => {
    let mend: Mend | undefined;
    const disarm = atChange(cluster, fault, (host) => {
      mend = cutBetween(cluster, sideOf(cluster, host, fault), () => true);
    });
    return () => {
      disarm();
      mend?.();
    };
  },
  "crash-at-change": (cluster, fault) => {
    const crashed: SimHost[] = [];
    const disarm = atChange(cluster, fault, (host) => {
      const hit = fault.amount < 500 ? cluster.hosts : [host];
      for (const each of hit) each.crash(cutOf(fault));
      crashed.push(...hit);
    });
    return () => {
      disarm();
      for (const host of crashed) host.start();
    };
  },
  /** Who was removed is switched off for ever, and its disk thrown away. */
  retire: (cluster, { pick }) => {
    const { voters, learners } = cluster.membership;
    const all = [...voters, ...learners];
    const host = cluster.host(all[pick % Math.max(1, all.length)] as MemberId);
    if (host === undefined) return undefined;
    const changes = [{ kind: "remove", id: host.id } as const];
    cluster.propose({ kind: "change", changes, joint: "if-needed" }, () => {
      cluster.trace.say(`${host.id} was removed, and is thrown away`);
      host.crash(loseAll);
      host.state = "lost";
    });
    return undefined;
  },
} as const satisfies Partial<Record<FaultKind, ChangeFault>>;

/**
 * Asks for a change, and lets something happen as soon as it, or one of the next, is applied.
 * @returns it is not to happen any more.
 */
function atChange(cluster: SimCluster, fault: Fault, happen: (host: SimHost) => void): () => void {
  let left = fault.other % 4;
  const onChange = (host: SimHost): void => {
    if (left-- > 0) return;
    cluster.onChange.delete(onChange);
    // Not in the midst of its turn: what it says of the change is on its way.
    cluster.world.after(fault.pick % 2, () => {
      cluster.trace.say(`fault ${fault.number}: ${fault.kind}, as ${host.id} has the change`);
      happen(host);
    });
  };
  cluster.onChange.add(onChange);
  MEMBERSHIP_FAULTS.replace(cluster, fault);
  return () => void cluster.onChange.delete(onChange);
}

/** The one that has the change, and who is new by it; or anybody. */
function sideOf(cluster: SimCluster, host: SimHost, { amount, pick }: Fault): MemberId[] {
  const ids = cluster.hosts.map(({ id }) => id);
  if (amount % 2 === 0) return ids.filter((_, i) => ((pick >> (i % 9)) & 1) === 1);
  const { voters, outgoing } = cluster.membership;
  const before = outgoing.length > 0 ? outgoing : voters.slice(0, -1);
  return [...new Set([host.id, ...voters.filter((id) => !before.includes(id))])];
}
