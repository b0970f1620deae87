/** Amounts of CPU, memory and processes: what a node has, and what a task reserves of it. */
import type { TaskSpec } from "../docker-api/task-spec.js";
import type { Node } from "./node.js";
import { isPlaced, type Task } from "./task.js";
import { isTerminal } from "./task-state.js";

export interface Resources {
  readonly nanoCpus: number;
  readonly memoryBytes: number;
  /**
   * Processes and threads: what a task may have at most is held ready for it, as
   * nobody can reserve them.
   */
  readonly pids: number;
}

export const NO_RESOURCES: Resources = { nanoCpus: 0, memoryBytes: 0, pids: 0 };

export function nodeCapacity(node: Node): Resources {
  const resources = node.description?.Resources;
  return {
    nanoCpus: resources?.NanoCPUs ?? 0,
    memoryBytes: resources?.MemoryBytes ?? 0,
    // A host that does not tell has no bound that we could know.
    pids: resources?.Pids ?? Number.MAX_SAFE_INTEGER,
  };
}

export function reservationOf(template: TaskSpec): Resources {
  const reserved = template.Resources?.Reservations;
  return {
    nanoCpus: reserved?.NanoCPUs ?? 0,
    memoryBytes: reserved?.MemoryBytes ?? 0,
    pids: template.Resources?.Limits?.Pids ?? 0,
  };
}

export function addResources(a: Resources, b: Resources): Resources {
  return {
    nanoCpus: a.nanoCpus + b.nanoCpus,
    memoryBytes: a.memoryBytes + b.memoryBytes,
    pids: a.pids + b.pids,
  };
}

export function subtractResources(a: Resources, b: Resources): Resources {
  return {
    nanoCpus: a.nanoCpus - b.nanoCpus,
    memoryBytes: a.memoryBytes - b.memoryBytes,
    pids: a.pids - b.pids,
  };
}

export function fits(wanted: Resources, available: Resources): boolean {
  return (
    wanted.nanoCpus <= available.nanoCpus &&
    wanted.memoryBytes <= available.memoryBytes &&
    wanted.pids <= available.pids
  );
}

/**
 * A task holds what it reserves from its assignment until an agent has seen it end: a host
 * behind a cut may run it still.
 */
export function holdsResources(task: Task): boolean {
  return isPlaced(task) && !isTerminal(task.status.state);
}
