import { describe, expect, test } from "vitest";

import { InvalidArgumentError, ProposalDroppedError } from "../../shared/errors/cluster-error.js";
import type { ServiceId } from "../../shared/model/ids.js";
import { commandOf, createService, createTask, idOf } from "../../test/store/samples.js";
import { newStore } from "../../test/store/writes.js";
import { encodeCommand } from "./command-codec.js";
import type { StoreWriter } from "./store-access.js";

const S1 = idOf<ServiceId>("s1");

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
