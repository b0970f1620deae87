/**
 * What a member of consensus has on its disk at a start: its state as far as it is known to be
 * committed, the rest of its log, and who takes part. Finishes what a crash cut short.
 */
import type { Logger } from "../../shared/ports/logger.js";
import type { StoredLog } from "./core/log.js";
import type { MemberId } from "./core/member-id.js";
import {
  changedMembership,
  type Membership,
  MembershipChangeError,
  NO_MEMBERS,
} from "./core/membership.js";
import type { Entry, HardState, SnapshotId } from "./core/message.js";
import type { Disk } from "./disk.js";
import { LogFile } from "./log-file.js";
import type { StateMachine } from "./replicated-log.js";
import { restoreState } from "./restore-state.js";
import type { SegmentSizes } from "./segment.js";
import { Snapshots } from "./snapshots.js";

export interface RecoverOptions {
  readonly id: MemberId;
  readonly disk: Disk;
  readonly dir: string;
  readonly logger: Logger;
  readonly stateMachine: StateMachine;
  readonly beginning: "found" | "join";
  readonly onFatal: (error: unknown) => void;
  readonly sizes?: SegmentSizes;
}

export interface RecoveredMember {
  readonly log: LogFile;
  readonly snapshots: Snapshots;
  readonly snapshot: SnapshotId | undefined;
  readonly stored: StoredLog & {
    readonly hardState: Pick<HardState, "term" | "vote">;
    readonly membership: Membership;
  };
}

/** Read at a time. */
const READ_BYTES = 1024 * 1024;

/** @throws DamagedLogError, StorageFailedError, StorageFullError */
export async function recoverMember(options: RecoverOptions): Promise<RecoveredMember> {
  const { id, disk, dir, logger, stateMachine, beginning, onFatal, sizes } = options;
  const snapshots = await Snapshots.open({ disk, folder: `${dir}/snapshots`, logger });
  const folder = `${dir}/log`;
  const log = await LogFile.open({ disk, folder, logger, onFatal, ...(sizes && { sizes }) });
  try {
    await finishInstall(log, snapshots);
    if (beginning === "found" && log.lastIndex === 0) await found(log, id);
    let membership = NO_MEMBERS;
    const committed = Math.max(log.hardState.commit, snapshots.kept.at(-1)?.index ?? 0);
    const upTo = Math.min(committed, log.lastIndex);
    const changes: Entry[] = [];
    const onApplied = (entries: readonly Entry[]): void => {
      changes.push(...entries.filter(({ kind }) => kind === "membership"));
    };
    const file = await restoreState({
      folder,
      log,
      snapshots,
      stateMachine,
      logger,
      upTo,
      onApplied,
    });
    if (file !== undefined) membership = await snapshots.membershipOf(file);
    const snapshot = file && { index: file.index, term: file.term, membership };
    membership = changes.reduce(withChange, membership);
    const base = { index: snapshot?.index ?? 0, term: snapshot?.term ?? 0 };
    const entries = await readAll(log, base.index + 1);
    const { term, vote } = log.hardState;
    const stored = { base, entries, commitIndex: upTo, appliedIndex: upTo, membership };
    return { log, snapshots, snapshot, stored: { ...stored, hardState: { term, vote } } };
  } catch (error) {
    await log.close();
    throw error;
  }
}

/** A snapshot that was received took its place, and the log was not yet begun anew after it. */
export async function finishInstall(log: LogFile, snapshots: Snapshots): Promise<void> {
  const newest = snapshots.kept.at(-1);
  if (newest?.origin !== "received" || newest.index < log.firstIndex) return;
  if (log.term(newest.index) === newest.term) return;
  const { index, term } = newest;
  const { hardState } = log;
  // Of a term that this member never entered it has nothing to keep but the term.
  const kept = hardState.term >= term ? hardState : { term, vote: undefined };
  const restart = { index, term };
  await log.append({ restart, hardState: { term: kept.term, vote: kept.vote, commit: index } });
}

/** The first entry of a new cluster: it has one manager, and that is enough to commit it. */
async function found(log: LogFile, id: MemberId): Promise<void> {
  const change = {
    kind: "change",
    changes: [{ kind: "add-voter", id }],
    joint: "if-needed",
  } as const;
  await log.append({
    entries: [{ kind: "membership", index: 1, term: 1, change }],
    hardState: { term: 1, vote: undefined, commit: 1 },
  });
}

function withChange(membership: Membership, entry: Entry): Membership {
  if (entry.kind !== "membership") return membership;
  try {
    return changedMembership(membership, entry.change);
  } catch (error) {
    if (error instanceof MembershipChangeError) return membership; // as when it was applied
    throw error;
  }
}

async function readAll(log: LogFile, from: number): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (let next = from; next <= log.lastIndex;) {
    const read = await log.read(next, log.lastIndex + 1, READ_BYTES);
    entries.push(...read);
    next += read.length;
  }
  return entries;
}
