/** The state's hash, by which managers and restarts are compared. */
import { expect, test } from "vitest";

import { ApiFixture } from "../../../test/setup/api-fixture.js";

test("the hash belongs to its sequence number, and every change has its own", async () => {
  await using api = await ApiFixture.start();
  const first = (await api.get("/skep/v1/state")).json;
  expect(first).toEqual({
    sequence: api.store.committed.sequence,
    stateHash: expect.stringMatching(/^[0-9a-f]{16}$/),
  });
  expect((await api.get("/skep/v1/state")).json).toEqual(first);
  await api.create("web");
  const second = (await api.get("/skep/v1/state")).json as { sequence: number; stateHash: string };
  expect(second.sequence).toBeGreaterThan((first as typeof second).sequence);
  expect(second.stateHash).not.toBe((first as typeof second).stateHash);
});

test("only a manager has one", async () => {
  await using api = await ApiFixture.start({ role: "worker" });
  expect((await api.get("/skep/v1/state")).status).toBe(503);
});
