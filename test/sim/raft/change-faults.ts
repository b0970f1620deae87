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
    const split = (host: SimHost): void => {
      cluster.trace.say(`the network is split as ${host.id} has the change`);
      mend = cutBetween(cluster, sideOf(cluster, host, fault), () => true);
    };
    if (fault.pick % 3 === 0) return splitBefore(cluster, fault);
    const disarm = atChange(cluster, fault, (host) => {
      // At once: nobody hears of it. A little later: some do.
      if (fault.pick % 2 === 0) split(host);
      else cluster.world.after(fault.pick % 5, () => split(host));
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
      crashed.push(...hit);
      // Not in the midst of its turn.
      cluster.world.after(fault.pick % 2, () => {
        cluster.trace.say(`${hit.length} crash as ${host.id} has the change`);
        for (const each of hit) each.crash(cutOf(fault));
      });
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
 * Asks for a change, or two, and lets something happen as soon as it, or one of the next, is applied.
 * @returns it is not to happen any more.
 */
function atChange(cluster: SimCluster, fault: Fault, happen: (host: SimHost) => void): () => void {
  let left = fault.other % 4;
  const onChange = (host: SimHost): void => {
    if (left-- > 0) return;
    cluster.onChange.delete(onChange);
    happen(host);
  };
  cluster.onChange.add(onChange);
  MEMBERSHIP_FAULTS.replace(cluster, fault);
  // Another administrator, at the same time: one of them is refused.
  if (fault.amount % 3 === 0) MEMBERSHIP_FAULTS.demote(cluster, fault);
  return () => void cluster.onChange.delete(onChange);
}

/**
 * The leader hears that a change is committed, and from then on only those hear it who are new: all
 * others know of the change, and not that it is in force.
 */
function splitBefore(cluster: SimCluster, fault: Fault): Mend {
  const { network } = cluster;
  const old = cluster.hosts.map(({ id }) => id);
  const mends: Mend[] = [];
  let change: { readonly leader: MemberId; readonly index: number } | undefined;
  network.onSend = (message) => {
    if (mends.length > 0) return;
    if (message.kind === "append") {
      const entry = message.entries.find(({ kind }) => kind === "membership");
      if (entry !== undefined) change = { leader: message.from, index: entry.index };
    } else if (message.kind === "append-accepted" && message.to === change?.leader) {
      if (message.index < change.index) return;
      cluster.trace.say(
        `${message.to} is not heard any more, as it hears of entry ${change.index}`,
      );
      for (const id of old) {
        if (id === message.to) continue;
        network.cut(message.to, id);
        mends.push(() => network.mend(message.to, id));
      }
    }
  };
  MEMBERSHIP_FAULTS.replace(cluster, fault);
  return () => {
    network.onSend = undefined;
    for (const mend of mends) mend();
  };
}

/** The one that has the change, and who is new by it; or anybody. */
function sideOf(cluster: SimCluster, host: SimHost, { amount, pick }: Fault): MemberId[] {
  const ids = cluster.hosts.map(({ id }) => id);
  if (amount % 2 === 0) return ids.filter((_, i) => ((pick >> (i % 9)) & 1) === 1);
  const { voters, outgoing } = cluster.membership;
  const before = outgoing.length > 0 ? outgoing : voters.slice(0, -1);
  return [...new Set([host.id, ...voters.filter((id) => !before.includes(id))])];
}
