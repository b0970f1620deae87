/**
 * One manager: the store on its log, the loops that run while it leads, and the calls that it
 * answers. Wiring only; every decision lives in the parts.
 *
 * `skepd` starts one while this host's role says so, and closes it when the role
 * changes or the host stops.
 */
import type { Cluster } from "../shared/model/cluster.js";
import type { NodeId } from "../shared/model/ids.js";
import type { Node } from "../shared/model/node.js";
import type { Clock } from "../shared/ports/clock.js";
import type { Logger } from "../shared/ports/logger.js";
import type { Random } from "../shared/ports/random.js";
import type { IssueRequest, IssueResponse } from "../shared/rpc/ca-rpc.js";
import type { RpcServer } from "../shared/rpc/rpc-server.js";
import type { CertifiedNode } from "../shared/rpc/tls-identity.js";
import type { ApiManager, ManagerReachability } from "./api/host.js";
import { Issuer } from "./ca/issuer.js";
import { Dispatcher } from "./dispatcher/dispatcher.js";
import { LeaderLoops } from "./leadership.js";
import { Orchestrator } from "./orchestrator/orchestrator.js";
import { type CompactionSettings, DEFAULT_COMPACTION } from "./raft/compactor.js";
import { nodeDisk } from "./raft/node-disk.js";
import type { ReplicatedLog } from "./raft/replicated-log.js";
import { SingleMemberLog } from "./raft/single-member.js";
import { Scheduler } from "./scheduler/scheduler.js";
import { Store } from "./store/store.js";

export interface ManagerOptions {
  /** The log and its snapshots are kept below it. */
  readonly dataDir: string;
  readonly nodeId: NodeId;
  /** `host:port` that other hosts dial to reach this manager. */
  readonly address: () => string;
  /** The new cluster and its first node, where there is none yet. */
  readonly founding?: { readonly cluster: Cluster; readonly node: Node };
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** The log can no longer be written, or a loop of ours failed: the process must end. */
  readonly onFatal: (error: unknown) => void;
}

export class Manager implements ApiManager {
  readonly store: Store;
  readonly #options: ManagerOptions;
  readonly #log: ReplicatedLog;
  readonly #loops: LeaderLoops;
  readonly #dispatcher: Dispatcher;
  readonly #issuer: Issuer;

  /**
   * Recovers the state from the disk and, being alone, leads.
   * @throws DamagedLogError, StorageFailedError
   */
  static async open(options: ManagerOptions): Promise<Manager> {
    const { clock, dataDir, founding, logger, onFatal } = options;
    const store = new Store({ clock, logger: logger.child({ part: "store" }) });
    const log = await SingleMemberLog.open({
      disk: nodeDisk,
      dir: dataDir,
      clock,
      logger: logger.child({ part: "log" }),
      stateMachine: store,
      onFatal,
      compaction: () => compactionOf(store.committed.cluster()),
    });
    store.connect(log);
    const { sequence } = store.committed;
    logger.info({ sequence, stateHash: store.stateHash() }, "state recovered");
    try {
      if (founding !== undefined) await found(store, founding);
    } catch (error) {
      await log.close();
      throw error;
    }
    return new Manager(options, store, log);
  }

  private constructor(options: ManagerOptions, store: Store, log: ReplicatedLog) {
    const { clock, random, logger, onFatal } = options;
    this.store = store;
    this.#options = options;
    this.#log = log;
    this.#issuer = new Issuer({ store, clock, random, logger });
    this.#dispatcher = new Dispatcher({
      store,
      clock,
      random: random.fork("dispatcher"),
      logger: logger.child({ part: "dispatcher" }),
      leadership: () => log.leadership,
      managers: () => [options.address()],
      quorum: () => "fresh", // a lone manager hears itself
    });
    this.#loops = new LeaderLoops({
      loops: () => [
        this.#dispatcher,
        new Orchestrator({ store, clock, random: random.fork("orchestrator"), logger }),
        new Scheduler({ store, clock, logger }),
      ],
      logger,
      onFailed: onFatal,
    });
  }

  /** Begins to act and to answer agents. */
  start(server: RpcServer): void {
    this.#issuer.serveOn(server);
    this.#dispatcher.serveOn(server);
    this.#loops.leadershipChanged(this.#log.leadership);
  }

  async readIndex(signal: AbortSignal): Promise<void> {
    await this.#log.readIndex(signal);
  }

  /**
   * For this host itself, whose certificate may be one that no connection takes any more.
   * @throws NotFoundError the node was removed.
   */
  renewCertificate(request: IssueRequest, node: CertifiedNode): Promise<IssueResponse> {
    return this.#issuer.renew(request, node);
  }

  managerStatus(nodeId: NodeId): ManagerReachability | undefined {
    if (nodeId !== this.#options.nodeId) return undefined;
    const leader = this.#log.leadership.kind === "leader";
    return { leader, reachability: "reachable", address: this.#options.address() };
  }

  /** Ends the loops, then the log; what was acknowledged is on the disk. */
  async close(): Promise<void> {
    await this.#loops.close();
    await this.#log.close();
  }
}

async function found(
  store: Store,
  founding: NonNullable<ManagerOptions["founding"]>,
): Promise<void> {
  await store.update((tx) => {
    if (tx.view.cluster() !== undefined) return; // a start after this very step was cut short
    tx.apply({ kind: "create-cluster", cluster: founding.cluster });
    tx.apply({ kind: "create-node", node: founding.node });
  });
}

function compactionOf(cluster: Cluster | undefined): CompactionSettings {
  const raft = cluster?.spec.Raft;
  return {
    snapshotInterval: raft?.SnapshotInterval ?? DEFAULT_COMPACTION.snapshotInterval,
    logEntriesForSlowFollowers:
      raft?.LogEntriesForSlowFollowers ?? DEFAULT_COMPACTION.logEntriesForSlowFollowers,
  };
}
