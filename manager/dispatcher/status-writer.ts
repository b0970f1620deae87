/**
 * Writes what agents report of their tasks: everything that came within 50 ms, from all agents, as
 * one proposal. A report that no longer fits is dropped by itself and sinks no other.
 */
import { ClusterError, type ErrorCode, NoLeaderError } from "../../shared/errors/cluster-error.js";
import type { NodeId } from "../../shared/model/ids.js";
import type { Clock } from "../../shared/ports/clock.js";
import type { Logger } from "../../shared/ports/logger.js";
import type { TaskStatusUpdate } from "../../shared/rpc/dispatcher-messages.js";
import type { StoreReader, StoreWriter } from "../store/store-access.js";
import {
  bounded,
  judgeReport,
  type ReportedStatus,
  WaitingReports,
} from "./core/reported-status.js";

/** One proposal per this long, however many agents report. */
export const WRITE_PERIOD_MS = 50;
/** What belongs together arrives together: the first report waits this long for others. */
const GATHER_MS = 2;
/** Reports per proposal: the store takes 1,000 changes in one command. */
const REPORTS_PER_PROPOSAL = 500;

const TRY_AGAIN: readonly ErrorCode[] = ["try-again", "proposal-dropped", "no-leader"];

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export interface StatusWriterOptions {
  readonly store: StoreReader & StoreWriter;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class StatusWriter {
  readonly #store: StoreReader & StoreWriter;
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** At most one per task of the store: others are refused at the door. */
  readonly #reports = new WaitingReports();
  #waiters: Waiter[] = [];
  #wake: () => void = () => undefined;
  #ended = false;

  constructor(options: StatusWriterOptions) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#logger = options.logger;
  }

  /**
   * Resolves once all of these are committed, or known to be outdated.
   * @throws NoLeaderError the term has ended.
   */
  add(nodeId: NodeId, updates: readonly TaskStatusUpdate[]): Promise<void> {
    if (this.#ended) return Promise.reject(termEnded());
    for (const { taskId, status } of updates) this.#admit({ nodeId, taskId, status });
    if (this.#reports.size === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      this.#wake();
    });
  }

  /** Until aborted; who waits then is told that the term has ended. */
  async run({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const wake = (): void => {
      this.#wake();
    };
    signal.addEventListener("abort", wake);
    try {
      for (;;) {
        await this.#untilReports(signal);
        await this.#pause(GATHER_MS, signal);
        if (signal.aborted) break;
        await this.#writeAll();
        await this.#pause(WRITE_PERIOD_MS - GATHER_MS, signal);
      }
    } finally {
      signal.removeEventListener("abort", wake);
      this.#ended = true;
      for (const { reject } of this.#waiters.splice(0)) reject(termEnded());
    }
  }

  #admit(report: ReportedStatus): void {
    const verdict = judgeReport(report, this.#store.committed.task(report.taskId));
    if (verdict === "store") this.#reports.add(bounded(report));
    else if (verdict === "foreign") {
      const { nodeId, taskId, status } = report;
      this.#logger.warn(
        { nodeId, taskId, state: status.state },
        "a status that is not this node's to report was refused",
      );
    }
  }

  #untilReports(signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#reports.size > 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = () => undefined;
        resolve();
      };
    });
  }

  async #pause(delayMs: number, signal: AbortSignal): Promise<void> {
    // Aborted: the loop's condition ends it.
    await this.#clock.sleep(delayMs, signal).catch(() => undefined);
  }

  async #writeAll(): Promise<void> {
    const waiters = this.#waiters.splice(0);
    const lots = this.#reports.takeAll(REPORTS_PER_PROPOSAL);
    const kept = await Promise.all(lots.map((lot) => this.#write(lot)));
    const left = kept.flat();
    if (left.length === 0) {
      for (const { resolve } of waiters) resolve();
      return;
    }
    this.#reports.putBack(left);
    this.#waiters.unshift(...waiters);
  }

  /** @returns the reports to try again. */
  async #write(lot: readonly ReportedStatus[]): Promise<readonly ReportedStatus[]> {
    try {
      await this.#store.update((tx) => {
        for (const report of lot) {
          const { taskId, status } = report;
          if (judgeReport(report, tx.view.task(taskId)) !== "store") continue;
          tx.apply({ kind: "observe-task", taskId, status });
        }
      });
      return [];
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      if (TRY_AGAIN.includes(error.code)) return lot;
      if (lot.length > 1) return await this.#writeHalves(lot);
      this.#logger.warn(
        { report: lot[0], reason: error.message },
        "a task's status cannot be stored and is dropped",
      );
      return [];
    }
  }

  /** Finds the one that does not fit: the others must not wait for it. */
  async #writeHalves(lot: readonly ReportedStatus[]): Promise<readonly ReportedStatus[]> {
    const middle = Math.ceil(lot.length / 2);
    const halves = [lot.slice(0, middle), lot.slice(middle)];
    return (await Promise.all(halves.map((half) => this.#write(half)))).flat();
  }
}

function termEnded(): NoLeaderError {
  return new NoLeaderError("this manager no longer leads");
}
