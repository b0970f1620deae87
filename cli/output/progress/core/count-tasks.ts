/**
 * How far the tasks of a service have come, by its mode: the rows to show, and whether that is all.
 */
import type { Service } from "../../../../shared/docker-api/service-spec.js";
import type { Task, TaskState } from "../../../../shared/docker-api/task.js";
import { reasonRows, reasonText, type Row, TASK_ROWS_MAX } from "./rows.js";

export interface Observation {
  readonly service: Service;
  /** Those of the service's present revision. */
  readonly tasks: readonly Task[];
  /** Nodes that are not down. */
  readonly liveNodes: ReadonlySet<string>;
}

export interface Count {
  readonly rows: readonly Row[];
  /** Every task that the service wants runs, or has completed if it is a job. */
  readonly complete: boolean;
  /** What failed of a job that will not complete: no other task follows it. */
  readonly lost?: Task;
}

/**
 * The order in which a task passes through its states; what is not listed is no longer of interest.
 */
const STEPS: readonly TaskState[] = [
  "new",
  "allocated",
  "pending",
  "assigned",
  "accepted",
  "preparing",
  "ready",
  "starting",
  "running",
  "complete",
  "shutdown",
  "failed",
  "rejected",
];
const STATE_WIDTH = "preparing".length;
const RUNNING_STEP = stepOf("running");
const COMPLETE_STEP = stepOf("complete");

export function countTasks(observation: Observation, direction: "forward" | "back"): Count {
  const {
    Replicated: replicated,
    ReplicatedJob: job,
    GlobalJob: globalJob,
  } = observation.service.Spec.Mode ?? {};
  if (replicated !== undefined) {
    return countReplicated(observation, replicated.Replicas ?? 1, direction);
  }
  if (job !== undefined) {
    return countReplicatedJob(observation, job.TotalCompletions ?? 1, job.MaxConcurrent ?? 1);
  }
  return globalJob === undefined
    ? countGlobal(observation, direction)
    : countGlobalJob(observation);
}

function countReplicated(
  observation: Observation,
  replicas: number,
  direction: "forward" | "back",
): Count {
  const slots = [...newestBy((task) => task.Slot ?? 0, onLiveNodes(observation))]
    .toSorted(([a], [b]) => a - b)
    .map(([, task]) => task);
  const running = slots.filter(isRunning).length;
  const shown = replicas > TASK_ROWS_MAX ? [] : slots.filter(isWanted).slice(0, replicas);
  return {
    rows: [
      overall(running, replicas, direction),
      ...numberedRows(shown, replicas),
      ...(replicas > TASK_ROWS_MAX ? reasonRows(reasonsIn(slots)) : []),
    ],
    complete: running === replicas,
  };
}

/** A row for each slot from the start, also for those that have no task yet. */
function numberedRows(tasks: readonly Task[], total: number): Row[] {
  if (total > TASK_ROWS_MAX) return [];
  return Array.from({ length: total }, (_, index) => {
    const task = tasks[index];
    const id = `${index + 1}/${total}`;
    return task === undefined ? { id, text: "" } : taskRow(id, task, RUNNING_STEP);
  });
}

function countGlobal(observation: Observation, direction: "forward" | "back"): Count {
  const byNode = newestBy((task) => task.NodeID ?? "", observation.tasks);
  if (byNode.size === 0) {
    return { rows: [{ id: "overall progress", text: "waiting for new tasks" }], complete: false };
  }
  const tasks = [...byNode.values()].toSorted(byNodeId);
  const running = tasks.filter(
    (task) => isRunning(task) && observation.liveNodes.has(task.NodeID ?? ""),
  ).length;
  return {
    rows: [overall(running, byNode.size, direction), ...nodeRows(tasks, RUNNING_STEP)],
    complete: running === byNode.size,
  };
}

function countReplicatedJob(observation: Observation, total: number, concurrent: number): Count {
  const tasks = ofThisRun(observation);
  const slots = new Map(earliestBy((task) => task.Slot ?? 0, tasks));
  const completed = [...slots.values()].filter(isComplete).length;
  const active = [...slots.values()].filter((task) => stepOf(task.Status.State) < COMPLETE_STEP);
  const numbered = Array.from({ length: total > TASK_ROWS_MAX ? 0 : total }, (_, slot) => {
    const id = `${slot + 1}/${total}`;
    const task = slots.get(slot);
    return task === undefined ? { id, text: "" } : taskRow(id, task, COMPLETE_STEP);
  });
  return {
    rows: [
      jobProgress(completed, total),
      {
        id: "active tasks",
        text: `${active.length} out of ${Math.min(total - completed, concurrent)} tasks`,
      },
      ...numbered,
      ...(total > TASK_ROWS_MAX ? reasonRows(reasonsIn(active)) : []),
    ],
    complete: completed === total,
    ...(completed < total ? lostOf(tasks, total, slots.size) : {}),
  };
}

/** A job is over when a task was in each of its places and none of them is wanted any more. */
function lostOf(run: readonly Task[], places: number, filled: number): Pick<Count, "lost"> {
  const isOver = filled >= places && run.every((task) => isComplete(task) || isPast(task));
  const lost = isOver ? run.find((task) => !isComplete(task)) : undefined;
  return lost === undefined ? {} : { lost };
}

/** It ended, and the orchestrator has decided what follows. */
function isPast({ Status: { State: state }, DesiredState: desired }: Task): boolean {
  return stepOf(state) > COMPLETE_STEP && stepOf(desired) > COMPLETE_STEP;
}

function countGlobalJob(observation: Observation): Count {
  const run = ofThisRun(observation);
  const byNode = earliestBy((task) => task.NodeID ?? "", run);
  if (byNode.size === 0 && observation.liveNodes.size > 0) {
    return { rows: [{ id: "job progress", text: "waiting for tasks" }], complete: false };
  }
  const tasks = [...byNode.values()].toSorted(byNodeId);
  const completed = tasks.filter(isComplete).length;
  return {
    rows: [jobProgress(completed, tasks.length), ...nodeRows(tasks, COMPLETE_STEP)],
    complete: completed === tasks.length,
    ...(completed < tasks.length ? lostOf(run, tasks.length, tasks.length) : {}),
  };
}

function overall(running: number, wanted: number, direction: "forward" | "back"): Row {
  const prefix = direction === "back" ? "rolling back update: " : "";
  return { id: "overall progress", text: `${prefix}${running} out of ${wanted} tasks` };
}

function jobProgress(completed: number, total: number): Row {
  return {
    id: "job progress",
    text: `${String(completed).padStart(String(total).length)} out of ${total} complete`,
    done: { steps: completed, of: total },
  };
}

function nodeRows(tasks: readonly Task[], lastStep: number): Row[] {
  if (tasks.length > TASK_ROWS_MAX) return reasonRows(reasonsIn(tasks));
  return tasks.map((task) => taskRow((task.NodeID ?? "").slice(0, 12), task, lastStep));
}

/** A task that cannot go on says why, in place of its state. */
function taskRow(id: string, task: Task, lastStep: number): Row {
  const { State: state, Err: reason = "" } = task.Status;
  if (reason !== "") return { id, text: reasonText(reason) };
  const done = { steps: stepOf(state), of: lastStep };
  return { id, text: state.padEnd(STATE_WIDTH), done };
}

/**
 * One task for each key: of several, the one that is wanted least far along (a restart's new task),
 * then the one that is least far along itself.
 */
function newestBy<K>(keyOf: (task: Task) => K, tasks: readonly Task[]): Map<K, Task> {
  return chosenBy(
    keyOf,
    tasks,
    (a, b) =>
      stepOf(a.DesiredState) - stepOf(b.DesiredState) ||
      stepOf(a.Status.State) - stepOf(b.Status.State),
  );
}

function earliestBy<K>(keyOf: (task: Task) => K, tasks: readonly Task[]): Map<K, Task> {
  return chosenBy(keyOf, tasks, (a, b) => stepOf(a.Status.State) - stepOf(b.Status.State));
}

function chosenBy<K>(
  keyOf: (task: Task) => K,
  tasks: readonly Task[],
  compare: (a: Task, b: Task) => number,
): Map<K, Task> {
  const chosen = new Map<K, Task>();
  for (const task of tasks) {
    if (stepOf(task.DesiredState) === 0 || stepOf(task.Status.State) === 0) continue;
    const known = chosen.get(keyOf(task));
    if (known === undefined || compare(task, known) < 0) chosen.set(keyOf(task), task);
  }
  return chosen;
}

/** A task on a node that is down may well run there, but does not count. */
function onLiveNodes({ tasks, liveNodes }: Observation): Task[] {
  return tasks.filter(({ NodeID: id = "" }) => id === "" || liveNodes.has(id));
}

/** A job can be run again, and then its old tasks are still there. */
function ofThisRun({ service, tasks }: Observation): Task[] {
  const run = service.JobStatus?.JobIteration.Index ?? 0;
  return tasks.filter(({ JobIteration: iteration }) => (iteration?.Index ?? 0) === run);
}

function reasonsIn(tasks: readonly Task[]): string[] {
  return tasks.map(({ Status: status }) => status.Err ?? "").filter((reason) => reason !== "");
}

function isWanted(task: Task): boolean {
  return stepOf(task.DesiredState) <= RUNNING_STEP;
}

function isRunning(task: Task): boolean {
  return isWanted(task) && task.Status.State === "running";
}

function isComplete(task: Task): boolean {
  return task.Status.State === "complete";
}

function byNodeId(a: Task, b: Task): number {
  return (a.NodeID ?? "") < (b.NodeID ?? "") ? -1 : 1;
}

/** From 1; 0 for a state that is no step. */
function stepOf(state: TaskState): number {
  return STEPS.indexOf(state) + 1;
}
