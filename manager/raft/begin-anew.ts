/**
 * A log that begins anew with a state and a single member: for a cluster that lost its majority, and
 * for a backup. Nothing may run on the folder meanwhile. Whatever else was in the log is gone then,
 * and members of the former log are strangers: this one has another name.
 */
import type { Logger } from "../../shared/ports/logger.js";
import type { MemberId } from "./core/member-id.js";
import { NO_MEMBERS } from "./core/membership.js";
import type { Disk } from "./disk.js";
import type { StorageFailedError } from "./log-errors.js";
import { LogFile } from "./log-file.js";
import { finishInstall } from "./recover-member.js";
import type { StateMachine } from "./replicated-log.js";
import { restoreState } from "./restore-state.js";
import { Snapshots } from "./snapshots.js";

export interface LogFolder {
  readonly disk: Disk;
  readonly dir: string;
  readonly logger: Logger;
}

/**
 * Brings the state machine up to the last entry that is here, whether it is known to be committed or
 * not: a majority that is gone may have acknowledged any of them.
 * @throws DamagedLogError, StorageFailedError
 */
export async function restoreAll(folder: LogFolder, stateMachine: StateMachine): Promise<void> {
  await withLog(folder, async (log, snapshots) => {
    await finishInstall(log, snapshots);
    await restoreState({
      folder: logFolder(folder),
      log,
      snapshots,
      stateMachine,
      logger: folder.logger,
      upTo: log.lastIndex,
    });
  });
}

/** Durable once resolved. @throws StorageFailedError, StorageFullError */
export async function beginAnew(
  folder: LogFolder,
  stateMachine: Pick<StateMachine, "snapshot">,
  member: MemberId,
): Promise<void> {
  await withLog(folder, async (log, snapshots) => {
    const state = stateMachine.snapshot();
    // Beyond everything that was ever said under the former names.
    const index = Math.max(log.lastIndex, state.index) + 1;
    const term = Math.max(log.hardState.term, state.term) + 1;
    const membership = { ...NO_MEMBERS, voters: [member] };
    await snapshots.receive({ index, term, membership, chunks: state.chunks });
    await snapshots.install({ index, term });
    const hardState = { term, vote: undefined, commit: index };
    await log.append({ restart: { index, term }, hardState });
  });
}

async function withLog(
  folder: LogFolder,
  act: (log: LogFile, snapshots: Snapshots) => Promise<void>,
): Promise<void> {
  const { dir, disk, logger } = folder;
  const failures: StorageFailedError[] = [];
  const snapshots = await Snapshots.open({ disk, folder: `${dir}/snapshots`, logger });
  const log = await LogFile.open({
    disk,
    folder: logFolder(folder),
    logger,
    onFatal: (error) => failures.push(error),
  });
  try {
    await act(log, snapshots);
  } finally {
    await log.close();
  }
  const [failure] = failures;
  if (failure !== undefined) throw failure;
}

function logFolder({ dir }: LogFolder): string {
  return `${dir}/log`;
}
