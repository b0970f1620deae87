/**
 * The world as a transcript shows it, in the manner of `service ps`: a line per task,
 * its slot's past below it.
 *
 *     web.1      n2  running
 *      \_ web.1  n1  failed: task: non-zero exit (1)
 */
import { historyPage } from "../../cli/output/history-page.js";
import { showHistory } from "../../manager/api/core/show-history.js";
import { backOffOf } from "../../manager/orchestrator/core/cluster-rules.js";
import { backOffWords } from "../../manager/orchestrator/core/restart.js";
import { groupBySlot, type Slot } from "../../manager/orchestrator/core/slot.js";
import type { Task } from "../../shared/model/task.js";
import { isTerminal } from "../../shared/model/task-state.js";
import { genericEnvironment } from "../../worker/engine/core/generic-environment.js";
import type { World } from "./world.js";

/** `paused: … due to failure or early termination of task web.1` */
export function describeUpdate(world: World, name: string): string {
  const { update } = world.service(name);
  if (update === undefined) return "(no update)";
  const words = update.message.replace(/[a-z0-9]{25}/, (id) => world.placeOf(id));
  return `${update.state}: ${words}`;
}

/** As `skep service history` shows it. */
export function describeHistory(world: World, name: string): string {
  return historyPage(showHistory(world.view, world.service(name)), world.clock.wallMs()).trimEnd();
}

/** `completed: 2 tasks moved` */
export function describeRebalance(world: World, name: string): string {
  const { rebalance } = world.service(name);
  return rebalance === undefined ? "(no rebalance)" : `${rebalance.state}: ${rebalance.message}`;
}

type Row = readonly string[];

/** @param places services and slots to show, `web` or `web.1`; none: everything */
export function describeWorld(world: World, places: readonly string[] = []): string {
  const ids = world.view.servicesWithTasks();
  const named = ids.map((id) => ({ id, name: world.names.get(id) ?? id }));
  const rows = named
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(({ id, name }) =>
      groupBySlot(world.view.tasksOfService(id))
        .map((slot) => ({ slot, place: `${name}.${slot.key}` }))
        .filter(({ place }) => isShown(name, place, places))
        .flatMap(({ slot, place }) => rowsOf(slot, place, world)),
    );
  return rows.length === 0 ? "(no tasks)" : inColumns(rows);
}

function isShown(name: string, place: string, places: readonly string[]): boolean {
  return places.length === 0 || places.includes(name) || places.includes(place);
}

function rowsOf(slot: Slot, place: string, world: World): Row[] {
  const others = [...slot.past, ...slot.leaving].reverse();
  return [
    ...slot.wanted.toReversed().map((task) => rowOf(task, place, world)),
    ...others.map((task, i) => {
      const heads = slot.wanted.length === 0 && i === 0;
      return rowOf(task, heads ? place : ` \\_ ${place}`, world);
    }),
  ];
}

function rowOf(task: Task, name: string, world: World): Row {
  const template = world.view.revision(task.serviceId, task.revision)?.template;
  const backOff = backOffWords(task, template?.RestartPolicy ?? {}, backOffOf(world.view));
  const image = template?.ContainerSpec?.Image ?? "";
  const state = backOff === undefined ? stateOf(task) : `${task.status.state}, ${backOff}`;
  return [
    name,
    task.nodeId ?? "-",
    genericEnvironment(task.generics ?? []).join(" "),
    image,
    state,
  ];
}

function stateOf(task: Task): string {
  const { state, error } = task.status;
  const why = error === undefined || error === "" ? "" : `: ${error}`;
  return `${state}${wishOf(task)}${why}`;
}

/** What the cluster wants of the task, where that is not what it does already. */
function wishOf({ desired, status: { state } }: Task): string {
  if (isTerminal(state)) return "";
  switch (desired) {
    case "ready":
      return ", waits";
    case "shutdown":
      return ", stops";
    case "remove":
      return ", leaves";
    case "running":
    case "complete":
      return "";
  }
}

/** Columns in which nothing stands are left out. */
function inColumns(rows: readonly Row[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows
    .map((row) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)))
    .map((cells) =>
      cells
        .filter((_, i) => widths[i] !== 0)
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
