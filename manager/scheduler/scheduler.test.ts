import { expect, test } from "vitest";

import { TryAgainError } from "../../shared/errors/cluster-error.js";
import type { NodeId, TaskId } from "../../shared/model/ids.js";
import { silentLogger } from "../../shared/ports/logger.js";
import { ManualClock } from "../../shared/ports/manual-clock.js";
import { sampleNode, sampleService, sampleTask } from "../../test/samples/objects.js";
import { createMemoryStore } from "../store/memory-store.js";
import type { StoreAccess, Transaction } from "../store/store-access.js";
import { Scheduler } from "./scheduler.js";

const TASK = "task1" as TaskId;
const NODE = "node1" as NodeId;

/** A scheduler whose next writes are refused as many times as a test says. */
async function start() {
  const clock = new ManualClock();
  const { store } = createMemoryStore({ clock });
  const { service, revision } = sampleService();
  await store.update((tx) => {
    tx.apply({ kind: "create-service", service, revision });
    tx.apply({ kind: "create-task", task: sampleTask({ id: TASK, state: "pending" }) });
  });
  const refusals = { left: 0 };
  const busy: StoreAccess = {
    get committed() {
      return store.committed;
    },
    imagine: () => store.imagine(),
    stateHash: () => store.stateHash(),
    requestOutcome: (id) => store.requestOutcome(id),
    watch: (listener, options) => store.watch(listener, options),
    update: <T>(write: (tx: Transaction) => T): Promise<T> => {
      if (refusals.left === 0) return store.update(write);
      refusals.left--;
      return Promise.reject(new TryAgainError("too much waits for the disk"));
    },
  };
  const stop = new AbortController();
  const scheduler = new Scheduler({ store: busy, clock, logger: silentLogger });
  const run = (): Promise<void> => scheduler.run({ signal: stop.signal });
  const task = () => store.committed.task(TASK);
  return { clock, store, refusals, run, stop, task };
}

test("a task without a node is told why, also when the log was busy at first", async () => {
  const { clock, refusals, run, stop, task } = await start();
  refusals.left = 3;
  const ended = run();
  await clock.advance(10);
  expect(task()?.status.error).toBeUndefined();
  await clock.advance(10_000);
  expect(task()?.status.error).toBe("no suitable node (the cluster has no nodes)");
  stop.abort();
  await ended;
});

test("a placement that could not be written is decided again", async () => {
  const { clock, store, refusals, run, stop, task } = await start();
  await store.update((tx) => tx.apply({ kind: "create-node", node: sampleNode({ id: NODE }) }));
  await store.update((tx) =>
    tx.apply({ kind: "observe-node", nodeId: NODE, status: sampleNode().status }),
  );
  refusals.left = 3;
  const ended = run();
  await clock.advance(10_000);
  expect(task()).toMatchObject({ nodeId: NODE, status: { state: "assigned" } });
  stop.abort();
  await ended;
});
