/**
 * Hears from the kernel that somebody may have changed what we keep: a hint to look, never what is
 * true. Changes of our own are told apart where the kernel says who made them; otherwise they cost
 * one look.
 */
import type { Clock } from "../../shared/ports/clock.js";
import type { Kernel } from "./kernel.js";

/** A monitor that ended is started again, after this. */
const RESTART_MS = 1_000;

/** What each prints, and which of its lines concern us. */
const MONITORS: readonly {
  readonly words: readonly [string, ...string[]];
  readonly concerns: (line: string, kernel: Kernel) => boolean;
}[] = [
  {
    words: ["nft", "monitor"],
    concerns: (line, kernel) => {
      const pid = /^# new generation \d+ by process (\d+)/.exec(line)?.[1];
      return pid !== undefined && !kernel.isOwn(Number(pid));
    },
  },
  {
    words: ["ip", "monitor", "link", "address", "neigh"],
    concerns: (line) => /\bskep\d|\bskvx\d/.test(line),
  },
  { words: ["bridge", "monitor", "fdb"], concerns: (line) => /\bskvx\d.* dst /.test(line) },
];

/** Until `signal` aborts. */
export async function watchKernel(
  kernel: Kernel,
  clock: Clock,
  onHint: () => void,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(
    MONITORS.map(async ({ words, concerns }) => {
      while (!signal.aborted) {
        for await (const line of kernel.watch(words, signal)) {
          if (concerns(line, kernel)) onHint();
        }
        // What happened while nobody watched is seen by looking.
        onHint();
        await clock.sleep(RESTART_MS, signal).catch(() => undefined);
      }
    }),
  );
}
