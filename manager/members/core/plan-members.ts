/**
 * Who should take part in consensus, against who does: the next step from one to the other. One
 * change at a time, each valid by itself, so that it can be broken off and taken up by another
 * leader anywhere.
 *
 * ```
 *   the node gets a member ──► learner ──► voter
 *                                            │ the node is a worker again, or has another member
 *   the node has none   ◄──── not a member ◄─┘
 * ```
 */
import type { NodeId } from "../../../shared/model/ids.js";
import { type Node, nodeRole } from "../../../shared/model/node.js";
import type { MemberId } from "../../raft/core/member-id.js";
import {
  isJoint,
  type MemberChange,
  type Membership,
  membersOf,
  votersOf,
} from "../../raft/core/membership.js";

/** Of the leader. */
export interface MembersSeen {
  readonly id: MemberId;
  readonly membership: Membership;
  readonly lastIndex: number;
  /** What the member has, durably. */
  readonly matchIndex: (member: MemberId) => number;
  readonly isUp: (member: MemberId) => boolean;
}

export type MembersStep =
  | { readonly kind: "change"; readonly change: MemberChange }
  /** The leader itself is to go: another must lead first. */
  | { readonly kind: "hand-over"; readonly to: MemberId }
  /** The node's member is gone. */
  | { readonly kind: "clear"; readonly nodeId: NodeId }
  /** Something is under way that takes its time. */
  | { readonly kind: "wait" };

/** A learner that is so close behind is there before anybody would wait for it. */
const CLOSE_BEHIND_ENTRIES = 1_000;

/** @returns undefined where all is as it should be. */
export function planMembers(nodes: readonly Node[], seen: MembersSeen): MembersStep | undefined {
  const { membership } = seen;
  if (isJoint(membership)) return { kind: "wait" };
  const present = new Set(membersOf(membership));
  const wanted = new Set(nodes.filter(isToStay).map(memberOf));
  const cleared = nodes.find(
    (node) => node.manager && !isToStay(node) && !present.has(memberOf(node)),
  );
  if (cleared !== undefined) return { kind: "clear", nodeId: cleared.id };
  const newcomer = [...wanted].find((id) => !present.has(id));
  if (newcomer !== undefined) return change("add-learner", newcomer);
  // Before anybody goes, those who can take the place are voters.
  const grown = membership.learners.find((id) => wanted.has(id) && hasCaughtUp(id, seen));
  if (grown !== undefined) return change("add-voter", grown);
  const leaving = [...present].filter((id) => !wanted.has(id));
  return planLeaving(leaving, seen) ?? waitFor(membership.learners);
}

function planLeaving(leaving: readonly MemberId[], seen: MembersSeen): MembersStep | undefined {
  const { id, membership } = seen;
  const voters = votersOf(membership);
  const other = leaving.find((member) => member !== id);
  if (other !== undefined) {
    return voters.length > 1 || !voters.includes(other) ? change("remove", other) : undefined;
  }
  if (!leaving.includes(id)) return undefined;
  const [heir] = voters
    .filter((member) => member !== id && seen.isUp(member))
    .sort((a, b) => seen.matchIndex(b) - seen.matchIndex(a));
  return heir === undefined ? { kind: "wait" } : { kind: "hand-over", to: heir };
}

/** Its node is a manager by the user's wish, and this is the member that it has now. */
function isToStay(node: Node): boolean {
  return node.manager !== undefined && nodeRole(node) === "manager";
}

function memberOf({ manager }: Node): MemberId {
  return (manager?.memberId ?? "") as MemberId;
}

function hasCaughtUp(id: MemberId, { isUp, lastIndex, matchIndex }: MembersSeen): boolean {
  const has = matchIndex(id);
  return isUp(id) && has > 0 && has + CLOSE_BEHIND_ENTRIES >= lastIndex;
}

function waitFor(learners: readonly MemberId[]): MembersStep | undefined {
  return learners.length > 0 ? { kind: "wait" } : undefined;
}

function change(kind: MemberChange["kind"], id: MemberId): MembersStep {
  return { kind: "change", change: { kind, id } };
}
