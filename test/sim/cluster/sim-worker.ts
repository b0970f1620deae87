/**
 * A simulated host: its engine and its disk live as long as the host, its agent's process comes and
 * goes. The agent is the real one.
 */
import type { NodeId } from "../../../shared/model/ids.js";
import type { NodeNetworks } from "../../../shared/model/node-networks.js";
import type { Clock } from "../../../shared/ports/clock.js";
import type { Logger } from "../../../shared/ports/logger.js";
import type { Random } from "../../../shared/ports/random.js";
import { Agent, type SessionState } from "../../../worker/agent/agent.js";
import { NodeRemovedError } from "../../../worker/agent/agent-errors.js";
import { EngineUnavailableError } from "../../../worker/engine/engine-errors.js";
import { SimulatedEngine } from "../simulated-engine.js";
import { AgentDisk } from "./agent-disk.js";
import { GatedEngine } from "./gated.js";
import type { Network } from "./network.js";
import { ProcessClock } from "./process-clock.js";

/** Until the kernel has what was told of the networks, at most. */
const APPLIED_MS = 40;
/** An engine that is away while its node leaves is asked again. */
const LEAVE_AGAIN_MS = 500;

export interface SimWorkerOptions {
  readonly name: string;
  readonly managers: readonly string[];
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly onFailed: (error: unknown) => void;
  /** `later`: its host is no member before it is told to join. */
  readonly joins: "at once" | "later";
}

export class SimWorker {
  readonly name: string;
  readonly nodeId: NodeId;
  readonly engine: SimulatedEngine;
  readonly disk: AgentDisk;
  state: SessionState = { kind: "searching", reason: "not started" };
  /** Since when its session stands, or since when it has none. */
  stateSinceMs = 0;
  lagMs = 0;
  readonly #options: SimWorkerOptions;
  /** It was removed, and has stopped what it ran. */
  hasLeft = false;
  /** As it keeps its networks: what it was told last. */
  networks: NodeNetworks | undefined;
  #hasJoined: boolean;
  #lives = 0;
  #process: ProcessClock | undefined;
  #stop = new AbortController();

  constructor(options: SimWorkerOptions) {
    const { name, clock, random } = options;
    this.#options = options;
    this.name = name;
    this.#hasJoined = options.joins === "at once";
    this.nodeId = name as NodeId;
    this.disk = new AgentDisk(clock);
    const faults = { lostAnswersPerMille: 0, refusalsPerMille: 0 };
    this.engine = new SimulatedEngine(clock, random.fork("engine"), faults);
  }

  get process(): ProcessClock | undefined {
    return this.#process;
  }

  start(): void {
    if (this.#process !== undefined || this.hasLeft || !this.#hasJoined) return;
    const { clock, random, logger, managers, name, network, onFailed } = this.#options;
    const life = random.fork(`life ${++this.#lives}`);
    const process = new ProcessClock(clock, life.fork("lag"));
    process.lagMs = this.lagMs;
    this.#process = process;
    this.#stop = new AbortController();
    const agent = new Agent({
      engine: new GatedEngine(this.engine, process),
      managers,
      connect: (address) => network.connect(name, process, address),
      reach: (address, signal) => network.reach(name, process, address, signal),
      networks: {
        want: (told, applied) => {
          this.networks = told;
          process.after(life.below(APPLIED_MS), () => {
            if (this.networks === told) applied();
          });
          return Promise.resolve();
        },
      },
      memory: this.disk.openFor(process),
      clock: process,
      random: life,
      logger,
      onState: (state) => this.#enter(state),
    });
    agent.run({ signal: this.#stop.signal }).catch((error: unknown) => {
      if (error instanceof NodeRemovedError) void this.#leave(agent, process);
      else onFailed(error);
    });
  }

  get hasJoined(): boolean {
    return this.#hasJoined;
  }

  /** Its node is there by now. */
  join(): void {
    this.#hasJoined = true;
    this.start();
  }

  /** SIGKILL. */
  kill(): void {
    const process = this.#process;
    if (process === undefined) return;
    process.kill();
    this.#process = undefined;
    this.#options.network.died(process);
    this.#enter({ kind: "searching", reason: "killed" });
  }

  beLate(lagMs: number): void {
    this.lagMs = lagMs;
    if (this.#process !== undefined) this.#process.lagMs = lagMs;
  }

  /** As the daemon does where its node was removed: nothing of it may run on. */
  async #leave(agent: Agent, process: ProcessClock): Promise<void> {
    this.#enter({ kind: "searching", reason: "removed" });
    while (process.state !== "dead") {
      try {
        await agent.leave({ signal: this.#stop.signal });
        this.hasLeft = true;
        return;
      } catch (error) {
        if (!(error instanceof EngineUnavailableError)) this.#options.onFailed(error);
        await process.sleep(LEAVE_AGAIN_MS, this.#stop.signal);
      }
    }
  }

  #enter(state: SessionState): void {
    if (state.kind !== this.state.kind) this.stateSinceMs = this.#options.clock.nowMs();
    this.state = state;
  }
}
