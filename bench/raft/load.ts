/** A load in a closed loop: so many callers, each with one request at a time. */
import type { LoadLatencies, LoadOrder } from "./member-messages.js";

/** @param request one request, to its answer. */
export async function runLoad(
  { inFlight, warmUpMs, durationMs }: Pick<LoadOrder, "inFlight" | "warmUpMs" | "durationMs">,
  request: () => Promise<unknown>,
): Promise<LoadLatencies> {
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
  return figuresOf(latenciesMs, durationMs);
}

function figuresOf(latenciesMs: readonly number[], durationMs: number): LoadLatencies {
  const sorted = Float64Array.from(latenciesMs).sort();
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return { perSecond: (sorted.length / durationMs) * 1_000, p50Ms: at(0.5), p99Ms: at(0.99) };
}
