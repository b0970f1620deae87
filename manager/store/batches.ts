/**
 * Work that is too large for one command, cut into several. Each is valid by itself and applied
 * as a whole; between them other writes may come, so what is written for an item must fit
 * whatever the head is by then.
 */
import { CHANGES_PER_COMMAND_MAX, COMMAND_BYTES_MAX } from "./limits.js";
import type { StoreWriter, Transaction } from "./store-access.js";

/** A command takes no further item from here on: the last one may bring as much again. */
const FULL_CHANGES = CHANGES_PER_COMMAND_MAX / 2;
const FULL_BYTES = COMMAND_BYTES_MAX / 2;

/** Enough to keep the log busy; few enough to leave room for the commands of others. */
const BATCHES_IN_FLIGHT = 8;

export interface BatchOptions {
  /** No further command is begun once it is aborted. */
  readonly signal: AbortSignal;
}

/**
 * Calls `write` once for each item, in order, and resolves when all that was written is committed.
 * An item for which nothing is written costs nothing.
 * @throws what `write` or a command throws, the first of them, once everything begun has ended: the
 *   commands before it, and possibly some after it, are committed. Also the signal's reason.
 */
export async function updateInBatches<Item>(
  store: StoreWriter,
  items: readonly Item[],
  write: (tx: Transaction, item: Item) => void,
  { signal }: BatchOptions,
): Promise<void> {
  const begun: Promise<void>[] = [];
  const failures: unknown[] = [];
  const progress = { next: 0, threw: false };
  const writeBatch = (tx: Transaction): void => {
    progress.threw = true;
    while (progress.next < items.length && hasRoom(tx)) write(tx, items[progress.next++] as Item);
    progress.threw = false;
  };
  const goesOn = (): boolean => !progress.threw && failures.length === 0 && !signal.aborted;
  while (progress.next < items.length && goesOn()) {
    const batch = store.update(writeBatch).catch((error: unknown) => void failures.push(error));
    begun.push(batch);
    if (begun.length >= BATCHES_IN_FLIGHT) await begun.shift();
  }
  await Promise.all(begun);
  if (failures.length > 0) throw failures[0];
  if (progress.next < items.length) signal.throwIfAborted();
}

function hasRoom({ size }: Transaction): boolean {
  return size.changes < FULL_CHANGES && size.bytes < FULL_BYTES;
}
