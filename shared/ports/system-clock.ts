/** The real clock: the kernel's monotonic time for decisions, the wall's for what is shown. */
import { setTimeout as delay } from "node:timers/promises";

import type { Clock } from "./clock.js";

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  async sleep(delayMs, signal) {
    signal.throwIfAborted();
    try {
      await delay(delayMs, undefined, { signal });
    } catch (cause) {
      // Node rejects with its own AbortError; callers were promised the signal's reason.
      signal.throwIfAborted();
      throw cause;
    }
  },
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return {
      cancel: () => {
        clearTimeout(timer);
      },
    };
  },
};
