/** A cluster that begins anew from a backup: this host is its only manager, with a name of its own. */
import { beginWith, readBackup } from "../manager/restart-alone.js";
import { assert } from "../shared/errors/assert.js";
import type { Node } from "../shared/model/node.js";
import type { Clock } from "../shared/ports/clock.js";
import type { Logger } from "../shared/ports/logger.js";
import type { Random } from "../shared/ports/random.js";
import { certifyFirst, type NodeIdentity } from "./identity.js";
import { managerFolder } from "./local-manager.js";

/** @throws DamagedBackupError, FailedPreconditionError it holds no cluster. */
export async function beginFromBackup(
  backup: AsyncIterable<Uint8Array>,
  options: {
    readonly dataDir: string;
    readonly clock: Clock;
    readonly random: Random;
    readonly logger: Logger;
  },
): Promise<{ readonly identity: NodeIdentity; readonly newNode: Node }> {
  const { clock, dataDir } = options;
  const store = await readBackup(backup, options);
  const cluster = store.committed.cluster();
  assert(cluster !== undefined, "a backup was read that holds no cluster");
  const { authority, id: clusterId } = cluster;
  const identity = await certifyFirst({ ...options, authority, clusterId });
  await beginWith(store, { ...options, dataDir: managerFolder(dataDir) });
  const nowMs = clock.wallMs();
  const newNode: Node = {
    id: identity.node.nodeId,
    version: 0,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    spec: { Name: "", Labels: {}, Role: "manager", Availability: "active" },
    status: { state: "unknown", message: "", address: "" },
  };
  return { identity, newNode };
}
