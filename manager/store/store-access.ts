/**
 * What the rest of the manager may do with the store: read what is committed, write on
 * the speculative head, watch what changes. `Store` implements all three; each part
 * asks for the least it needs.
 */
import type { Change, StoreEvent } from "./core/change.js";
import type { RequestOutcome } from "./core/requests.js";
import type { State } from "./core/state.js";
import type { StoreView } from "./core/view.js";

export interface StoreReader {
  /** Committed state, valid until the next `await`: read it anew after waiting. */
  readonly committed: StoreView;
  /**
   * Committed state that may be changed without anything happening: to see what would follow. Valid
   * until the next `await`, like `committed`.
   */
  imagine(): State;
  /**
   * Incremental hash of the committed state (16 hexadecimal digits): equal on
   * managers at the same sequence.
   */
  stateHash(): string;
  /** What became of the request with this id, if it is committed and still remembered. */
  requestOutcome(requestId: string): RequestOutcome | undefined;
}

export interface StoreWriter {
  /**
   * Runs `write` on the speculative head and proposes what it changed as one command. Resolves with
   * what `write` returned once the command is committed and applied; a write without changes
   * resolves once what it read is committed. If `write` throws, nothing is proposed, the head is as
   * before, and the error is passed on once what it was based on is committed.
   * @throws what a change's precondition says (`NotFoundError`, `StaleVersionError`,
   *   `NameConflictError`, …)
   * @throws ProposalDroppedError, NoLeaderError, TryAgainError from the log;
   *   TooLargeError past the size limits.
   */
  update<T>(write: (tx: Transaction) => T, options?: UpdateOptions<T>): Promise<T>;
}

/** A request with an id of its own is carried out once: the same id again gets the same answer. */
export interface UpdateOptions<T> {
  readonly requestId: string;
  /**
   * The answer for a request that was applied before, instead of what `write` would return: `write`
   * is not run. A remembered failure is thrown without asking.
   */
  readonly replay: (outcome: RequestOutcome) => T;
}

export interface Transaction {
  /** The head with this transaction's own changes. */
  readonly view: StoreView;
  /** Wall clock of this command (ms): the one time that everything in it carries. */
  readonly atMs: number;
  /** What this transaction holds so far; past the limits (`limits.ts`), `apply` throws. */
  readonly size: { readonly changes: number; readonly bytes: number };
  /** @throws ClusterError when the change does not fit; the transaction should then be given up. */
  apply(change: Change): void;
}

export interface StoreWatcher {
  /**
   * Calls `listener` synchronously after every command that changed something, in order. With
   * `after`, the batches after that sequence number are delivered first, before this call returns.
   * @throws WatchExpiredError the batches after that number are no longer kept: read
   *   everything, then watch.
   */
  watch(listener: (batch: CommittedBatch) => void, options?: { readonly after?: number }): Watch;
}

export interface CommittedBatch {
  readonly sequence: number;
  readonly events: readonly StoreEvent[];
}

export interface Watch {
  close(): void;
}

export type StoreAccess = StoreReader & StoreWriter & StoreWatcher;
