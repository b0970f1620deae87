import { expect, test } from "vitest";

import type { TaskId } from "../../shared/model/ids.js";
import type { TaskStatus } from "../../shared/model/task.js";
import type { ObservedState } from "../../shared/model/task-state.js";
import { StatusBook } from "./status-book.js";

const A = "a" as TaskId;
const B = "b" as TaskId;

function status(state: ObservedState): TaskStatus {
  return { state, atMs: 0, message: "" };
}

function sent(book: StatusBook) {
  return book.takeBatch()?.updates.map(({ taskId, status: { state } }) => `${taskId} ${state}`);
}

function book(): StatusBook {
  return new StatusBook(() => undefined);
}

test("a batch holds the newest of each task, and the next waits until it is stored", () => {
  const statuses = book();
  statuses.report(A, status("accepted"));
  statuses.report(A, status("preparing"));
  statuses.report(B, status("accepted"));
  expect(sent(statuses)).toEqual(["a preparing", "b accepted"]);
  statuses.report(A, status("ready"));
  expect(sent(statuses)).toBeUndefined();
  statuses.stored(1);
  expect(sent(statuses)).toEqual(["a ready"]);
  statuses.stored(2);
  expect(sent(statuses)).toBeUndefined();
});

test("what may not have been stored when a session ended is sent again", () => {
  const statuses = book();
  statuses.report(A, status("running"));
  expect(sent(statuses)).toEqual(["a running"]);
  statuses.unsend();
  expect(sent(statuses)).toEqual(["a running"]);
  statuses.stored(1); // of the session before: says nothing about the batch that is out now
  expect(sent(statuses)).toBeUndefined();
  statuses.stored(2);
  statuses.unsend();
  expect(sent(statuses)).toBeUndefined();
});

test("a manager that knows less is told, one that knows more is believed", () => {
  const statuses = book();
  statuses.learn(A, status("assigned"));
  expect(sent(statuses)).toBeUndefined();
  statuses.learn(A, status("failed"));
  expect(statuses.current(A)?.state).toBe("failed");
  statuses.learn(A, status("running"));
  expect(statuses.current(A)?.state).toBe("failed");
  expect(sent(statuses)).toEqual(["a failed"]);
});

test("what was forgotten is not sent", () => {
  const statuses = book();
  statuses.report(A, status("running"));
  statuses.forget(A);
  expect(sent(statuses)).toBeUndefined();
});

test("what is written down is what is restored", () => {
  const before = book();
  before.report(A, status("running"));
  before.learn(B, status("assigned"));
  const after = book();
  after.restore(before.toStored());
  expect(after.toStored()).toEqual(before.toStored());
  expect(sent(after)).toEqual(["a running"]);
});
