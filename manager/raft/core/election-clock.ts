/** When who has no leader calls for an election. */
import type { MemberState } from "./member-state.js";
import type { Transition } from "./role.js";

/** One tick of a follower or candidate. */
export function electionDue(state: MemberState): Transition {
  state.electionElapsedTicks++;
  if (!state.mayLead || state.electionElapsedTicks < state.electionTimeoutTicks) return undefined;
  state.electionElapsedTicks = 0;
  return { become: "candidate", call: "due" };
}
