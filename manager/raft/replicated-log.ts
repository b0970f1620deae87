/**
 * The port between the store and consensus: a log that several managers agree on. The store
 * proposes bytes and applies what was committed, in order; it knows nothing of terms' elections,
 * disks or peers. `single-member.ts` implements it for a cluster of one manager on the durable log
 * file; Raft takes the same place.
 */

import type { Entry } from "./core/message.js";

/** What consensus delivers, in log order, exactly once per start. */
export interface CommittedEntry {
  readonly index: number;
  readonly term: number;
  /** Empty for entries of consensus itself (a term's first entry, configuration changes). */
  readonly data: Uint8Array;
}

/** As the state machine sees it: what only concerns consensus is empty to it. */
export function toCommitted(entry: Entry): CommittedEntry {
  const { index, term } = entry;
  return { index, term, data: entry.kind === "data" ? entry.data : NOTHING };
}

const NOTHING = new Uint8Array();

export interface ProposalReceipt {
  readonly index: number;
  readonly term: number;
}

/** Implemented by the store. Called synchronously, in order, never again for the same entry. */
export interface StateMachine {
  apply(entries: readonly CommittedEntry[]): void;
  /**
   * Freezes the present state; `chunks` may be read while `apply` goes on. Ended or returned early,
   * it lets go of the frozen state.
   */
  snapshot(): {
    readonly index: number;
    readonly term: number;
    readonly chunks: AsyncIterable<Uint8Array>;
  };
  /** Replaces the whole state by that of a snapshot. */
  restore(chunks: AsyncIterable<Uint8Array>): Promise<void>;
  /**
   * The lead was won (its term's first entry is applied) or lost: the
   * speculative head begins or ends.
   */
  leadershipChanged(leadership: Leadership): void;
}

export type Leadership =
  | { readonly kind: "leader"; readonly term: number }
  | { readonly kind: "follower"; readonly term: number };

export interface ReplicatedLog {
  readonly leadership: Leadership;
  /**
   * Appends `data` to the log. Proposals are committed in the order of the calls. Resolves once the
   * entry is committed and applied here.
   * @throws ProposalDroppedError it will never be committed; everything proposed
   *   after it is dropped too.
   * @throws TryAgainError the queue of proposals is full.
   * @throws NoLeaderError this manager does not lead.
   */
  propose(data: Uint8Array): Promise<ProposalReceipt>;
  /**
   * Resolves once everything that was committed anywhere before the call is applied here, so that a
   * read that follows is linearizable. @returns the index up to which that holds.
   */
  readIndex(signal: AbortSignal): Promise<number>;
  /** Takes a snapshot now and compacts the log behind it. */
  compact(): Promise<void>;
  /** Flushes and closes; proposals in flight are dropped. */
  close(): Promise<void>;
}
