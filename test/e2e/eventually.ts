/**
 * Waits for what other processes bring about: looks again and again until it
 * holds, never for a fixed time.
 */
import { setTimeout as sleep } from "node:timers/promises";

/** Short beside anything that is waited for, and cheap. */
const LOOK_EVERY_MS = 25;
/** Only a failing test waits that long: the machine may be very busy. */
export const PATIENCE_MS = 60_000;

/**
 * @param what for the message of the failure
 * @param look undefined where it does not hold yet; a throw is that, too, and is told at the end
 */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined>,
  withinMs = PATIENCE_MS,
): Promise<T> {
  const untilMs = performance.now() + withinMs;
  let failure: unknown;
  do {
    try {
      const seen = await look();
      if (seen !== undefined) return seen;
      failure = undefined;
    } catch (cause) {
      failure = cause;
    }
    await sleep(LOOK_EVERY_MS);
  } while (performance.now() < untilMs);
  throw new Error(`not within ${withinMs} ms: ${what}`, { cause: failure });
}

/** As `eventually`, for an assertion that comes to hold; its own failure is the test's. */
export async function settles(assertion: () => Promise<void>): Promise<void> {
  const untilMs = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      await assertion();
      return;
    } catch (failure) {
      if (performance.now() >= untilMs) throw failure;
    }
    await sleep(LOOK_EVERY_MS);
  }
}
