/** A load in a closed loop: so many callers, each with one request at a time. */
import type { LoadLatencies, LoadOrder } from "./member-messages.js";

type Load = Pick<LoadOrder, "inFlight" | "warmUpMs" | "durationMs">;

/** @param request one request, to its answer. */
export async function runLoad(
  order: Load,
  request: () => Promise<unknown>,
): Promise<LoadLatencies> {
  return summary(await latenciesOfLoad(order, request), order.durationMs);
}

/** Of the requests that were answered after the warm-up, in no order. */
export async function latenciesOfLoad(
  { inFlight, warmUpMs, durationMs }: Load,
  request: () => Promise<unknown>,
): Promise<number[]> {
  const latenciesMs: number[] = [];
  const beginMs = performance.now() + warmUpMs;
  const endMs = beginMs + durationMs;
  const caller = async (): Promise<void> => {
    for (;;) {
      const startMs = performance.now();
      if (startMs >= endMs) return;
      await request();
      const nowMs = performance.now();
      if (nowMs >= beginMs && nowMs < endMs) latenciesMs.push(nowMs - startMs);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
  return latenciesMs;
}

export function summary(latenciesMs: readonly number[], durationMs: number): LoadLatencies {
  const sorted = Float64Array.from(latenciesMs).sort();
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return { perSecond: (sorted.length / durationMs) * 1_000, p50Ms: at(0.5), p99Ms: at(0.99) };
}
