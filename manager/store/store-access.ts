/**
 * What the rest of the manager may do with the store: read what is committed, write on the speculative
 * head, watch what changes. `Store` implements all three; each part asks for the least it needs.
 */
import type { Change, StoreEvent } from "./core/change.js";
import type { StoreView } from "./core/view.js";

export interface StoreReader {
  /** Committed state, valid until the next `await`: read it anew after waiting. */
  readonly committed: StoreView;
  /** Incremental hash of the committed state (16 hexadecimal digits): equal on managers at the same sequence. */
  stateHash(): string;
}

export interface StoreWriter {
  /**
   * Runs `write` on the speculative head and proposes what it changed as one command. Resolves with what
   * `write` returned once the command is committed and applied; a write without changes resolves at once.
   * If `write` throws, nothing is proposed and the head is as before.
   * @throws what a change's precondition says (`NotFoundError`, `StaleVersionError`, `NameConflictError`, …)
   * @throws ProposalDroppedError, NoLeaderError, TryAgainError from the log; TooLargeError past the size limits.
   */
  update<T>(write: (tx: Transaction) => T, options?: UpdateOptions): Promise<T>;
}

export interface UpdateOptions {
  /** The caller's own id for this request; see `Command.requestId`. */
  readonly requestId?: string;
}

export interface Transaction {
  /** The head with this transaction's own changes. */
  readonly view: StoreView;
  /** Wall clock of this command (ms): the one time that everything in it carries. */
  readonly atMs: number;
  /** @throws ClusterError when the change does not fit; the transaction should then be given up. */
  apply(change: Change): void;
}

export interface StoreWatcher {
  /**
   * Calls `listener` synchronously after every command that changed something, in order. With `after`, the
   * batches after that sequence number are delivered first, before this call returns.
   * @throws WatchExpiredError the batches after that number are no longer kept: read everything, then watch.
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
