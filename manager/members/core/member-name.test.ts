import { expect, test } from "vitest";

import type { ClusterId } from "../../../shared/model/ids.js";
import type { MemberId } from "../../raft/core/member-id.js";
import { NO_MEMBERS } from "../../raft/core/membership.js";
import type { StoreView } from "../../store/core/view.js";
import { isFormerMember, memberName, nextMemberName } from "./member-name.js";

/** Of a history that has come to command 10 of epoch 2, with one manager, made by command 7. */
const view = {
  sequence: 10,
  cluster: () => ({ id: "c" as ClusterId, epoch: 2 }),
  nodes: () => [{ manager: { memberId: "2.7", address: "" } }],
} as unknown as StoreView;

test("a name is that of the command that follows", () => {
  expect(nextMemberName(view)).toBe(memberName(2, 11));
});

test.each([
  ["2.7", "is named by its node", false],
  ["2.8", "is still in the log's membership", false],
  ["2.6", "was made and is not there any more", true],
  ["2.11", "may be made by a command that has not come yet", false],
  ["1.99", "is of a former epoch", true],
  ["3.0", "is of an epoch that has not begun here", false],
  ["nonsense", "is no name of ours", false],
])("%s: %s", (id, _, expected) => {
  const membership = { ...NO_MEMBERS, voters: ["2.8" as MemberId] };
  expect(isFormerMember(id as MemberId, view, membership)).toBe(expected);
});
