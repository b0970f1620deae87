/**
 * Loaded into a manager before its own program (`node --import`): tells its parent, when asked, how late its event loop
 * was since it was asked last.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";

export interface LoopDelay {
  readonly p999Ms: number;
  readonly maxMs: number;
  readonly samples: number;
}

/** Between two looks; what the histogram holds is this long too much. */
const RESOLUTION_MS = 5;
const NS_PER_MS = 1e6;

const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
histogram.enable();

function lateMs(intervalNs: number): number {
  return Math.max(0, intervalNs / NS_PER_MS - RESOLUTION_MS);
}

process.on("message", () => {
  const delay: LoopDelay = {
    p999Ms: lateMs(histogram.percentile(99.9)),
    maxMs: lateMs(histogram.max),
    samples: histogram.count,
  };
  histogram.reset();
  process.send?.(delay);
});
