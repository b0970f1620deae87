/**
 * A manager's folder made ready to begin alone: from what is left of a cluster that lost its
 * majority, or from a backup. Nothing may run on the folder meanwhile; whoever opens it then leads.
 */
import { Readable } from "node:stream";

import { FailedPreconditionError } from "../shared/errors/cluster-error.js";
import type { Clock } from "../shared/ports/clock.js";
import type { Logger } from "../shared/ports/logger.js";
import { writeMemberFile } from "./members/member-file.js";
import { nextEpochMember } from "./members/new-epoch.js";
import { beginAnew, restoreAll } from "./raft/begin-anew.js";
import { nodeDisk } from "./raft/node-disk.js";
import type { RaftMember } from "./raft/raft-member.js";
import { decodeSnapshot, encodeSnapshot } from "./raft/snapshot-stream.js";
import { Store } from "./store/store.js";

export interface FolderOptions {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** @throws DamagedLogError, FailedPreconditionError there is no state here. */
export async function restartAlone(options: FolderOptions): Promise<void> {
  const store = new Store(options);
  await restoreAll(folderOf(options), store);
  if (store.committed.cluster() === undefined) {
    throw new FailedPreconditionError(
      "this manager has no state yet that a cluster could go on with",
    );
  }
  await beginWith(store, options);
}

/** @throws DamagedBackupError, UnimplementedError a later release made it. */
export async function readBackup(
  bytes: AsyncIterable<Uint8Array>,
  { clock, logger }: Pick<FolderOptions, "clock" | "logger">,
): Promise<Store> {
  const store = new Store({ clock, logger });
  await store.restore(decodeSnapshot(bytes));
  if (store.committed.cluster() === undefined) {
    throw new FailedPreconditionError("the backup holds no cluster");
  }
  return store;
}

/** @param store as `readBackup` made it. */
export async function beginWith(store: Store, options: FolderOptions): Promise<void> {
  const member = nextEpochMember(store.committed);
  await beginAnew(folderOf(options), store, member);
  await writeMemberFile(options.dataDir, { memberId: member, others: [] });
}

/** The whole state as of now, to be kept somewhere else. */
export function backupOf(store: Store, log: Pick<RaftMember, "status">): Readable {
  const { membership } = log.status;
  return Readable.from(encodeSnapshot({ ...store.snapshot(), membership }));
}

function folderOf({ dataDir, logger }: FolderOptions): {
  readonly disk: typeof nodeDisk;
  readonly dir: string;
  readonly logger: Logger;
} {
  return { disk: nodeDisk, dir: dataDir, logger };
}
