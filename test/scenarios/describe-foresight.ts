/** What is foreseen, in the very words of the command line: through the API's shapes. */
import { planPage } from "../../cli/output/foresight-page.js";
import { thinkThrough } from "../../manager/api/core/think-through.js";
import { NO_KNOWLEDGE } from "../../manager/explain/core/knowledge.js";
import type { Change } from "../../manager/store/core/change.js";
import type { World } from "./world.js";

export function describePlan(world: World, change: Change): string {
  const plan = thinkThrough({
    imagine: () => world.store.imagine(),
    time: { nowMs: world.clock.nowMs(), atMs: world.clock.wallMs() },
    change: () => change,
    known: NO_KNOWLEDGE,
  });
  return inOneBlock(planPage({ ...plan, Warnings: [] }));
}

/** An empty line ends what a command printed. */
function inOneBlock(text: string): string {
  return text.replace(/\n\n+/g, "\n").trimEnd();
}
