/** Consensus as this manager sees it, for people (`skep swarm raft`). */
import type { RaftMemberReport, RaftReport } from "../../shared/docker-api/consensus.js";
import { type Node, nodeHostname } from "../../shared/model/node.js";
import type { Consensus } from "../consensus.js";
import type { MemberId } from "../raft/core/member-id.js";
import { membersOf, votersOf } from "../raft/core/membership.js";

export function raftReport({ log, memberId, roster, store }: Consensus): RaftReport {
  const { status, storage } = log;
  const { appliedIndex, committedIndex, lastIndex, leader, membership, progress, role, term } =
    status;
  const voters = new Set(votersOf(membership));
  const nodes = store.committed.nodes();
  const report = (id: MemberId): RaftMemberReport => {
    const node = nodes.find(({ manager }) => manager?.memberId === id);
    const match = progress.get(id)?.matchIndex;
    return {
      memberId: id,
      ...placeOf(node),
      address: roster.addressOf(id) ?? "",
      role: id === leader ? "leader" : voters.has(id) ? "follower" : "learner",
      reachability: roster.isUp(id) ? "reachable" : "unreachable",
      ...(match !== undefined && { match }),
    };
  };
  return {
    memberId,
    role,
    term,
    committedIndex,
    appliedIndex,
    lastIndex,
    ...storage,
    members: membersOf(membership).map(report),
  };
}

function placeOf(node: Node | undefined): Pick<RaftMemberReport, "nodeId" | "hostname"> {
  return node === undefined
    ? { nodeId: "", hostname: "" }
    : { nodeId: node.id, hostname: nodeHostname(node) };
}
