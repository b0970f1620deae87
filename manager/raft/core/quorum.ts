/**
 * What a majority has: counted over one set of voters, or over two at once while the membership
 * changes (joint consensus: Ongaro's thesis, section 4.3), where both must agree.
 */
import type { MemberId } from "./member-id.js";

/** The voters of a majority; a pair of them decides jointly. Empty: agrees to everything. */
export interface Electorate {
  readonly voters: readonly MemberId[];
  /** Those of the membership that is being left; empty unless it is joint. */
  readonly outgoing: readonly MemberId[];
}

export type VoteResult = "won" | "lost" | "pending";

/**
 * The highest number that a quorum has reached, such as the index up to which entries are safe.
 * @param reached of one member; undefined counts as nothing yet.
 * @returns Infinity where there are no voters.
 */
export function reachedByQuorum(
  { voters, outgoing }: Electorate,
  reached: (id: MemberId) => number | undefined,
): number {
  return Math.min(reachedByMajority(voters, reached), reachedByMajority(outgoing, reached));
}

export function voteResult(
  { voters, outgoing }: Electorate,
  votes: ReadonlyMap<MemberId, boolean>,
): VoteResult {
  const results = [majorityResult(voters, votes), majorityResult(outgoing, votes)];
  if (results.includes("lost")) return "lost";
  return results.includes("pending") ? "pending" : "won";
}

function reachedByMajority(
  voters: readonly MemberId[],
  reached: (id: MemberId) => number | undefined,
): number {
  if (voters.length === 0) return Infinity;
  const ascending = voters.map((id) => reached(id) ?? 0).sort((a, b) => a - b);
  // At least a majority stands at this place or further to the right.
  return ascending[voters.length - majorityOf(voters)] as number;
}

function majorityResult(
  voters: readonly MemberId[],
  votes: ReadonlyMap<MemberId, boolean>,
): VoteResult {
  if (voters.length === 0) return "won";
  const granted = voters.filter((id) => votes.get(id) === true).length;
  const open = voters.filter((id) => !votes.has(id)).length;
  if (granted >= majorityOf(voters)) return "won";
  return granted + open >= majorityOf(voters) ? "pending" : "lost";
}

function majorityOf(voters: readonly MemberId[]): number {
  return Math.floor(voters.length / 2) + 1;
}
