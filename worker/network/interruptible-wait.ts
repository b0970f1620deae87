/** Waits for something to happen, for a time at most, and not longer than it is wanted. */
import type { Clock } from "../../shared/ports/clock.js";

/** @param listen to whatever ends the wait; returns what ends the listening. */
export function until(
  clock: Clock,
  limitMs: number,
  signal: AbortSignal,
  listen: (wake: () => void) => () => unknown,
): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const wake = (): void => {
      timer.cancel();
      signal.removeEventListener("abort", wake);
      unlisten();
      resolve();
    };
    const timer = clock.after(Math.max(0, limitMs), wake);
    signal.addEventListener("abort", wake, { once: true });
    const unlisten = listen(wake);
  });
}
