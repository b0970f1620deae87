import { describe, expect, test } from "vitest";

import type { NodeId } from "../../../shared/model/ids.js";
import type { Node, NodeRole } from "../../../shared/model/node.js";
import type { MemberId } from "../../raft/core/member-id.js";
import { changedMembership, type Membership, NO_MEMBERS } from "../../raft/core/membership.js";
import { type MembersSeen, type MembersStep, planMembers } from "./plan-members.js";

const [A, B, C, D] = ["1.0", "1.5", "1.8", "1.9"] as [MemberId, MemberId, MemberId, MemberId];

/** A node is called as its member, or by a name of its own where it has none. */
function node(name: string, role: NodeRole, memberId: string | undefined): Node {
  return {
    id: name as NodeId,
    version: 1,
    createdAtMs: 0,
    updatedAtMs: 0,
    spec: { Role: role },
    status: { state: "ready", message: "", address: "" },
    ...(memberId !== undefined && { manager: { memberId, address: "" } }),
  };
}

const manager = (id: MemberId): Node => node(`node-${id}`, "manager", id);
const demoted = (id: MemberId): Node => node(`node-${id}`, "worker", id);

function members(voters: readonly MemberId[], learners: readonly MemberId[] = []): Membership {
  return { ...NO_MEMBERS, voters, learners };
}

function seen(membership: Membership, options: Partial<MembersSeen> = {}): MembersSeen {
  return {
    id: A,
    membership,
    lastIndex: 5_000,
    matchIndex: () => 5_000,
    isUp: () => true,
    ...options,
  };
}

const change = (kind: "add-voter" | "add-learner" | "remove", id: MemberId): MembersStep => ({
  kind: "change",
  change: { kind, id },
});

describe("one step at a time", () => {
  test.each<[string, Node[], MembersSeen, MembersStep | undefined]>([
    ["all as it should be", [manager(A), manager(B)], seen(members([A, B])), undefined],
    [
      "a newcomer listens first",
      [manager(A), manager(B)],
      seen(members([A])),
      change("add-learner", B),
    ],
    [
      "and votes once it has caught up",
      [manager(A), manager(B)],
      seen(members([A], [B])),
      change("add-voter", B),
    ],
    [
      "not before",
      [manager(A), manager(B)],
      seen(members([A], [B]), { matchIndex: (id) => (id === B ? 3_999 : 5_000) }),
      { kind: "wait" },
    ],
    [
      "not while nothing has reached it",
      [manager(A), manager(B)],
      seen(members([A], [B]), { lastIndex: 10, matchIndex: (id) => (id === B ? 0 : 10) }),
      { kind: "wait" },
    ],
    [
      "not while it is out of reach",
      [manager(A), manager(B)],
      seen(members([A], [B]), { isUp: (id) => id !== B }),
      { kind: "wait" },
    ],
    ["who is demoted goes", [manager(A), demoted(B)], seen(members([A, B])), change("remove", B)],
    [
      "and is then forgotten",
      [manager(A), demoted(B)],
      seen(members([A])),
      { kind: "clear", nodeId: demoted(B).id },
    ],
    ["whose node is gone goes", [manager(A)], seen(members([A, B])), change("remove", B)],
    [
      "a host that lost its log comes as somebody new before its former self goes",
      [manager(A), manager(B), node("third", "manager", D)],
      seen(members([A, B, C])),
      change("add-learner", D),
    ],
    [
      "a leader that is to go hands over first",
      [demoted(A), manager(B)],
      seen(members([A, B])),
      { kind: "hand-over", to: B },
    ],
    [
      "to who has the most of the log",
      [demoted(A), manager(B), manager(C)],
      seen(members([A, B, C]), { matchIndex: (id) => (id === C ? 5_000 : 4_000) }),
      { kind: "hand-over", to: C },
    ],
    [
      "to nobody who is out of reach",
      [demoted(A), manager(B)],
      seen(members([A, B]), { isUp: (id) => id !== B }),
      { kind: "wait" },
    ],
    [
      "the last voter stays",
      [demoted(B), manager(A)],
      seen(members([B]), { id: A }),
      change("add-learner", A),
    ],
    [
      "nothing while the membership is joint",
      [manager(A)],
      seen({ ...members([A]), outgoing: [A, B] }),
      { kind: "wait" },
    ],
  ])("%s", (_, nodes, state, expected) => {
    expect(planMembers(nodes, state)).toEqual(expected);
  });
});

test("from any beginning the steps lead to what is wanted, and one voter is always there", () => {
  const nodes = [demoted(A), manager(B), manager(C), node("fourth", "manager", D)];
  let membership = members([A, B]);
  let leader = A;
  let steps = 0;
  let present = nodes;
  for (;;) {
    const step = planMembers(present, seen(membership, { id: leader }));
    if (step === undefined) break;
    expect(++steps).toBeLessThan(20);
    if (step.kind === "hand-over") leader = step.to;
    if (step.kind === "clear") present = present.filter(({ id }) => id !== step.nodeId);
    if (step.kind !== "change") continue;
    membership = changedMembership(membership, {
      kind: "change",
      changes: [step.change],
      joint: "if-needed",
    });
    expect(membership.voters.length).toBeGreaterThan(0);
  }
  expect(membership).toEqual(members([B, C, D]));
});
