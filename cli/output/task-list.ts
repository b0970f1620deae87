/**
 * Lists of tasks, as `service ps` and `node ps` show them: the newest of a
 * slot first, its past below.
 */
import type { Task } from "../../shared/docker-api/task.js";
import type { OutputStream } from "../context.js";
import { filter } from "../flags/filter.js";
import type { FlagSet, FlagValues } from "../flags/flag.js";
import { text } from "../flags/flag.js";
import { toggle } from "../flags/numbers.js";
import {
  capitalized,
  compareNaturally,
  ellipsis,
  humanDuration,
  shortId,
  shortImage,
} from "./human.js";
import { type ListView, printList } from "./list-format.js";
import type { Names } from "./names.js";
import { hostPorts } from "./ports.js";

const ERROR_WIDTH = 30;
const PAST_INDENT = " \\_ ";

export const TASK_LIST_FLAGS = {
  filter: filter(),
  format: text("Pretty-print tasks using a Go template"),
  "no-resolve": toggle("Do not map IDs to Names"),
  "no-trunc": toggle("Do not truncate output"),
  quiet: toggle("Only display task IDs", { short: "q" }),
} satisfies FlagSet;

interface TaskRow {
  readonly task: Task;
  readonly name: string;
  readonly nodeName: string;
  /** Whether an earlier task of the same slot stands above. */
  readonly past: boolean;
}

interface TaskListContext {
  readonly stdout: OutputStream;
  readonly names: Names;
  readonly wallMs: number;
}

export async function printTasks(
  { stdout, names, wallMs }: TaskListContext,
  tasks: readonly Task[],
  flags: FlagValues<typeof TASK_LIST_FLAGS>,
): Promise<void> {
  const rows = await Promise.all(
    tasks.map(async (task) => ({
      task,
      name: await taskName(task, names),
      nodeName: await names.node(task.NodeID ?? ""),
    })),
  );
  const sorted = rows.toSorted(
    (a, b) => compareNaturally(a.name, b.name) || newestFirst(a.task, b.task),
  );
  const marked = sorted.map((row, index) => ({
    ...row,
    past: row.name === sorted[index - 1]?.name,
  }));
  const ids = flags.quiet === true ? "only" : "with-columns";
  const isTable = (flags.format ?? "table").startsWith("table");
  const view = taskView({
    wallMs,
    full: flags["no-trunc"] === true || ids === "only",
    indent: isTable ? PAST_INDENT : "",
  });
  await printList(stdout, view, marked, { format: flags.format, ids });
}

/** `web.3`, or with the node's id for a task of a global service. */
async function taskName(task: Task, names: Names): Promise<string> {
  const service = await names.service(task.ServiceID ?? "");
  const slot = task.Slot ?? 0;
  return `${service}.${slot === 0 ? (task.NodeID ?? "") : slot}`;
}

function newestFirst(a: Task, b: Task): number {
  return a.CreatedAt < b.CreatedAt ? 1 : a.CreatedAt > b.CreatedAt ? -1 : 0;
}

interface TaskViewOptions {
  readonly wallMs: number;
  readonly full: boolean;
  readonly indent: string;
}

function taskView({ wallMs, full, indent }: TaskViewOptions): ListView<TaskRow> {
  return {
    fields: {
      ID: { header: "ID", of: ({ task }) => (full ? task.ID : shortId(task.ID)) },
      Name: { header: "NAME", of: ({ name, past }) => (past ? indent + name : name) },
      Image: {
        header: "IMAGE",
        of: ({ task }) => {
          const image = task.Spec.ContainerSpec?.Image ?? "";
          return full ? image : shortImage(image);
        },
      },
      Node: { header: "NODE", of: ({ nodeName }) => nodeName },
      DesiredState: { header: "DESIRED STATE", of: ({ task }) => capitalized(task.DesiredState) },
      CurrentState: {
        header: "CURRENT STATE",
        of: ({ task: { Status: status } }) => {
          const ageMs = wallMs - Date.parse(status.Timestamp);
          return `${capitalized(status.State)} ${humanDuration(ageMs).toLowerCase()} ago`;
        },
      },
      Error: {
        header: "ERROR",
        of: ({ task }) => quotedError(task.Status.Err ?? "", full ? Infinity : ERROR_WIDTH),
      },
      Ports: {
        header: "PORTS",
        of: ({ task }) => hostPorts(task.Status.PortStatus?.Ports ?? []),
      },
    },
    columns: ["ID", "Name", "Image", "Node", "DesiredState", "CurrentState", "Error", "Ports"],
  };
}

function quotedError(error: string, width: number): string {
  if (error === "") return "";
  return `"${ellipsis(error, width)}"`;
}
