/**
 * Brings the state machine up to what is known to be committed at a start: the newest whole
 * snapshot, then the entries.
 */
import type { Logger } from "../../shared/ports/logger.js";
import type { Entry } from "./core/message.js";
import type { SnapshotFile } from "./core/snapshot-format.js";
import { DamagedLogError } from "./log-errors.js";
import type { LogFile } from "./log-file.js";
import { type StateMachine, toCommitted } from "./replicated-log.js";
import type { Snapshots } from "./snapshots.js";

/** Read and applied at a time. */
const REPLAY_BYTES = 1024 * 1024;

export interface RestoreOptions {
  readonly folder: string;
  readonly log: LogFile;
  readonly snapshots: Snapshots;
  readonly stateMachine: StateMachine;
  readonly logger: Logger;
  /** The last entry to apply. */
  readonly upTo: number;
  /** Called after the state machine has them. */
  readonly onApplied?: (entries: readonly Entry[]) => void;
}

/**
 * @returns the snapshot that was used.
 * @throws DamagedLogError no snapshot that is whole reaches to where the log begins.
 */
export async function restoreState(options: RestoreOptions): Promise<SnapshotFile | undefined> {
  const { folder, log, snapshots, stateMachine, upTo, onApplied } = options;
  const newest = snapshots.kept.at(-1);
  if (newest !== undefined && newest.index > log.lastIndex) {
    const expected = `a log up to entry ${newest.index}, of which there is a snapshot`;
    throw new DamagedLogError({ file: folder, offset: 0, expected });
  }
  const snapshot = await newestWhole(options);
  if (snapshot !== undefined) await stateMachine.restore(snapshots.read(snapshot));
  for (let next = (snapshot?.index ?? 0) + 1; next <= upTo;) {
    const entries = await log.read(next, upTo + 1, REPLAY_BYTES);
    stateMachine.apply(entries.map(toCommitted));
    onApplied?.(entries);
    next += entries.length;
  }
  return snapshot;
}

async function newestWhole(options: RestoreOptions): Promise<SnapshotFile | undefined> {
  const { log, snapshots, logger } = options;
  const damaged: SnapshotFile[] = [];
  let damage: DamagedLogError | undefined;
  let whole: SnapshotFile | undefined;
  for (const id of snapshots.kept.toReversed()) {
    if (id.index < log.firstIndex - 1) break;
    const found = await damageOf(snapshots, id);
    if (found === undefined) {
      whole = id;
      break;
    }
    logger.error({ error: found, index: id.index }, "a snapshot is damaged");
    damaged.push(id);
    damage ??= found;
  }
  if (whole === undefined && log.firstIndex > 1) {
    const expected = `a snapshot of entry ${log.firstIndex - 1} or later, where the log begins`;
    throw damage ?? new DamagedLogError({ file: options.folder, offset: 0, expected });
  }
  for (const id of damaged) await snapshots.setAside(id);
  return whole;
}

async function damageOf(
  snapshots: Snapshots,
  id: SnapshotFile,
): Promise<DamagedLogError | undefined> {
  try {
    await snapshots.verify(id);
    return undefined;
  } catch (error) {
    if (error instanceof DamagedLogError) return error;
    throw error;
  }
}
