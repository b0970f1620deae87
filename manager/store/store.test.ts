import { expect, test } from "vitest";

import { NameConflictError } from "../../shared/errors/cluster-error.js";
import type { ServiceId, TaskId } from "../../shared/model/ids.js";
import { newId } from "../../shared/model/ids.js";
import { ManualClock } from "../../shared/ports/manual-clock.js";
import { seededRandom } from "../../shared/ports/random.js";
import { createMemoryStore } from "./memory-store.js";
import type { Transaction } from "./store-access.js";

const random = seededRandom("store");

function createService(tx: Transaction, name: string): ServiceId {
  const id = newId<ServiceId>(random);
  const times = { version: 0, createdAtMs: 0, updatedAtMs: 0 };
  tx.apply({
    kind: "create-service",
    service: { id, ...times, frame: { Name: name }, revision: 1 },
    revision: { serviceId: id, number: 1, createdAtMs: 0, template: {}, hash: "0" },
  });
  return id;
}

test("a write is seen once it is committed", async () => {
  const { store } = createMemoryStore({ clock: new ManualClock() });
  const seen: number[] = [];
  store.watch((batch) => seen.push(batch.sequence));
  const update = store.update((tx) => createService(tx, "web"));
  expect(store.committed.services()).toEqual([]);
  const id = await update;
  expect(store.committed.serviceByName("web")?.id).toBe(id);
  expect(seen).toEqual([1]);
  await expect(store.update((tx) => createService(tx, "web"))).rejects.toThrow(NameConflictError);
  await store.update((tx) => {
    tx.apply({
      kind: "create-task",
      task: {
        id: newId<TaskId>(random),
        version: 0,
        createdAtMs: 0,
        updatedAtMs: 0,
        serviceId: id,
        revision: 1,
        slot: 1,
        desired: "running",
        status: { state: "new", atMs: 0, message: "created" },
      },
    });
  });
  expect(store.committed.tasksOfSlot(id, 1)).toHaveLength(1);
  expect(seen).toEqual([1, 2]);
});
