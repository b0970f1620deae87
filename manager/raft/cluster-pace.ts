/** What the cluster's spec says of consensus and its log; each manager goes by what it has applied. */
import type { Cluster } from "../../shared/model/cluster.js";
import { type CompactionSettings, DEFAULT_COMPACTION } from "./compactor.js";
import type { Pace } from "./core/member-state.js";
import { DEFAULT_TICKS } from "./raft-options.js";

/** Where there is no cluster yet, or one whose numbers no gate has seen, the usual pace. */
export function paceOf(cluster: Cluster | undefined): Pace {
  const { ElectionTick: electionTicks = 0, HeartbeatTick: heartbeatTicks = 0 } =
    cluster?.spec.Raft ?? {};
  const isPace = heartbeatTicks > 0 && electionTicks > heartbeatTicks;
  return isPace ? { electionTicks, heartbeatTicks } : DEFAULT_TICKS;
}

export function compactionOf(cluster: Cluster | undefined): CompactionSettings {
  const raft = cluster?.spec.Raft;
  return {
    snapshotInterval: raft?.SnapshotInterval ?? DEFAULT_COMPACTION.snapshotInterval,
    logEntriesForSlowFollowers:
      raft?.LogEntriesForSlowFollowers ?? DEFAULT_COMPACTION.logEntriesForSlowFollowers,
    additionalSnapshots: raft?.KeepOldSnapshots ?? 0,
  };
}
