/** What a command did, in a line of the story of a run. */
import type { StoreEvent } from "../../../manager/store/core/change.js";
import { placeOf } from "./ground.js";

/** @returns undefined for what nobody would ask about */
export function describeEvent(event: StoreEvent): string | undefined {
  switch (event.type) {
    case "task": {
      const { before, after } = event;
      const task = after ?? before;
      if (task === undefined) return undefined;
      const name = `${placeOf(task)} r${task.revision} ${task.id}`;
      if (after === undefined) return `${name} is forgotten`;
      const { desired, status, nodeId } = after;
      const error = status.error === undefined ? "" : ` (${status.error})`;
      const state = `${desired}/${status.state} on ${nodeId ?? "none"}${error}`;
      return before === undefined ? `${name} is made: ${state}` : `${name} ${state}`;
    }
    case "node": {
      const node = event.after ?? event.before;
      if (node === undefined) return undefined;
      if (event.after === undefined) return `${node.id} is removed`;
      const { status, spec, description } = node;
      const cpus = (description?.Resources?.NanoCPUs ?? 0) / 1e9;
      const labels = JSON.stringify(spec.Labels);
      return `${node.id} ${status.state} ${spec.Availability ?? ""} ${cpus} CPU ${labels} ${status.message}`;
    }
    case "service": {
      const { before, after } = event;
      if (after === undefined) return `service ${before?.id ?? ""} is removed`;
      const { Mode: mode, UpdateConfig: update, RollbackConfig: rollback } = after.frame;
      const changed = before === undefined || before.version !== after.version;
      const frame = changed ? ` ${JSON.stringify({ mode, update, rollback })}` : "";
      const progress =
        after.update === undefined ? "" : ` ${after.update.state}: ${after.update.message}`;
      return `service ${after.id} r${after.revision}${progress}${frame}`;
    }
    case "revision": {
      const { before, after } = event;
      if (before !== undefined || after === undefined) return undefined;
      return `revision ${after.number} of ${after.serviceId}: ${JSON.stringify(after.template)}`;
    }
    default:
      return undefined;
  }
}
