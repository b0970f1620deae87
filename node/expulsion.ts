/**
 * The way out of a cluster that removed this node: its tasks are nobody's any more, so they are
 * stopped, and the membership is forgotten. Goes on until that is done, for an engine that is away
 * comes back; after a restart the managers tell it again.
 */
import type { Clock } from "../shared/ports/clock.js";
import type { Logger } from "../shared/ports/logger.js";
import { EngineUnavailableError } from "../worker/engine/engine-errors.js";
import { writeFormerMember } from "./former-member.js";
import type { Member } from "./member.js";

/** An engine that is away is asked again after this time: it is local. */
const ENGINE_RETRY_MS = 1_000;

export interface ExpulsionOptions {
  readonly member: Member;
  readonly dataDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onDone: () => void;
  readonly onFatal: (error: unknown) => void;
}

export class Expulsion {
  readonly #options: ExpulsionOptions;
  readonly #over = new AbortController();
  readonly #ended: Promise<void>;

  constructor(options: ExpulsionOptions) {
    this.#options = options;
    this.#ended = this.#run(this.#over.signal).then(options.onDone, (error: unknown) => {
      if (!this.#over.signal.aborted) options.onFatal(error);
    });
  }

  /** Resolves once nothing of it is under way. */
  async stop(): Promise<void> {
    this.#over.abort(new Error("told to stop"));
    await this.#ended;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, dataDir, logger, member } = this.#options;
    const { nodeId } = member.identity.node;
    logger.warn({ nodeId }, "this node was removed from its cluster: its tasks are stopped");
    await writeFormerMember(dataDir, { nodeId }); // first: with it alone, the host is out
    for (;;) {
      try {
        await member.leave({ manner: "removed", signal });
        break;
      } catch (error) {
        if (!(error instanceof EngineUnavailableError)) throw error;
        logger.warn({ reason: error.message }, "the engine does not answer; trying again");
        await clock.sleep(ENGINE_RETRY_MS, signal);
      }
    }
    logger.warn({ nodeId }, "this host has left the cluster that removed it");
  }
}
