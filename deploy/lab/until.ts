/** Waits for what other processes bring about: looks again and again until it is there. */
import type { Clock } from "../../shared/ports/clock.js";
import { LabError } from "./lab-error.js";

const LOOK_EVERY_MS = 20;

export interface Patience {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly limitMs: number;
}

/**
 * @param awaited for the message: "waited 30 s for …"
 * @param look undefined where it is not there yet
 * @throws LabError it did not come in time; the signal's reason
 */
export async function until<T>(
  awaited: string,
  { clock, signal, limitMs }: Patience,
  look: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  const deadlineMs = clock.nowMs() + limitMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (clock.nowMs() >= deadlineMs) {
      throw new LabError(`waited ${limitMs / 1000} s for ${awaited}`);
    }
    await clock.sleep(LOOK_EVERY_MS, signal);
  }
}
