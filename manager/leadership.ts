/**
 * Leader-only loops. The orchestrator, the scheduler and the dispatcher act only while this manager
 * leads; they start afresh with each term that it wins, and have all ended before the next term may
 * begin, so that a deposed leader's loop acts no more.
 */
import type { Logger } from "../shared/ports/logger.js";
import type { Leadership } from "./raft/replicated-log.js";

export interface LeaderLoop {
  readonly name: string;
  /** Runs until aborted; resolves when nothing of it is active any more. */
  run(options: { readonly signal: AbortSignal }): Promise<void>;
}

export class LeaderLoops {
  readonly #loops: () => readonly LeaderLoop[];
  readonly #logger: Logger;
  readonly #onFailed: (error: unknown) => void;
  #lostLead: AbortController | undefined;
  /** The present term's loops, or the last one's until they have ended. */
  #running: Promise<void> = Promise.resolve();

  /**
   * @param options.loops makes the loops anew for each term: nothing is
   *   remembered from an earlier one.
   * @param options.onFailed a loop ended by itself, which is a bug of ours: the process should end.
   */
  constructor(options: {
    readonly loops: () => readonly LeaderLoop[];
    readonly logger: Logger;
    readonly onFailed: (error: unknown) => void;
  }) {
    this.#loops = options.loops;
    this.#logger = options.logger;
    this.#onFailed = options.onFailed;
  }

  leadershipChanged(leadership: Leadership): void {
    this.#lostLead?.abort(
      new Error(`the lead of an earlier term ended in term ${leadership.term}`),
    );
    this.#lostLead = undefined;
    if (leadership.kind === "follower") return;
    const lostLead = new AbortController();
    this.#lostLead = lostLead;
    this.#running = this.#running
      .then(() => this.#runTerm(leadership.term, lostLead.signal))
      .catch((error: unknown) => {
        this.#onFailed(error);
      });
  }

  /** Ends the loops and resolves once nothing of them is active. */
  async close(): Promise<void> {
    this.#lostLead?.abort(new Error("the manager is stopping"));
    this.#lostLead = undefined;
    await this.#running;
  }

  async #runTerm(term: number, lostLead: AbortSignal): Promise<void> {
    if (lostLead.aborted) return;
    this.#logger.info({ term }, "leading: starting the leader's loops");
    await runWhileLeader(this.#loops(), lostLead);
    this.#logger.info({ term }, "no longer leading: the leader's loops have ended");
  }
}

/** One loop that fails ends them all; the first failure is thrown once every loop has ended. */
async function runWhileLeader(loops: readonly LeaderLoop[], lostLead: AbortSignal): Promise<void> {
  const failed = new AbortController();
  const signal = AbortSignal.any([lostLead, failed.signal]);
  const ends = await Promise.allSettled(
    loops.map(async (loop) => {
      try {
        await loop.run({ signal });
      } catch (cause) {
        if (lostLead.aborted) return;
        failed.abort(cause);
        throw new Error(`the ${loop.name} failed`, { cause });
      }
    }),
  );
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}
