import { expect, test } from "vitest";

import type { MemberId } from "../../raft/core/member-id.js";
import { checkMayGo } from "./quorum-guard.js";

const [A, B, C, D] = ["a", "b", "c", "d"] as [MemberId, MemberId, MemberId, MemberId];

test.each([
  ["the last one", A, [A], [A], /attempting to demote the last manager of the swarm/],
  ["one of two, the other up", A, [A, B], [A, B], undefined],
  ["one of two, the other down", A, [A, B], [A], /would result in a loss of quorum \(0 of the 1/],
  ["the one of three that is down", C, [A, B, C], [A, B], undefined],
  ["one of three while another is down", B, [A, B, C], [A, B], /loss of quorum \(1 of the 2/],
  ["one of four while another is down", D, [A, B, C, D], [A, B, D], undefined],
  ["a learner", D, [A, B, C], [A], undefined],
])("%s", (_, member, voters, up, words) => {
  const attempt = (): void => checkMayGo(member, voters, up);
  if (words === undefined) expect(attempt).not.toThrow();
  else expect(attempt).toThrow(words);
});
