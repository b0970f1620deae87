/**
 * Names of members of consensus. They come from the history itself: the epoch, and the sequence
 * number of the command that made the node a manager. So none is ever given twice, and whoever knows
 * that much of the history can tell a member that is gone from one that it has not heard of yet.
 */
import type { MemberId } from "../../raft/core/member-id.js";
import { type Membership, membersOf } from "../../raft/core/membership.js";
import type { StoreView } from "../../store/core/view.js";

/** Of the command that follows. */
export function nextMemberName(view: StoreView): MemberId {
  return memberName(epochOf(view), view.sequence + 1);
}

/** @param sequence 0 for who begins an epoch, before there is a command in it. */
export function memberName(epoch: number, sequence: number): MemberId {
  return `${epoch}.${sequence}` as MemberId;
}

/** @returns 0 for a name that is none. */
export function epochOfMember(id: MemberId): number {
  return Number(id.split(".")[0]) || 0;
}

/** Whether it was a member once, and never will be again: as far as this history goes. */
export function isFormerMember(id: MemberId, view: StoreView, membership: Membership): boolean {
  const [epoch = Number.NaN, sequence = Number.NaN] = id.split(".").map(Number);
  const present = epochOf(view);
  const isPast = epoch < present || (epoch === present && sequence <= view.sequence);
  return isPast && !isNamed(id, view) && !membersOf(membership).includes(id);
}

function isNamed(id: MemberId, view: StoreView): boolean {
  return view.nodes().some(({ manager }) => manager?.memberId === id);
}

function epochOf(view: StoreView): number {
  return view.cluster()?.epoch ?? 0;
}
