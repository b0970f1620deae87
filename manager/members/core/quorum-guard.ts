/** Whether a manager can go without the rest losing its majority. */
import { FailedPreconditionError } from "../../../shared/errors/cluster-error.js";
import type { MemberId } from "../../raft/core/member-id.js";

/**
 * @param up those of `voters` that are heard, the one that asks included.
 * @throws FailedPreconditionError in Docker's words.
 */
export function checkMayGo(
  member: MemberId,
  voters: readonly MemberId[],
  up: readonly MemberId[],
): void {
  const rest = voters.filter((id) => id !== member);
  if (rest.length === voters.length) return; // it does not count
  if (rest.length === 0) {
    throw new FailedPreconditionError("attempting to demote the last manager of the swarm");
  }
  const heard = rest.filter((id) => up.includes(id)).length;
  if (heard >= majorityOf(rest.length)) return;
  throw new FailedPreconditionError(
    "can't remove member from the raft: this would result in a loss of quorum " +
      `(${heard} of the ${rest.length} managers that remain are up, ${majorityOf(rest.length)} are needed)`,
  );
}

export function majorityOf(voters: number): number {
  return Math.floor(voters / 2) + 1;
}
