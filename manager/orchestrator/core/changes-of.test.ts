/** A plan is carried out in several commands: what no longer fits by then must do nothing. */
import { describe, expect, test } from "vitest";

import type { ServiceId, TaskId } from "../../../shared/model/ids.js";
import { ManualClock } from "../../../shared/ports/manual-clock.js";
import {
  sampleNode,
  sampleService,
  sampleTask,
  type TaskSketch,
} from "../../../test/samples/objects.js";
import type { StoreView } from "../../store/core/view.js";
import { createMemoryStore } from "../../store/memory-store.js";
import { type Action, type NewTask, NO_RESTARTS } from "./action.js";
import { changesOf } from "./changes-of.js";

const AT_MS = 1_000;
const t1 = "t1" as TaskId;
const NEW: NewTask = { slot: 1, revision: 1, desired: "running", restarts: NO_RESTARTS };

async function viewOf(...sketches: TaskSketch[]): Promise<StoreView> {
  const { store } = createMemoryStore({ clock: new ManualClock() });
  await store.update((tx) => {
    tx.apply({ kind: "create-node", node: sampleNode() });
    tx.apply({ kind: "create-service", ...sampleService() });
    for (const sketch of sketches) {
      tx.apply({ kind: "create-task", task: sampleTask({ state: "pending", ...sketch }) });
    }
  });
  return store.committed;
}

function kinds(view: StoreView, action: Action): string[] {
  const newTaskId = () => "new" as TaskId;
  const context = { serviceId: "service" as ServiceId, atMs: AT_MS, newTaskId };
  return changesOf(view, action, context).map((change) =>
    change.kind === "want-task" ? `want ${change.desired}` : change.kind,
  );
}

const placed: TaskSketch = { id: "t1", node: "node1", state: "running" };

const create: Action = { kind: "create-task", task: NEW };
const stopFirst: Action = {
  kind: "replace-task",
  taskId: t1,
  order: "stop-first",
  successor: NEW,
};
const startFirst: Action = { ...stopFirst, order: "start-first" };

describe("an action", () => {
  test.each<[string, Action, TaskSketch[], string[]]>([
    ["fills an empty slot", create, [], ["create-task"]],
    ["fills a slot with a past", create, [{ id: "t1", desired: "shutdown" }], ["create-task"]],
    ["fills no slot that was filled meanwhile", create, [{ id: "t1" }], []],
    ["replaces, stop-first", stopFirst, [placed], ["want shutdown", "create-task"]],
    ["replaces what has no node yet", stopFirst, [{ id: "t1" }], ["remove-task", "create-task"]],
    [
      "replaces nothing that was stopped meanwhile",
      stopFirst,
      [{ id: "t1", desired: "shutdown" }],
      [],
    ],
    ["replaces nothing that is gone", stopFirst, [], []],
    ["replaces, start-first", startFirst, [{ id: "t1" }], ["create-task"]],
    ["puts no third task beside two", startFirst, [{ id: "t1" }, { id: "t2" }], []],
    [
      "starts what waits",
      { kind: "start-task", goal: "running", taskId: t1 },
      [{ id: "t1", desired: "ready" }],
      ["want running"],
    ],
    [
      "starts nothing twice",
      { kind: "start-task", goal: "running", taskId: t1 },
      [{ id: "t1" }],
      [],
    ],
    ["stops what runs", { kind: "stop-task", taskId: t1 }, [placed], ["want shutdown"]],
    [
      "stops nothing that is to be removed",
      { kind: "stop-task", taskId: t1 },
      [{ id: "t1", desired: "remove" }],
      [],
    ],
    [
      "forgets what was removed before it had a node",
      { kind: "forget-task", taskId: t1 },
      [{ id: "t1", desired: "remove" }],
      ["remove-task"],
    ],
    ["forgets nothing that is wanted", { kind: "forget-task", taskId: t1 }, [{ id: "t1" }], []],
  ])("%s", async (_, action, tasks, expected) => {
    expect(kinds(await viewOf(...tasks), action)).toEqual(expected);
  });
});

test("a restart is counted at the time of its command, a move is not", async () => {
  const view = await viewOf();
  const context = {
    serviceId: "service" as ServiceId,
    atMs: AT_MS,
    newTaskId: () => "new" as TaskId,
  };
  const made = (counts: "now" | "not") =>
    changesOf(
      view,
      { kind: "create-task", task: { ...NEW, restarts: { earlierMs: [1], counts } } },
      context,
    );
  expect(made("now")).toMatchObject([{ task: { restartsAtMs: [1, AT_MS] } }]);
  expect(made("not")).toMatchObject([{ task: { restartsAtMs: [1] } }]);
});
