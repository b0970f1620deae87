/**
 * What the agent has been told to run, and how a message changes it. Messages with a lower fence
 * are refused whole; a missed increment shows as a gap and calls for a complete set.
 */
import type { AssignmentSet, TaskTemplate } from "../../../shared/model/assignment.js";
import { compareFences, type Fence, LOWEST_FENCE } from "../../../shared/model/fence.js";
import type { ServiceId, TaskId } from "../../../shared/model/ids.js";
import type { Task } from "../../../shared/model/task.js";

export interface Assignment {
  readonly task: Task;
  /**
   * Absent where even a complete set came without it: such a task can be stopped, but not begun.
   */
  readonly template: TaskTemplate | undefined;
}

export interface Assignments {
  /** The highest fence that was ever seen. */
  readonly fence: Fence;
  /** Of the last set applied in this session; 0 before its complete set. */
  readonly sequence: number;
  readonly tasks: ReadonlyMap<TaskId, Assignment>;
  /** By `templateKey`; those that this session has carried, for it carries each once. */
  readonly templates: ReadonlyMap<string, TaskTemplate>;
}

export const NO_ASSIGNMENTS: Assignments = {
  fence: LOWEST_FENCE,
  sequence: 0,
  tasks: new Map(),
  templates: new Map(),
};

export type AppliedSet =
  | {
      readonly kind: "applied";
      readonly assignments: Assignments;
      /** Tasks that are new or wanted otherwise than before. */
      readonly changed: readonly TaskId[];
      readonly removed: readonly TaskId[];
    }
  /** Sent by a manager that knows less than one heard before. */
  | { readonly kind: "outdated"; readonly fence: Fence }
  /** Something was missed: only a complete set can help. */
  | { readonly kind: "gap"; readonly reason: string };

/**
 * Kept of the templates that no task here runs: a service scaled to zero and back is not sent its
 * template again. Past this a dropped one is fetched with a complete set.
 */
export const SPARE_TEMPLATES_KEPT = 1000;

export function templateKey(serviceId: ServiceId, revision: number): string {
  return `${serviceId}/${revision}`;
}

/** A new session numbers its sets anew and carries its templates anew. */
export function beginSession(known: Assignments): Assignments {
  return { ...known, sequence: 0 };
}

/**
 * Notes the fence of a message that carries nothing else.
 * @returns undefined where it is outdated.
 */
export function raiseFence(known: Assignments, fence: Fence): Assignments | undefined {
  const order = compareFences(fence, known.fence);
  if (order < 0) return undefined;
  return order === 0 ? known : { ...known, fence };
}

export function applyAssignments(known: Assignments, set: AssignmentSet): AppliedSet {
  const raised = raiseFence(known, set.fence);
  if (raised === undefined) return { kind: "outdated", fence: known.fence };
  const missed = set.kind === "incremental" ? missedBefore(known, set) : undefined;
  if (missed !== undefined) return { kind: "gap", reason: missed };

  const templates = withTemplates(known.templates, set.templates);
  const tasks = new Map(set.kind === "complete" ? [] : known.tasks);
  for (const task of set.tasks) {
    const key = templateKey(task.serviceId, task.revision);
    const template = templates.get(key) ?? known.tasks.get(task.id)?.template;
    if (template === undefined && set.kind === "incremental") {
      return { kind: "gap", reason: `task ${task.id} came without its template ${key}` };
    }
    tasks.set(task.id, { task, template });
  }
  for (const taskId of set.removed) tasks.delete(taskId);

  return {
    kind: "applied",
    assignments: {
      fence: raised.fence,
      sequence: set.sequence,
      tasks,
      templates: withoutSpares(templates, tasks),
    },
    changed: set.tasks.map((task) => task.id).filter((taskId) => tasks.has(taskId)),
    removed: [...known.tasks.keys()].filter((taskId) => !tasks.has(taskId)),
  };
}

function missedBefore(known: Assignments, set: AssignmentSet): string | undefined {
  if (known.sequence === 0) return "an increment came before the complete set";
  const expected = known.sequence + 1;
  if (set.sequence === expected) return undefined;
  return `increment ${set.sequence} came where ${expected} was due`;
}

function withTemplates(
  known: ReadonlyMap<string, TaskTemplate>,
  added: readonly TaskTemplate[],
): Map<string, TaskTemplate> {
  const templates = new Map(known);
  for (const template of added) {
    const key = templateKey(template.serviceId, template.revision);
    // Deleted first, so that the order is that of the last sending.
    templates.delete(key);
    templates.set(key, template);
  }
  return templates;
}

function withoutSpares(
  templates: ReadonlyMap<string, TaskTemplate>,
  tasks: ReadonlyMap<TaskId, Assignment>,
): ReadonlyMap<string, TaskTemplate> {
  const used = new Set<string>();
  for (const { task } of tasks.values()) used.add(templateKey(task.serviceId, task.revision));
  const spare = [...templates.keys()].filter((key) => !used.has(key));
  const dropped = new Set(spare.slice(0, Math.max(0, spare.length - SPARE_TEMPLATES_KEPT)));
  if (dropped.size === 0) return templates;
  return new Map([...templates].filter(([key]) => !dropped.has(key)));
}
