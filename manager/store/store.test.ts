import { describe, expect, test } from "vitest";

import {
  NameConflictError,
  NoLeaderError,
  NotFoundError,
  ProposalDroppedError,
  TryAgainError,
  UnimplementedError,
} from "../../shared/errors/cluster-error.js";
import type { ServiceId, TaskId } from "../../shared/model/ids.js";
import { ManualClock } from "../../shared/ports/manual-clock.js";
import {
  commandOf,
  createNode,
  createService,
  createTask,
  idOf,
  sampleRevision,
  sampleService,
} from "../../test/store/samples.js";
import { change, newStore } from "../../test/store/writes.js";
import { encodeCommand } from "./command-codec.js";
import { createMemoryStore } from "./memory-store.js";
import { RefusedError } from "./outcome.js";
import type { Transaction } from "./store-access.js";

const S1 = idOf<ServiceId>("s1");
const T1 = idOf<TaskId>("t1");

/** What a promise has come to by now, without waiting for anything but microtasks. */
async function stateOf(promise: Promise<unknown>): Promise<"pending" | "resolved" | "rejected"> {
  let state: "pending" | "resolved" | "rejected" = "pending";
  promise.then(
    () => (state = "resolved"),
    () => (state = "rejected"),
  );
  await new Promise((resolve) => setImmediate(resolve));
  return state;
}

describe("writing", () => {
  test("is seen by readers once it is committed, and answered then", async () => {
    const { store, log } = newStore();
    log.hold();
    const update = store.update((tx) => {
      tx.apply(createService("s1"));
      return tx.view.service(S1)?.version;
    });
    expect(store.committed.services()).toEqual([]);
    expect(await stateOf(update)).toBe("pending");
    log.release();
    expect(await update).toBe(1);
    expect(store.committed.serviceByName("s1")).toMatchObject({ id: S1, version: 1 });
    expect(store.committed.sequence).toBe(1);
  });

  test("goes on behind writes that are not committed yet, on what they made", async () => {
    const { store, log } = newStore();
    log.hold();
    const updates = [
      change(store, createService("s1"), createNode("n1")),
      change(store, createTask("t1", "s1")),
      change(store, { kind: "assign-task", taskId: T1, nodeId: idOf("n1"), message: "" }),
    ];
    expect(log.waiting).toBe(3);
    log.commit();
    await Promise.all(updates);
    expect(store.committed.task(T1)).toMatchObject({ version: 2, status: { state: "assigned" } });
  });

  test("carries the wall clock of the moment", async () => {
    const clock = new ManualClock(1_000);
    const { store } = createMemoryStore({ clock });
    await clock.advance(500);
    expect(await store.update((tx) => tx.atMs)).toBe(1_500);
    await change(store, createService("s1"));
    expect(store.committed.service(S1)?.createdAtMs).toBe(1_500);
  });

  test("of nothing is answered at once, and proposes nothing", async () => {
    const { store, log } = newStore();
    log.hold();
    expect(await store.update(() => "nothing")).toBe("nothing");
    expect(log.waiting).toBe(0);
    expect(store.committed.sequence).toBe(0);
  });

  test("of something that is gone again by its end proposes nothing", async () => {
    const { store, log } = newStore();
    await change(store, createNode("n1"), { kind: "remove-node", nodeId: idOf("n1") });
    expect(log.waiting).toBe(0);
    expect(store.committed.sequence).toBe(0);
    await change(store, createNode("n1"));
    expect(store.committed.sequence).toBe(1);
  });

  test("that reads what is in flight is answered when that is committed, or dropped with it", async () => {
    const { store, log } = newStore();
    log.hold();
    const made = change(store, createService("s1"));
    const read = store.update((tx) => tx.view.services().length);
    const conflict = change(store, createService("s1"));
    expect(await stateOf(read)).toBe("pending");
    expect(await stateOf(conflict)).toBe("pending");
    log.commit();
    await made;
    expect(await read).toBe(1);
    await expect(conflict).rejects.toThrow("already exists");

    const next = change(store, createService("s2"));
    const lost = store.update((tx) => tx.view.services().length);
    const notFound = change(store, { kind: "remove-service", serviceId: idOf("s3") });
    log.dropWaiting();
    for (const update of [next, lost, notFound])
      await expect(update).rejects.toThrow(ProposalDroppedError);
  });

  test("that throws leaves no trace", async () => {
    const { store } = newStore();
    const failure = new Error("thought better of it");
    const update = store.update((tx) => {
      tx.apply(createService("s1"));
      throw failure;
    });
    await expect(update).rejects.toBe(failure);
    await change(store, createService("s1"));
    expect(store.committed.sequence).toBe(1);
  });

  test("cannot go on after a change that did not fit", async () => {
    const { store } = newStore();
    const update = store.update((tx) => {
      expect(() => {
        tx.apply(createTask("t1", "s1"));
      }).toThrow(NotFoundError);
      expect(() => {
        tx.apply(createService("s1"));
      }).toThrow(NotFoundError);
      return "went on";
    });
    await expect(update).rejects.toThrow(NotFoundError);
    expect(store.committed.sequence).toBe(0);
  });

  test("ends with the function that writes", async () => {
    const { store } = newStore();
    const kept: Transaction[] = [];
    await store.update((tx) => kept.push(tx));
    expect(() => kept[0]?.apply(createService("s1"))).toThrow("after its write had returned");
    let nested: Promise<void> | undefined;
    await store.update(() => {
      nested = change(store, createService("s1"));
      nested.catch(() => undefined);
    });
    await expect(nested).rejects.toThrow("may not begin inside another");
  });

  test("takes what a spec says, and nothing of its maker's object", async () => {
    const { store } = newStore();
    const labels: Record<string, string | undefined> = { kept: "yes", absent: undefined };
    const service = { ...sampleService("s1"), frame: { Name: "s1", Labels: labels as never } };
    await change(store, { kind: "create-service", service, revision: sampleRevision("s1") });
    labels["kept"] = "changed later";
    expect(store.committed.service(S1)?.frame).toStrictEqual({
      Name: "s1",
      Labels: { kept: "yes" },
    });
  });
});

describe("a proposal that is dropped", () => {
  test("takes those behind it along, and leaves those before it", async () => {
    const { store, log } = newStore();
    log.hold();
    const first = change(store, createService("s1"));
    const second = change(store, createService("s2"));
    const third = change(store, createTask("t1", "s2"));
    log.dropWaiting(1);
    await expect(second).rejects.toThrow(ProposalDroppedError);
    await expect(third).rejects.toThrow(ProposalDroppedError);
    await expect(change(store, createService("s3"))).rejects.toThrow(TryAgainError);
    log.commit();
    await first;
    log.release();
    await change(store, createService("s2"));
    expect(store.committed.services()).toHaveLength(2);
    expect(store.committed.sequence).toBe(2);
  });

  test("does not hinder the next", async () => {
    const { store, log } = newStore();
    log.hold();
    const lost = change(store, createService("s1"));
    log.dropWaiting();
    await expect(lost).rejects.toThrow(ProposalDroppedError);
    log.release();
    await change(store, createService("s1"));
    expect(store.committed.sequence).toBe(1);
  });
});

describe("the lead", () => {
  test("is needed to write", async () => {
    const { store, log } = newStore();
    log.stepDown();
    await expect(change(store, createService("s1"))).rejects.toThrow(NoLeaderError);
    log.lead();
    await change(store, createService("s1"));
    expect(store.committed.services()).toHaveLength(1);
  });

  test("brings what others committed meanwhile", async () => {
    const { store, log } = newStore();
    log.stepDown();
    log.deliver(encodeCommand(commandOf([createService("s1")])));
    log.lead();
    await expect(change(store, createService("s1"))).rejects.toThrow("already exists");
    await change(store, createTask("t1", "s1"));
    expect(store.committed.task(T1)?.version).toBe(2);
  });

  test("a command that others overtook is refused when it is applied, and says why", async () => {
    const { store, log } = newStore();
    log.hold();
    const update = change(store, createService("s1"));
    log.deliver(
      encodeCommand(
        commandOf([
          {
            kind: "create-service",
            service: sampleService("s1", { id: idOf("s2") }),
            revision: sampleRevision("s2"),
          },
        ]),
      ),
    );
    log.commit();
    await expect(update).rejects.toThrow(RefusedError);
    await expect(update).rejects.toMatchObject({
      code: "name-conflict",
      message: "name conflicts with an existing object: service s1 already exists",
      cause: expect.any(NameConflictError) as unknown,
    });
    expect(store.committed.serviceByName("s1")?.id).toBe(idOf("s2"));
  });
});

describe("an entry of the log", () => {
  test("of consensus itself is none of ours", () => {
    const { store, log } = newStore();
    log.deliver(new Uint8Array());
    expect(store.committed.sequence).toBe(0);
    expect(store.snapshot()).toMatchObject({ index: 2, term: 1 });
  });

  test("of a later release stops this manager: going on would part it from the others", () => {
    const { log } = newStore();
    const later = encodeCommand(commandOf([createNode("n1")]));
    later[1] = 2; // the format
    expect(() => {
      log.deliver(later);
    }).toThrow(UnimplementedError);
  });

  test("that does not fit is refused, and the next one applied", () => {
    const { store, log } = newStore();
    log.deliver(encodeCommand(commandOf([createTask("t1", "s1")])));
    log.deliver(encodeCommand(commandOf([createService("s1")])));
    expect(store.committed.services()).toMatchObject([{ version: 2 }]);
  });
});
