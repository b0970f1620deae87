/** What a service was, and back to any of it. */
import { afterAll, beforeAll, expect, test } from "vitest";

import type { ServiceId } from "../../../shared/model/ids.js";
import type { ApiAnswer } from "../../../test/setup/api-client.js";
import { ApiFixture } from "../../../test/setup/api-fixture.js";

let api: ApiFixture;
let id: ServiceId;
beforeAll(async () => {
  api = await ApiFixture.start();
  id = (await api.create("web")) as ServiceId;
  for (const Image of ["skep/busybox:2", "skep/busybox:3"]) {
    const { Spec, Version } = await api.inspect("/services/web");
    const TaskTemplate = { ContainerSpec: { Image } };
    await api.post(`/services/web/update?version=${Version.Index}`, { ...Spec, TaskTemplate });
  }
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

async function history(): Promise<Record<string, unknown>[]> {
  return (await api.get("/skep/v1/services/web/history")).json as Record<string, unknown>[];
}

async function rollBack(to: string): Promise<ApiAnswer> {
  const { Version } = await api.inspect("/services/web");
  return await api.post(`/skep/v1/services/web/rollback?version=${Version.Index}&to=${to}`, {});
}

test("the newest revision comes first, each with its template", async () => {
  const revisions = await history();
  expect(revisions.map(({ Revision }) => Revision)).toEqual([3, 2, 1]);
  expect(revisions[0]).toMatchObject({
    Current: true,
    CreatedAt: expect.stringMatching(/^\d{4}-/),
    TaskTemplate: { ContainerSpec: { Image: "skep/busybox:3" } },
  });
  expect(revisions[2]).toMatchObject({ Current: false });
});

test("back to a kept one, as a new revision that says so", async () => {
  const before = api.store.committed.service(id)!;
  expect((await rollBack("1")).status).toBe(200);
  const [newest, , , first] = await history();
  expect(newest).toMatchObject({ Revision: 4, RollbackOf: 1, Current: true });
  expect(newest!["TaskTemplate"]).toEqual(first!["TaskTemplate"]);
  expect(await api.inspect("/services/web")).toMatchObject({
    UpdateStatus: { State: "rollback_started", Message: "manually requested rollback" },
    PreviousSpec: { TaskTemplate: { ContainerSpec: { Image: "skep/busybox:3" } } },
  });
  expect(api.store.committed.service(id)!.frame).toEqual(before.frame);
});

test.each([
  ["one that never was", "99", 404, /revision 99 of \w+ not found/],
  ["what runs already", "4", 400, /runs what revision 4 says already/],
  ["its like", "1", 400, /runs what revision 1 says already/],
  ["no number", "x", 400, /invalid revision 'x'/],
  ["none", "", 400, /invalid revision ''/],
])("not to %s", async (_, to, status, message) => {
  const answer = await rollBack(to);
  expect(answer.status).toBe(status);
  expect((answer.json as { message: string }).message).toMatch(message);
});

test("not from an outdated version", async () => {
  const answer = await api.post("/skep/v1/services/web/rollback?version=1&to=2", {});
  expect(answer.json).toMatchObject({ message: expect.stringContaining("update out of sequence") });
});
