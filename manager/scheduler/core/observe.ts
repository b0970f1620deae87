/** How the scheduler's state follows the store: all of it at the beginning, then command by command. */
import type { StoreEvent } from "../../store/core/change.js";
import type { StoreView } from "../../store/core/view.js";
import type { ClusterState } from "./cluster-state.js";

export function observeEverything(state: ClusterState, view: StoreView): void {
  const cluster = view.cluster();
  if (cluster !== undefined) state.observe({ type: "cluster", after: cluster });
  for (const after of view.nodes()) state.observe({ type: "node", after });
  for (const id of view.servicesWithTasks()) {
    for (const after of view.revisions(id)) state.observe({ type: "revision", after });
  }
  state.observeTasks(view.tasks());
}

/** @param events of one command */
export function observeCommand(state: ClusterState, events: readonly StoreEvent[]): void {
  // Revisions go with their last task: tasks first, so that what they held is still known.
  for (const event of events) if (event.type === "revision" && event.after) state.observe(event);
  for (const event of events) {
    if (event.type === "node" || event.type === "task" || event.type === "cluster") {
      state.observe(event);
    }
  }
  for (const event of events) if (event.type === "revision" && !event.after) state.observe(event);
}
