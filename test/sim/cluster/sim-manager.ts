/**
 * A simulated manager: dispatcher, orchestrator, allocator and scheduler are the real ones, and so is
 * what starts and stops them as the lead is won and lost. How it agrees with the others is not
 * decided here.
 */
import { Allocator } from "../../../manager/allocator/allocator.js";
import { LatelyFreed } from "../../../manager/allocator/core/lately-freed.js";
import { Dispatcher } from "../../../manager/dispatcher/dispatcher.js";
import { LeaderLoops } from "../../../manager/leadership.js";
import { Orchestrator } from "../../../manager/orchestrator/orchestrator.js";
import type { Leadership } from "../../../manager/raft/replicated-log.js";
import { Scheduler } from "../../../manager/scheduler/scheduler.js";
import type { StoreAccess } from "../../../manager/store/store-access.js";
import { ClusterError } from "../../../shared/errors/cluster-error.js";
import type { ClusterId, NodeId } from "../../../shared/model/ids.js";
import type { Clock } from "../../../shared/ports/clock.js";
import type { Logger } from "../../../shared/ports/logger.js";
import type { Random } from "../../../shared/ports/random.js";
import type { Caller } from "../../../shared/rpc/caller.js";
import type { AgentMessage, ManagerMessage } from "../../../shared/rpc/dispatcher-messages.js";
import type { RpcServer, StreamHandler } from "../../../shared/rpc/rpc-server.js";
import type { PowerCut } from "../simulated-disk.js";
import type { Item } from "./connection.js";
import type { Seat } from "./consensus.js";
import type { Listener, ManagerEnd, Network } from "./network.js";
import { ProcessClock } from "./process-clock.js";

const SIM_CLUSTER = "cluster" as ClusterId;

export interface SimManagerOptions {
  readonly name: string;
  readonly seat: Seat;
  readonly network: Network;
  readonly managers: readonly string[];
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly onFailed: (error: unknown) => void;
  /** Something of this node has reached the host, whether or not the manager is awake. */
  readonly onArrival: (nodeId: NodeId, item: Item<AgentMessage>) => void;
}

/** Of the host, as packets between the hosts have it. */
function addressOf(host: string): string {
  return `10.0.${host.startsWith("m") ? 1 : 2}.${host.slice(1)}`;
}

export class SimManager implements Listener {
  readonly host: string;
  lagMs = 0;
  /** When its state was recovered. */
  upSinceMs = 0;
  readonly #options: SimManagerOptions;
  #lives = 0;
  #leadership: Leadership = { kind: "follower", term: 0 };
  #process: ProcessClock | undefined;
  #loops: LeaderLoops | undefined;
  #converse: StreamHandler<AgentMessage, ManagerMessage> | undefined;

  constructor(options: SimManagerOptions) {
    this.#options = options;
    this.host = options.name;
    options.network.listen(this);
  }

  get process(): ProcessClock | undefined {
    return this.#process;
  }

  /** Begins to answer; it leads once it is told to. */
  start(): void {
    if (this.#process !== undefined) return;
    const { clock, seat } = this.#options;
    const random = this.#options.random.fork(`life ${++this.#lives}`);
    const process = new ProcessClock(clock, random.fork("lag"));
    process.lagMs = this.lagMs;
    this.#process = process;
    this.#leadership = { kind: "follower", term: 0 };
    seat.begin({
      process,
      random,
      opened: (store) => this.#opened(store, process, random),
      leadershipChanged: (leadership) => this.#leadershipChanged(leadership),
    });
  }

  #opened(store: StoreAccess, process: ProcessClock, random: Random): void {
    const { logger, managers, onFailed } = this.#options;
    const dispatcher = new Dispatcher({
      store,
      clock: process,
      random,
      logger,
      leadership: () => this.#leadership,
      managers: () => managers,
      quorum: () => "fresh",
    });
    dispatcher.serveOn(this.#server());
    const freed = new LatelyFreed();
    store.watch(({ events }) => freed.observe(events, process.nowMs()));
    this.upSinceMs = this.#options.clock.nowMs();
    this.#loops = new LeaderLoops({
      loops: () => {
        // A stream of its own for each term: the same one would make the same ids again.
        const ids = random.fork(`orchestrator in term ${this.#leadership.term}`);
        return [
          dispatcher,
          new Orchestrator({ store, clock: process, random: ids, logger }),
          new Allocator({ store, clock: process, freed, logger }),
          new Scheduler({ store, clock: process, logger }),
        ];
      },
      logger,
      onFailed,
    });
    // A lone manager leads before all of it is recovered.
    if (this.#leadership.kind === "leader") this.#loops.leadershipChanged(this.#leadership);
  }

  #leadershipChanged(leadership: Leadership): void {
    this.#leadership = leadership;
    this.#loops?.leadershipChanged(leadership);
  }

  /** SIGKILL, or the end of its host's power. */
  kill(cut?: PowerCut): void {
    const process = this.#process;
    if (process === undefined) return;
    this.#options.seat.end(cut);
    process.kill();
    this.#process = undefined;
    this.#loops = undefined;
    this.#converse = undefined;
    this.#options.network.died(process);
  }

  beLate(lagMs: number): void {
    this.lagMs = lagMs;
    if (this.#process !== undefined) this.#process.lagMs = lagMs;
  }

  arrived(caller: string, item: Item<AgentMessage>): void {
    this.#options.onArrival(caller as NodeId, item);
  }

  accept(end: ManagerEnd, caller: string): void {
    const nodeId = caller as NodeId;
    void this.#talk(end, {
      address: addressOf(caller),
      node: {
        nodeId,
        role: "worker",
        clusterId: SIM_CLUSTER,
        validFromMs: 0,
        validUntilMs: Number.POSITIVE_INFINITY,
      },
    });
  }

  async #talk(end: ManagerEnd, caller: Caller): Promise<void> {
    try {
      await this.#converse?.(end, caller);
      end.end();
    } catch (error) {
      if (!(error instanceof ClusterError)) this.#options.onFailed(error);
      end.end(error as Error);
    }
  }

  /** What the dispatcher is served on: it answers one kind of stream. */
  #server(): Pick<RpcServer, "stream" | "unary"> {
    return {
      stream: (_method, handler) => {
        this.#converse = handler as unknown as StreamHandler<AgentMessage, ManagerMessage>;
      },
      unary: () => undefined,
    };
  }
}
