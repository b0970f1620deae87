import { describe, expect, test } from "vitest";

import { TooLargeError, TryAgainError } from "../../shared/errors/cluster-error.js";
import type { TaskId } from "../../shared/model/ids.js";
import {
  createNode,
  createService,
  createTask,
  idOf,
  sampleRevision,
  sampleService,
  sampleStatus,
} from "../../test/store/samples.js";
import { change, newStore } from "../../test/store/writes.js";
import {
  CHANGES_PER_COMMAND_MAX,
  IN_FLIGHT_COMMANDS_MAX,
  SPEC_BYTES_MAX,
  TooManyChangesError,
} from "./limits.js";

const T1 = idOf<TaskId>("t1");

describe("what is too large is refused at once", () => {
  test("a spec", async () => {
    const { store } = newStore();
    const frame = { Name: "s1", Labels: { long: "x".repeat(SPEC_BYTES_MAX) } };
    const service = sampleService("s1", { frame });
    const update = change(store, {
      kind: "create-service",
      service,
      revision: sampleRevision("s1"),
    });
    await expect(update).rejects.toThrow(TooLargeError);
    await expect(update).rejects.toThrow(/the service's spec has \d+ bytes/);
    await change(store, createService("s1"));
  });

  test("a command of too many changes", async () => {
    const { store } = newStore();
    const nodes = Array.from({ length: CHANGES_PER_COMMAND_MAX + 1 }, (_, n) =>
      createNode(`n${n}`),
    );
    await expect(change(store, ...nodes)).rejects.toThrow(TooManyChangesError);
    await change(store, ...nodes.slice(1));
    expect(store.committed.nodes()).toHaveLength(CHANGES_PER_COMMAND_MAX);
  });

  test("a command of too many bytes", async () => {
    const { store } = newStore();
    await change(store, createService("s1"), createTask("t1", "s1"));
    const error = "x".repeat(1_000_000);
    const update = change(
      store,
      { kind: "observe-task", taskId: T1, status: sampleStatus("pending", { error }) },
      { kind: "observe-task", taskId: T1, status: sampleStatus("pending", { error: `${error}.` }) },
    );
    await expect(update).rejects.toThrow(/the command has \d+ bytes, the limit is 1572864/);
  });

  test("more commands than may be in flight", async () => {
    const { store, log } = newStore();
    log.hold();
    const updates = Array.from({ length: IN_FLIGHT_COMMANDS_MAX }, (_, n) =>
      change(store, createNode(`n${n}`)),
    );
    await expect(change(store, createService("s1"))).rejects.toThrow(TryAgainError);
    log.release();
    await Promise.all(updates);
    await change(store, createService("s1"));
  });

  test("more bytes than may be in flight", async () => {
    const { store, log } = newStore();
    await change(store, createService("s1"), createTask("t1", "s1"));
    log.hold();
    const observe = (n: number): Promise<void> => {
      const status = sampleStatus("pending", { error: `${n} ${"x".repeat(1_400_000)}` });
      return change(store, { kind: "observe-task", taskId: T1, status });
    };
    const updates = Array.from({ length: 24 }, (_, n) => observe(n));
    await expect(observe(25)).rejects.toThrow(TryAgainError);
    log.release();
    await Promise.all(updates);
    await observe(26);
  });
});
