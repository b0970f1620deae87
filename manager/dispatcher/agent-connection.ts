/**
 * One agent's open session. Sends assignments at the agent's pace: while it is slow nothing is
 * queued for it but ids of changed tasks, and those are bounded (`core/session.ts`).
 */
import type { Fence } from "../../shared/model/fence.js";
import type { NodeId, TaskId } from "../../shared/model/ids.js";
import type { NodeNetworks } from "../../shared/model/node-networks.js";
import type { Clock } from "../../shared/ports/clock.js";
import type { AgentMessage, ManagerMessage } from "../../shared/rpc/dispatcher-messages.js";
import { BACKLOG_SMALL, type RpcStream } from "../../shared/rpc/rpc-stream.js";
import type { StoreView } from "../store/core/view.js";
import { AssignmentSession } from "./core/session.js";

/** What one decision of the scheduler or of a user changes arrives as one set. */
const GATHER_MS = 3;

export type SessionStream = RpcStream<AgentMessage, ManagerMessage>;

export interface AgentConnectionOptions {
  readonly nodeId: NodeId;
  readonly address: string;
  readonly stream: SessionStream;
  readonly clock: Clock;
  /** The committed state, the fence that goes with it, and what the node is to know of networks. */
  readonly present: () => {
    readonly view: StoreView;
    readonly fence: Fence;
    readonly networks: NodeNetworks | undefined;
  };
  /** Whether the node counts as down now. */
  readonly counts: () => "as-down" | "as-here";
}

/**
 * What a host that was lost still runs is surplus by then: it runs elsewhere. It is to be gone ten
 * seconds after the host's return, of which the return itself may take two, and the engine one.
 */
const STOP_SURPLUS_WITHIN_MS = 7_000;

export class AgentConnection {
  readonly nodeId: NodeId;
  readonly address: string;
  readonly #options: AgentConnectionOptions;
  readonly #session: AssignmentSession;
  readonly #over: AbortController;
  /** The first set goes to a host that was lost. */
  #returns: "as-down" | "as-here";
  #sending: "not-yet" | "idle" | "scheduled" = "not-yet";

  /**
   * @param over aborted, with the reason that the agent is told, when the manager ends the session.
   */
  constructor(options: AgentConnectionOptions, over: AbortController) {
    this.nodeId = options.nodeId;
    this.address = options.address;
    this.#options = options;
    this.#session = new AssignmentSession(options.nodeId);
    this.#returns = options.counts();
    this.#over = over;
  }

  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** Ends the session from the manager's side. */
  end(reason: Error): void {
    this.#over.abort(reason);
  }

  /** From now on the agent is sent its assignments, first of all a complete set. */
  start(): void {
    this.#sending = "idle";
    this.#schedule(0);
  }

  taskChanged(taskId: TaskId): void {
    this.#session.taskChanged(taskId);
    this.#schedule(GATHER_MS);
  }

  networksChanged(): void {
    this.#session.networksChanged();
    this.#schedule(0);
  }

  resend(): void {
    this.#session.oweComplete();
    this.#schedule(0);
  }

  send(message: ManagerMessage): void {
    this.#options.stream.send(message);
  }

  /**
   * Resolves once the agent takes what it is sent: so the answers that wait are
   * bounded by who waits for them.
   */
  async answer(message: ManagerMessage): Promise<void> {
    this.send(message);
    await this.#options.stream.drained();
  }

  /**
   * Not at all where the agent has enough to read: that tells it as much.
   * @param heartbeatPeriodMs to keep to from now on; absent: as it was told before
   */
  answerHeartbeat(heartbeatPeriodMs?: number): "answered" | "silent" {
    if (this.#options.stream.backlog > BACKLOG_SMALL) return "silent";
    const period = heartbeatPeriodMs === undefined ? {} : { heartbeatPeriodMs };
    this.send({ kind: "heartbeat-received", ...period });
    return "answered";
  }

  #schedule(delayMs: number): void {
    if (this.#sending !== "idle" || !this.#session.owes) return;
    this.#sending = "scheduled";
    this.#options.clock.after(delayMs, () => {
      void this.#options.stream.drained().then(() => {
        this.#sendOwed();
      });
    });
  }

  #sendOwed(): void {
    this.#sending = "idle";
    if (this.#over.signal.aborted || this.#options.stream.ended.aborted) return;
    const { view, fence, networks } = this.#options.present();
    const set = this.#session.next(view, fence, networks);
    if (set === undefined) return;
    const lost = this.#returns === "as-down" || this.#options.counts() === "as-down";
    this.#returns = "as-here";
    const stopWithinMs = STOP_SURPLUS_WITHIN_MS;
    this.send({ kind: "assignments", set: lost ? { ...set, stopWithinMs } : set });
  }
}
