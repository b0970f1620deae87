/** Changes of the cluster itself. There is one, made once, and its epoch never falls. */
import {
  AlreadyExistsError,
  FailedPreconditionError,
  NotFoundError,
} from "../../../../shared/errors/cluster-error.js";
import type { Cluster } from "../../../../shared/model/cluster.js";
import type { ChangeOf } from "../change.js";
import type { Draft } from "../draft.js";
import { expectVersion } from "./preconditions.js";

export function createCluster(draft: Draft, cluster: Cluster): void {
  const present = draft.state.cluster();
  if (present !== undefined) throw new AlreadyExistsError("cluster", present.id);
  const { atMs, sequence } = draft;
  draft.setCluster(undefined, {
    ...cluster,
    version: sequence,
    createdAtMs: atMs,
    updatedAtMs: atMs,
  });
}

export function updateCluster(draft: Draft, change: ChangeOf<"update-cluster">): void {
  const before = draft.state.cluster();
  if (before === undefined) throw new NotFoundError("swarm", "cluster");
  expectVersion("swarm", before, change.expectedVersion);
  const { spec = before.spec, joinTokens = before.joinTokens } = change;
  const { authority = before.authority, epoch = before.epoch } = change;
  const { dataPath = before.dataPath } = change;
  if (epoch < before.epoch)
    throw new FailedPreconditionError(
      `the epoch of the cluster is ${before.epoch} and cannot go back to ${epoch}`,
    );
  // A certificate renewed or an epoch raised by the system must not refuse the user's next update.
  const byUser =
    change.spec !== undefined || change.joinTokens !== undefined || change.dataPath !== undefined;
  draft.setCluster(before, {
    ...before,
    version: byUser ? draft.sequence : before.version,
    updatedAtMs: draft.atMs,
    spec,
    joinTokens,
    authority,
    epoch,
    ...(dataPath !== undefined && { dataPath }),
  });
}
