/** Changes of who takes part, in the midst of everything else. Who is removed goes on running. */
import type { MemberId } from "../../../manager/raft/core/member-id.js";
import type { MemberChange, MembershipChange } from "../../../manager/raft/core/membership.js";
import { isJoint, votersOf } from "../../../manager/raft/core/membership.js";
import type { Fault, FaultKind } from "./plan.js";
import { MAX_HOSTS, type SimCluster } from "./sim-cluster.js";

type MembershipFault = (cluster: SimCluster, fault: Fault) => undefined;

export const MEMBERSHIP_FAULTS = {
  "add-learner": (cluster) => {
    const id = newHost(cluster);
    if (id !== undefined) changeOne(cluster, { kind: "add-learner", id });
    return undefined;
  },
  promote: (cluster, fault) => {
    const { learners } = cluster.membership;
    const id = learners[fault.pick % Math.max(1, learners.length)] ?? newHost(cluster);
    if (id !== undefined) changeOne(cluster, { kind: "add-voter", id });
    return undefined;
  },
  demote: (cluster, fault) => {
    const id = someVoter(cluster, fault.pick);
    if (id !== undefined) changeOne(cluster, { kind: "add-learner", id });
    return undefined;
  },
  remove: (cluster, fault) => {
    const { voters, learners } = cluster.membership;
    const all = [...voters, ...learners];
    const id = all[fault.pick % Math.max(1, all.length)];
    if (id !== undefined) changeOne(cluster, { kind: "remove", id });
    return undefined;
  },
  replace: (cluster, { pick, other, amount }) => {
    // An administrator who has asked for that leaves the joint membership in a step of its own.
    if (isJoint(cluster.membership)) {
      cluster.propose({ kind: "leave-joint" });
      return undefined;
    }
    const leaving = [...new Set([someVoter(cluster, pick), someVoter(cluster, other)])];
    const joining = amount < 700 ? [newHost(cluster), newHost(cluster)] : [];
    const changes: MemberChange[] = [
      ...joining.flatMap((id) => (id === undefined ? [] : [{ kind: "add-voter" as const, id }])),
      ...leaving.flatMap((id) => (id === undefined ? [] : [{ kind: "remove" as const, id }])),
    ];
    const joint = (["if-needed", "leave-automatically", "leave-on-request"] as const)[amount % 3];
    if (joint !== undefined) cluster.propose({ kind: "change", changes, joint });
    return undefined;
  },
} as const satisfies Partial<Record<FaultKind, MembershipFault>>;

function changeOne(cluster: SimCluster, change: MemberChange): void {
  const membershipChange: MembershipChange = {
    kind: "change",
    changes: [change],
    joint: "if-needed",
  };
  cluster.propose(membershipChange);
}

/** Started, and not yet a member. */
function newHost(cluster: SimCluster): MemberId | undefined {
  if (cluster.hosts.length >= MAX_HOSTS) return undefined;
  const host = cluster.addHost("join");
  host.start();
  return host.id;
}

function someVoter(cluster: SimCluster, pick: number): MemberId | undefined {
  const voters = votersOf(cluster.membership);
  return voters[pick % Math.max(1, voters.length)];
}
