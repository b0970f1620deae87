import { describe, expect, test } from "vitest";

import { NotFoundError, ProposalDroppedError } from "../../shared/errors/cluster-error.js";
import type { NodeId } from "../../shared/model/ids.js";
import { ManualClock } from "../../shared/ports/manual-clock.js";
import { createNode, createService, createTask, idOf } from "../../test/store/samples.js";
import { updateInBatches } from "./batches.js";
import { CHANGES_PER_COMMAND_MAX, COMMAND_BYTES_MAX } from "./limits.js";
import { createMemoryStore } from "./memory-store.js";

const signal = new AbortController().signal;
const newStore = () => createMemoryStore({ clock: new ManualClock() });
const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

describe("work in batches", () => {
  test("writes every item once, in order, in commands that fit", async () => {
    const { store } = newStore();
    const sizes: number[] = [];
    store.watch(({ events }) => sizes.push(events.length));
    const items = numbers(2_600);
    await updateInBatches(
      store,
      items,
      (tx, n) => {
        tx.apply(createNode(`n${n}`));
      },
      { signal },
    );
    expect(store.committed.nodes()).toHaveLength(items.length);
    expect(store.committed.node(idOf<NodeId>("n0"))?.version).toBe(1);
    expect(store.committed.node(idOf<NodeId>("n2599"))?.version).toBe(sizes.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(CHANGES_PER_COMMAND_MAX);
  });

  test("cuts by bytes too", async () => {
    const { store } = newStore();
    const error = "x".repeat(COMMAND_BYTES_MAX / 4);
    await store.update((tx) => {
      tx.apply(createService("s1"));
    });
    await updateInBatches(
      store,
      numbers(10),
      (tx, n) => {
        const status = { state: "pending", atMs: 0, message: "", error } as const;
        tx.apply(createTask(`t${n}`, "s1", { status }));
      },
      { signal },
    );
    expect(store.committed.tasks()).toHaveLength(10);
    expect(store.committed.sequence).toBeGreaterThan(3);
  });

  test("of nothing, or of items that need nothing, proposes nothing", async () => {
    const { store } = newStore();
    await updateInBatches(store, [], () => undefined, { signal });
    await updateInBatches(store, numbers(5_000), () => undefined, { signal });
    expect(store.committed.sequence).toBe(0);
  });

  test("ends with the first failure; what was written before it stays", async () => {
    const { store } = newStore();
    const tried: number[] = [];
    const work = updateInBatches(
      store,
      numbers(2_000),
      (tx, n) => {
        tried.push(n);
        if (n === 700) throw new NotFoundError("node", "700");
        tx.apply(createNode(`n${n}`));
      },
      { signal },
    );
    await expect(work).rejects.toThrow("node 700 not found");
    expect(tried.at(-1)).toBe(700);
    expect(store.committed.nodes()).toHaveLength(CHANGES_PER_COMMAND_MAX / 2);
  });

  test("ends when a command is dropped", async () => {
    const { store, log } = newStore();
    log.hold();
    const work = updateInBatches(
      store,
      numbers(20_000),
      (tx, n) => {
        tx.apply(createNode(`n${n}`));
      },
      { signal },
    );
    const begun = log.waiting;
    log.dropWaiting(1);
    log.commit();
    await expect(work).rejects.toThrow(ProposalDroppedError);
    expect(begun).toBeGreaterThan(1);
    expect(begun).toBeLessThan(20);
    expect(store.committed.sequence).toBe(1);
  });

  test("begins no further command once it is aborted", async () => {
    const { store, log } = newStore();
    log.hold();
    const abort = new AbortController();
    const reason = new Error("the lead is lost");
    const work = updateInBatches(
      store,
      numbers(20_000),
      (tx, n) => {
        tx.apply(createNode(`n${n}`));
      },
      { signal: abort.signal },
    );
    const begun = log.waiting;
    abort.abort(reason);
    log.release();
    await expect(work).rejects.toBe(reason);
    expect(store.committed.sequence).toBe(begun);
  });
});
