/** What the placeholders in a spec stand for, for one task on this node. */
import type { Platform } from "../../shared/docker-api/platform.js";
import type { PlaceholderValues } from "./core/placeholders.js";
import type { EngineIdentity, TaskRun } from "./engine.js";
import { taskName } from "./task-name.js";

export function placeholderValues(
  run: TaskRun,
  identity: EngineIdentity,
  platform: Platform,
): PlaceholderValues {
  const { template, taskId, slot } = run;
  const slotOrNode = slot === 0 ? identity.nodeId : slot;
  return {
    Service: {
      ID: run.serviceId,
      Name: template.serviceName,
      Labels: template.serviceLabels,
    },
    Node: {
      ID: identity.nodeId,
      Hostname: identity.hostname,
      Platform: { OS: platform.OS ?? "", Architecture: platform.Architecture ?? "" },
    },
    Task: {
      ID: taskId,
      Name: taskName(template.serviceName, slotOrNode, taskId),
      Slot: String(slotOrNode),
    },
  };
}
