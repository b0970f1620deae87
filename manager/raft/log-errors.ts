/** What can be wrong with the log's disk, in words that tell the operator what to do. */
import { ClusterError, type ErrorOptionsWithCause } from "../../shared/errors/cluster-error.js";

export interface LogDamage {
  readonly file: string;
  readonly offset: number;
  readonly expected: string;
}

/**
 * Something that had been synced is gone or altered: acknowledged writes may be
 * lost, so we do not start.
 */
export class DamagedLogError extends ClusterError {
  readonly code = "damaged-log";
  readonly damage: LogDamage;

  constructor(damage: LogDamage, options?: ErrorOptionsWithCause) {
    super(
      `${damage.file} is damaged at byte ${damage.offset}: expected ${damage.expected}. ` +
        "What had been written there is lost or altered, so this manager does not start. " +
        "Restore the folder from a backup, or, if other managers hold the state, " +
        "move the folder away and join this host again.",
      options,
    );
    this.damage = damage;
  }
}

/**
 * A write or a sync of the log failed. What is on disk is unknown from then on (a second sync
 * may succeed without having written what the first one lost), so the process must end and
 * recover from what is there.
 */
export class StorageFailedError extends ClusterError {
  readonly code = "storage-failed";

  constructor(what: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`cannot ${what}: ${reason}. The manager stops; check the disk, then start it again.`, {
      cause,
    });
  }
}

/** The disk is full. Nothing of the write is kept, and a later one may succeed. */
export class StorageFullError extends ClusterError {
  readonly code = "try-again";
  readonly neededBytes: number;

  constructor(folder: string, bytes: { needed: number; free: number }, cause: unknown) {
    super(
      `no room for the log in ${folder}: ${bytes.needed} bytes needed, ${bytes.free} free. ` +
        "Free some space, then try again.",
      { cause },
    );
    this.neededBytes = bytes.needed;
  }
}
