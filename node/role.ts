/**
 * Makes of this host what the managers say that it is to be: a manager, or a worker only. Tries
 * until it is that; what is said meanwhile counts at once.
 */
import type { NodeRole } from "../shared/model/node.js";
import type { Clock } from "../shared/ports/clock.js";
import type { Logger } from "../shared/ports/logger.js";

export interface RoleKeeperOptions {
  /** What this host is at the moment. */
  readonly present: () => NodeRole;
  /** What its certificate says that it is. */
  readonly certified: () => NodeRole;
  /** Gets a certificate with the role that the managers give it by now. */
  readonly renew: () => Promise<void>;
  readonly promote: () => Promise<void>;
  readonly demote: () => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A manager that was asked may be behind, or none may lead at the moment. */
const TRY_AGAIN_MS = 500;

export class RoleKeeper {
  readonly #options: RoleKeeperOptions;
  #wanted: NodeRole | undefined;
  #news: () => void = () => undefined;

  constructor(options: RoleKeeperOptions) {
    this.#options = options;
  }

  wanted(role: NodeRole): void {
    this.#wanted = role;
    this.#news();
  }

  /** Until aborted; resolves when nothing of it is under way. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    signal.addEventListener("abort", () => this.#news());
    while (!signal.aborted) {
      const role = this.#wanted;
      if (role === undefined || this.#is(role)) {
        await this.#untilNews(signal);
        continue;
      }
      try {
        await this.#become(role);
        logger.info({ role }, "this host has another role from now on");
      } catch (error) {
        logger.warn({ role, error }, "this host cannot take its role yet; trying again");
        await clock.sleep(TRY_AGAIN_MS, signal).catch(() => undefined);
      }
    }
  }

  #untilNews(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#news = resolve;
      if (signal.aborted) resolve();
    });
  }

  #is(role: NodeRole): boolean {
    return this.#options.present() === role && this.#options.certified() === role;
  }

  async #become(role: NodeRole): Promise<void> {
    const { certified, demote, present, promote, renew } = this.#options;
    if (role === "worker") {
      if (present() === "manager") await demote();
      if (certified() === "manager") await renew();
      return;
    }
    if (certified() === "worker") await renew();
    if (certified() === "manager" && present() === "worker") await promote();
  }
}
