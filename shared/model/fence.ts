/**
 * A fence: how recent a manager's knowledge is. Every welcome and every set of assignments carries
 * one; the agent keeps the highest it has seen and refuses lower, so that a deposed, lagging or
 * restored manager cannot make it stop what it should run.
 */
export interface Fence {
  /**
   * The cluster's epoch: raised when history was rewritten (a restored backup, a forced cluster).
   */
  readonly epoch: number;
  /** The Raft term in which the sender leads. */
  readonly term: number;
  /** The store's sequence number that the message was made from. */
  readonly sequence: number;
}

export const LOWEST_FENCE: Fence = { epoch: 0, term: 0, sequence: 0 };

/** Negative where `a` is the older; 0 where they are the same. */
export function compareFences(a: Fence, b: Fence): number {
  return a.epoch - b.epoch || a.term - b.term || a.sequence - b.sequence;
}
