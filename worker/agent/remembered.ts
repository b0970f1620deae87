/**
 * Between what the agent knows and what it writes down: templates once each, and
 * only those that tasks use.
 */
import type { TaskTemplate } from "../../shared/model/assignment.js";
import type { TaskId } from "../../shared/model/ids.js";
import type { Task } from "../../shared/model/task.js";
import type { StoredAssignments } from "./agent-memory.js";
import {
  type Assignment,
  type Assignments,
  NO_ASSIGNMENTS,
  templateKey,
} from "./core/diff-assignments.js";

export function storedForm(
  assignments: Assignments,
  managers: readonly string[],
): StoredAssignments {
  const templates = new Map<string, TaskTemplate>();
  for (const { template } of assignments.tasks.values()) {
    if (template === undefined) continue;
    templates.set(templateKey(template.serviceId, template.revision), template);
  }
  return {
    fence: assignments.fence,
    managers,
    tasks: [...assignments.tasks.values()].map(({ task }) => task),
    templates: [...templates.values()],
  };
}

/** With the lowest fence and no session. */
export function restoreAssignments(
  tasks: readonly Task[],
  templates: readonly TaskTemplate[],
): Assignments {
  const byKey = new Map(
    templates.map((template) => [templateKey(template.serviceId, template.revision), template]),
  );
  const restored = new Map<TaskId, Assignment>();
  for (const task of tasks) {
    const template = byKey.get(templateKey(task.serviceId, task.revision));
    restored.set(task.id, { task, template });
  }
  return { ...NO_ASSIGNMENTS, tasks: restored, templates: byKey };
}
