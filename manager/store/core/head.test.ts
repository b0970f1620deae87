import { expect, test } from "vitest";

import type { NodeId, ServiceId, TaskId } from "../../../shared/model/ids.js";
import type { Task } from "../../../shared/model/task.js";
import {
  commandOf,
  createNode,
  createService,
  createTask,
  idOf,
  sampleRevision,
  sampleService,
} from "../../../test/store/samples.js";
import { applyCommand } from "./apply.js";
import { applyChange } from "./apply/change.js";
import type { Change } from "./change.js";
import { Draft } from "./draft.js";
import { Head } from "./head.js";
import { emptyReplica } from "./replica.js";
import type { StoreView } from "./view.js";

const S1 = idOf<ServiceId>("s1");
const T1 = idOf<TaskId>("t1");
const N1 = idOf<NodeId>("n1");

const removeS1: Change = { kind: "remove-service", serviceId: S1 };
const removeTask = (name: string): Change => ({ kind: "remove-task", taskId: idOf<TaskId>(name) });
const assignT1: Change = { kind: "assign-task", taskId: T1, nodeId: N1, message: "assigned" };

/** A head whose commands are committed, or taken back, one by one. */
function headOver(first: readonly Change[]) {
  const replica = emptyReplica();
  applyCommand(replica, commandOf(first));
  const head = new Head(replica.tables);
  const inFlight: (readonly Change[])[] = [];
  const run = (changes: readonly Change[]): void => {
    const draft = new Draft(head, { atMs: 5_000, sequence: head.sequence + 1 });
    for (const change of changes) applyChange(draft, change);
  };
  return {
    head: head as StoreView,
    committed: replica.tables as StoreView,
    run,
    write: (changes: readonly Change[]): void => {
      run(changes);
      head.proposed();
      inFlight.push(changes);
    },
    rollback: (): void => {
      head.rollback();
    },
    commit: (): void => {
      applyCommand(replica, commandOf(inFlight.shift() ?? []));
      head.committed();
    },
  };
}

const names = (objects: readonly { readonly id: string }[]): string[] =>
  objects.map(({ id }) => id.slice(0, 2));

function visited(view: StoreView): string[] {
  const tasks: Task[] = [];
  view.visitTasksOfService(S1, (task) => tasks.push(task));
  return names(tasks).sort();
}

test("a value in flight hides the committed one until it is committed itself", () => {
  const { head, committed, write, commit } = headOver([createNode("n1"), createService("s1")]);
  write([createTask("t1", "s1")]);
  write([assignT1]);
  expect(committed.taskCount()).toBe(0);
  expect(head.taskCount()).toBe(1);
  expect(head.sequence).toBe(3);
  commit();
  expect(committed.task(T1)?.status.state).toBe("pending");
  expect(head.task(T1)?.status.state).toBe("assigned");
  expect(head.taskCount()).toBe(1);
  expect(head.tasksInState("pending")).toEqual([]);
  commit();
  expect(committed.task(T1)).toEqual(head.task(T1));
  expect(head.taskCount()).toBe(1);
  expect(head.tasks()).toBe(committed.tasks());
  expect(head.tasksOfService(S1)).toBe(committed.tasksOfService(S1));
});

test("what is taken back leaves nothing behind", () => {
  const { head, committed, write, run, rollback, commit } = headOver([
    createNode("n1"),
    createService("s1"),
    createTask("t1", "s1"),
  ]);
  run([assignT1, createTask("t2", "s1"), createService("s2")]);
  expect(names(head.tasks())).toEqual(["t1", "t2"]);
  rollback();
  expect(head.tasks()).toBe(committed.tasks());
  expect(head.services()).toBe(committed.services());
  expect(head.serviceByName("s2")).toBeUndefined();
  write([createTask("t3", "s1")]);
  run([removeTask("t3"), removeTask("t1")]);
  rollback();
  expect(names(head.tasksOfService(S1))).toEqual(["t1", "t3"]);
  expect(visited(head)).toEqual(["t1", "t3"]);
  commit();
  expect(visited(committed)).toEqual(["t1", "t3"]);
  expect(head.tasks()).toBe(committed.tasks());
});

test("a removed service keeps its revisions while a task of it is there, in flight or committed", () => {
  const { head, write, commit } = headOver([
    createService("s1"),
    createTask("t1", "s1"),
    createTask("t2", "s1"),
    createTask("t3", "s1"),
  ]);
  write([createTask("t4", "s1")]);
  write([removeS1, removeTask("t1"), removeTask("t4")]);
  expect(head.revisions(S1)).toHaveLength(1);
  write([removeTask("t2")]);
  commit();
  expect(head.revisions(S1)).toHaveLength(1);
  write([removeTask("t3")]);
  expect(head.servicesWithTasks()).toEqual([]);
});

test("a service may take over the name of one that is removed before it", () => {
  const { head, committed, write, run, rollback, commit } = headOver([createService("s1")]);
  const id = idOf<ServiceId>("s9");
  const heir: Change = {
    kind: "create-service",
    service: sampleService("s1", { id }),
    revision: sampleRevision("s9"),
  };
  run([removeS1, heir]);
  expect(head.serviceByName("s1")?.id).toBe(id);
  rollback();
  expect(head.serviceByName("s1")?.id).toBe(S1);
  write([removeS1, heir]);
  commit();
  expect(committed.serviceByName("s1")?.id).toBe(id);
});
