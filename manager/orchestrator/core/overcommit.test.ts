/** What must go from a node that has less than it promised, in the order of its service. */
import { expect, test } from "vitest";

import type { NodeId, TaskId } from "../../../shared/model/ids.js";
import type { DesiredState, ObservedState } from "../../../shared/model/task-state.js";
import { ManualClock } from "../../../shared/ports/manual-clock.js";
import { sampleNode, sampleService, sampleTask } from "../../../test/samples/objects.js";
import { createMemoryStore } from "../../store/memory-store.js";
import { planEvictions } from "./overcommit.js";

interface Successor {
  readonly state: ObservedState;
  readonly error?: string;
}

/** A node with one CPU of the two that its task, start-first, was promised. */
async function evictions(successor?: Successor): Promise<string[]> {
  const { store } = createMemoryStore({ clock: new ManualClock() });
  const { service, revision } = sampleService({
    update: { Order: "start-first" },
    template: { Resources: { Reservations: { NanoCPUs: 2e9 } } },
  });
  const make = (id: string, state: ObservedState, node?: string) =>
    sampleTask({
      id,
      state,
      ...(node !== undefined && { node }),
      desired: "running" as DesiredState,
    });
  await store.update((tx) => {
    tx.apply({ kind: "create-node", node: sampleNode({ id: "small", nanoCpus: 1e9 }) });
    tx.apply({ kind: "create-service", service, revision });
    tx.apply({ kind: "create-task", task: make("old", "running", "small") });
  });
  await store.update((tx) => {
    if (successor === undefined) return;
    const task = make("new", successor.state);
    const status = {
      ...task.status,
      ...(successor.error !== undefined && { error: successor.error }),
    };
    tx.apply({ kind: "create-task", task: { ...task, status } });
  });
  const plan = planEvictions(store.committed, "small" as NodeId, { nowMs: 0, atMs: 0 });
  expect(plan.outcome).toBe("look again");
  return plan.evictions.map(({ action }) => {
    if (action.kind === "replace-task") return `replace ${action.taskId} ${action.order}`;
    return "taskId" in action ? `${action.kind} ${action.taskId satisfies TaskId}` : action.kind;
  });
}

test.each<[string, Successor | undefined, string[]]>([
  ["is replaced start-first", undefined, ["replace old start-first"]],
  ["stays while its successor is looked after", { state: "pending" }, []],
  ["stays while its successor is made", { state: "new" }, []],
  ["goes where its successor has no room", { state: "pending", error: "no" }, ["stop-task old"]],
])("a task beyond capacity %s", async (_, successor, expected) => {
  expect(await evictions(successor)).toEqual(expected);
});
