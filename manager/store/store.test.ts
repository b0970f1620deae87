import { describe, expect, test } from "vitest";

import {
  InvalidArgumentError,
  NameConflictError,
  NoLeaderError,
  NotFoundError,
  ProposalDroppedError,
  TooLargeError,
  TryAgainError,
  UnimplementedError,
  WatchExpiredError,
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
  sampleStatus,
} from "../../test/store/samples.js";
import { encodeCommand } from "./command-codec.js";
import type { Change, StoreEvent } from "./core/change.js";
import {
  CHANGES_PER_COMMAND_MAX,
  IN_FLIGHT_COMMANDS_MAX,
  SPEC_BYTES_MAX,
  TooManyChangesError,
} from "./limits.js";
import { createMemoryStore } from "./memory-store.js";
import { RefusedError } from "./outcome.js";
import type { CommittedBatch, StoreWriter, Transaction } from "./store-access.js";

const S1 = idOf<ServiceId>("s1");
const T1 = idOf<TaskId>("t1");

const newStore = () => createMemoryStore({ clock: new ManualClock() });

function change(store: StoreWriter, ...changes: readonly Change[]): Promise<void> {
  return store.update((tx) => {
    for (const one of changes) tx.apply(one);
  });
}

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

describe("a request with an id", () => {
  const create = (store: StoreWriter, requestId: string, name = "s1"): Promise<string> =>
    store.update(
      (tx) => {
        tx.apply(createService(name));
        return "made now";
      },
      { requestId, replay: ({ objectId }) => `made before: ${objectId ?? "nothing"}` },
    );

  test("is carried out once, whether the first time is committed yet or not", async () => {
    const { store, log } = newStore();
    log.hold();
    const first = create(store, "r1");
    const again = create(store, "r1");
    expect(log.waiting).toBe(1);
    expect(store.requestOutcome("r1")).toBeUndefined();
    log.release();
    expect(await first).toBe("made now");
    expect(await again).toBe(`made before: ${S1}`);
    expect(await create(store, "r1")).toBe(`made before: ${S1}`);
    expect(store.requestOutcome("r1")).toEqual({ requestId: "r1", sequence: 1, objectId: S1 });
    expect(store.committed.sequence).toBe(1);
  });

  test("is dropped with the proposal that it waits for", async () => {
    const { store, log } = newStore();
    log.hold();
    const first = create(store, "r1");
    const again = create(store, "r1");
    log.dropWaiting();
    await expect(first).rejects.toThrow(ProposalDroppedError);
    await expect(again).rejects.toThrow(ProposalDroppedError);
    log.release();
    expect(await create(store, "r1")).toBe("made now");
  });

  test("remembers a refusal too, also on another manager", async () => {
    const { store, log } = newStore();
    log.deliver(encodeCommand(commandOf([createTask("t1", "s1")], { requestId: "r1" })));
    const again = create(store, "r1");
    await expect(again).rejects.toMatchObject({ code: "not-found" });
    await expect(again).rejects.toThrow(`service ${S1} not found`);
    expect(store.requestOutcome("r1")?.error?.code).toBe("not-found");
  });

  test.each(["", "with space", "ümlaut", "x".repeat(129)])("is plain text: %j", async (id) => {
    await expect(create(newStore().store, id)).rejects.toThrow(InvalidArgumentError);
  });
});

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
