/** What a manager's disk says its state is, found without the manager: its log replayed on a copy. */
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { LogFile } from "../../manager/raft/log-file.js";
import { nodeDisk } from "../../manager/raft/node-disk.js";
import type { StateMachine } from "../../manager/raft/replicated-log.js";
import { restoreState } from "../../manager/raft/restore-state.js";
import { Snapshots } from "../../manager/raft/snapshots.js";
import { Store } from "../../manager/store/store.js";
import { silentLogger } from "../../shared/ports/logger.js";
import { systemClock } from "../../shared/ports/system-clock.js";

/** As `GET /skep/v1/state` shows it. */
export interface StateMark {
  readonly sequence: number;
  readonly stateHash: string;
}

export interface ReplayedState {
  /** Of every sequence number since the snapshot that the replay began with. */
  readonly hashes: ReadonlyMap<number, string>;
  readonly last: StateMark;
}

/** @param dataDir of a daemon that does not run. */
export async function replayState(dataDir: string): Promise<ReplayedState> {
  const copy = await mkdtemp(join(tmpdir(), "skep-replay-"));
  try {
    await cp(join(dataDir, "manager"), copy, { recursive: true });
    return await replay(copy);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

async function replay(folder: string): Promise<ReplayedState> {
  const options = { disk: nodeDisk, logger: silentLogger };
  const snapshots = await Snapshots.open({ ...options, folder: `${folder}/snapshots` });
  const onFatal = (error: Error): never => {
    throw error;
  };
  const log = await LogFile.open({ ...options, folder: `${folder}/log`, onFatal });
  const { stateMachine, hashes, last } = recording();
  try {
    await restoreState({
      upTo: log.lastIndex,
      folder,
      log,
      snapshots,
      stateMachine,
      logger: silentLogger,
    });
    return { hashes, last: last() };
  } finally {
    await log.close();
  }
}

/** A store that keeps its hash after every entry. */
function recording(): {
  readonly stateMachine: StateMachine;
  readonly hashes: ReadonlyMap<number, string>;
  readonly last: () => StateMark;
} {
  const store = new Store({ clock: systemClock, logger: silentLogger });
  const hashes = new Map<number, string>();
  const last = (): StateMark => ({
    sequence: store.committed.sequence,
    stateHash: store.stateHash(),
  });
  const note = (): void => {
    const { sequence, stateHash } = last();
    hashes.set(sequence, stateHash);
  };
  const stateMachine: StateMachine = {
    apply: (entries) => {
      for (const entry of entries) {
        store.apply([entry]);
        note();
      }
    },
    restore: async (chunks) => {
      await store.restore(chunks);
      note();
    },
    snapshot: () => store.snapshot(),
    leadershipChanged: () => undefined,
  };
  return { stateMachine, hashes, last };
}
