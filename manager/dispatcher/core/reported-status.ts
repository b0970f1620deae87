/**
 * Which reports of an agent go into the store: of its own tasks, of what an agent
 * can see, and nothing older.
 */
import type { NodeId, TaskId } from "../../../shared/model/ids.js";
import type { Task, TaskStatus } from "../../../shared/model/task.js";
import { isTerminal, mayFollow, observedRank } from "../../../shared/model/task-state.js";

export interface ReportedStatus {
  readonly nodeId: NodeId;
  readonly taskId: TaskId;
  readonly status: TaskStatus;
}

/**
 * Of a message or an error: what `service ps` can show, with room. An engine's error
 * may be a page of output.
 */
const TEXT_LIMIT_CHARACTERS = 2_000;

export type Verdict =
  | "store"
  /** Older than what is known, or of a task that is gone: normal after a reconnect. */
  | "stale"
  /** Of another node's task, or a state that is not an agent's to report. */
  | "foreign";

export function judgeReport(report: ReportedStatus, task: Task | undefined): Verdict {
  const { state } = report.status;
  const rank = observedRank(state);
  if (rank < observedRank("accepted") || rank > observedRank("rejected")) return "foreign";
  if (task === undefined) return "stale";
  if (task.nodeId !== report.nodeId) return "foreign";
  const current = task.status.state;
  if (state === current) return isTerminal(current) ? "stale" : "store";
  return mayFollow(state, current) ? "store" : "stale";
}

/** With texts of a length that the store can keep for every task. */
export function bounded(report: ReportedStatus): ReportedStatus {
  const { message, error } = report.status;
  if (message.length <= TEXT_LIMIT_CHARACTERS && (error ?? "").length <= TEXT_LIMIT_CHARACTERS) {
    return report;
  }
  const status = {
    ...report.status,
    message: cut(message),
    ...(error !== undefined && { error: cut(error) }),
  };
  return { ...report, status };
}

function cut(text: string): string {
  return text.length <= TEXT_LIMIT_CHARACTERS
    ? text
    : `${text.slice(0, TEXT_LIMIT_CHARACTERS - 1)}…`;
}

/** The reports that wait to be stored: of one task only the latest, however many came. */
export class WaitingReports {
  readonly #byTask = new Map<TaskId, ReportedStatus>();

  get size(): number {
    return this.#byTask.size;
  }

  /** Of two reports the further one stands; of the same state, the later one. An end is final. */
  add(report: ReportedStatus): void {
    const waiting = this.#byTask.get(report.taskId);
    if (waiting !== undefined && isTerminal(waiting.status.state)) return;
    if (waiting !== undefined && isBehind(report.status, waiting.status)) return;
    this.#byTask.set(report.taskId, report);
  }

  /** Puts back what could not be stored, unless something newer waits by now. */
  putBack(reports: readonly ReportedStatus[]): void {
    for (const report of reports) {
      const newer = this.#byTask.get(report.taskId);
      if (newer === undefined || isBehind(newer.status, report.status)) {
        this.#byTask.set(report.taskId, report);
      }
    }
  }

  /** Takes all, oldest first, in lots of at most `most`. */
  takeAll(most: number): ReportedStatus[][] {
    const reports = [...this.#byTask.values()];
    this.#byTask.clear();
    const lots: ReportedStatus[][] = [];
    for (let from = 0; from < reports.length; from += most)
      lots.push(reports.slice(from, from + most));
    return lots;
  }
}

function isBehind(a: TaskStatus, b: TaskStatus): boolean {
  return observedRank(a.state) < observedRank(b.state);
}
