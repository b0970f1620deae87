/**
 * Who takes part, and how that changes: one voter at a time, or many at once by way of a joint
 * membership in which both the old and the new majority must agree (Ongaro's thesis, chapter 4).
 * Learners get the log and do not count.
 */
import type { MemberId } from "./member-id.js";
import type { Electorate } from "./quorum.js";

/** All lists are in ascending order. */
export interface Membership extends Electorate {
  readonly learners: readonly MemberId[];
  /** Voters of `outgoing` that become learners when the joint membership is left. */
  readonly learnersNext: readonly MemberId[];
  /** A joint membership that its leader leaves by itself, once it is applied. */
  readonly autoLeave: boolean;
}

export interface MemberChange {
  readonly kind: "add-voter" | "add-learner" | "remove";
  readonly id: MemberId;
}

export type MembershipChange =
  | {
      readonly kind: "change";
      readonly changes: readonly MemberChange[];
      /** `if-needed`: with more than one change; it is then left automatically. */
      readonly joint: "if-needed" | "leave-automatically" | "leave-on-request";
    }
  | { readonly kind: "leave-joint" };

export const NO_MEMBERS: Membership = {
  voters: [],
  outgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
};

/** A change that does not fit the membership: a bug of the proposer's, or a check left out. */
export class MembershipChangeError extends Error {
  override readonly name = "MembershipChangeError";
}

/** @throws MembershipChangeError */
export function changedMembership(membership: Membership, change: MembershipChange): Membership {
  if (change.kind === "leave-joint") return leaveJoint(membership);
  const { changes, joint } = change;
  if (joint === "if-needed" && changes.length <= 1) return changeOne(membership, changes);
  return enterJoint(membership, changes, joint === "leave-on-request" ? "on-request" : "auto");
}

export function isJoint({ outgoing }: Membership): boolean {
  return outgoing.length > 0;
}

/** In ascending order; who is to become a learner is still an outgoing voter. */
export function membersOf({ voters, outgoing, learners }: Membership): MemberId[] {
  return ascending([...voters, ...outgoing, ...learners]);
}

export function votersOf({ voters, outgoing }: Membership): MemberId[] {
  return ascending([...voters, ...outgoing]);
}

/** Changes that add up to at most one voter more or less: any two majorities then overlap. */
export function changeOne(membership: Membership, changes: readonly MemberChange[]): Membership {
  if (isJoint(membership)) {
    throw new MembershipChangeError("can't apply simple config change in joint config");
  }
  const next = applyChanges(membership, changes);
  const before = new Set(membership.voters);
  const after = new Set(next.voters);
  const changed =
    next.voters.filter((id) => !before.has(id)).length +
    membership.voters.filter((id) => !after.has(id)).length;
  if (changed > 1) {
    throw new MembershipChangeError("more than one voter changed without entering joint config");
  }
  return next;
}

/** The new majority is `voters`; the old one goes on to count as `outgoing`. */
export function enterJoint(
  membership: Membership,
  changes: readonly MemberChange[],
  leave: "auto" | "on-request",
): Membership {
  if (isJoint(membership)) throw new MembershipChangeError("config is already joint");
  if (membership.voters.length === 0) {
    throw new MembershipChangeError("can't make a zero-voter config joint");
  }
  const joint = { ...membership, outgoing: membership.voters };
  return { ...applyChanges(joint, changes), autoLeave: leave === "auto" };
}

export function leaveJoint(membership: Membership): Membership {
  if (!isJoint(membership)) throw new MembershipChangeError("can't leave a non-joint config");
  const { voters, learners, learnersNext } = membership;
  return { ...NO_MEMBERS, voters, learners: ascending([...learners, ...learnersNext]) };
}

function applyChanges(membership: Membership, changes: readonly MemberChange[]): Membership {
  const next = changes.reduce(applyChange, membership);
  if (next.voters.length === 0) throw new MembershipChangeError("removed all voters");
  return next;
}

function applyChange(membership: Membership, { kind, id }: MemberChange): Membership {
  const { outgoing, voters, learners, learnersNext } = without(membership, id);
  const rest = { ...membership, voters, learners, learnersNext };
  switch (kind) {
    case "add-voter":
      return { ...rest, voters: ascending([...voters, id]) };
    case "remove":
      return rest;
    case "add-learner":
      if (membership.learners.includes(id)) return membership;
      // Nobody is voter and learner at once: who still votes in the old majority waits.
      return outgoing.includes(id)
        ? { ...rest, learnersNext: ascending([...learnersNext, id]) }
        : { ...rest, learners: ascending([...learners, id]) };
  }
}

function without(membership: Membership, id: MemberId): Membership {
  const others = (ids: readonly MemberId[]): MemberId[] => ids.filter((other) => other !== id);
  return {
    ...membership,
    voters: others(membership.voters),
    learners: others(membership.learners),
    learnersNext: others(membership.learnersNext),
  };
}

/** Without repetition. */
function ascending(ids: readonly MemberId[]): MemberId[] {
  return [...new Set(ids)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}
