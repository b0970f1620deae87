import { describe, expect, test } from "vitest";

import { WatchExpiredError } from "../../shared/errors/cluster-error.js";
import type { TaskId } from "../../shared/model/ids.js";
import { createNode, createService, createTask, idOf } from "../../test/store/samples.js";
import { change, newStore } from "../../test/store/writes.js";
import type { StoreEvent } from "./core/change.js";
import type { CommittedBatch } from "./store-access.js";

const T1 = idOf<TaskId>("t1");

describe("watching", () => {
  const eventTypes = (batches: readonly CommittedBatch[]): [number, StoreEvent["type"][]][] =>
    batches.map(({ sequence, events }) => [sequence, events.map(({ type }) => type)]);

  test("hears of every committed change in order, when it is there to be read", async () => {
    const { store } = newStore();
    const batches: CommittedBatch[] = [];
    const watch = store.watch((batch) => {
      expect(store.committed.sequence).toBe(batch.sequence);
      batches.push(batch);
    });
    await change(store, createService("s1"), createTask("t1", "s1"));
    await change(store, { kind: "want-task", taskId: T1, desired: "shutdown" });
    watch.close();
    await change(store, createNode("n1"));
    expect(eventTypes(batches)).toEqual([
      [1, ["service", "revision", "task"]],
      [2, ["task"]],
    ]);
    expect(batches[1]?.events[0]).toMatchObject({
      before: { desired: "running" },
      after: { desired: "shutdown" },
    });
  });

  test("can be taken up where it was left", async () => {
    const { store } = newStore();
    for (const name of ["n1", "n2", "n3"]) await change(store, createNode(name));
    const batches: CommittedBatch[] = [];
    store.watch((batch) => batches.push(batch), { after: 1 });
    expect(eventTypes(batches)).toEqual([
      [2, ["node"]],
      [3, ["node"]],
    ]);
    await change(store, createNode("n4"));
    expect(batches).toHaveLength(3);
  });

  test("survives a restored snapshot: what differs comes as one batch", async () => {
    const [from, to] = [newStore(), newStore()];
    await change(from.store, createService("s1"), createNode("n1"));
    await change(to.store, createService("s1"), createNode("n2"));
    await change(from.store, createTask("t1", "s1"));
    const batches: CommittedBatch[] = [];
    to.store.watch((batch) => batches.push(batch));
    await to.store.restore(from.store.snapshot().chunks);
    expect(batches).toHaveLength(1);
    expect(batches[0]).toMatchObject({
      sequence: 2,
      events: [
        { type: "node", before: { id: idOf("n2") } },
        { type: "node", after: { id: idOf("n1") } },
        { type: "task", after: { id: T1 } },
      ],
    });
    expect(() => to.store.watch(() => undefined, { after: 1 })).toThrow(WatchExpiredError);
    to.store.watch(() => undefined, { after: 2 });
    await change(to.store, { kind: "want-task", taskId: T1, desired: "shutdown" });
    expect(batches).toHaveLength(2);
  });
});
