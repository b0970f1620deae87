/** What a change would do: told, with the errors of the real one, and not done. */
import { afterAll, beforeAll, expect, test } from "vitest";

import {
  ServiceExplanation,
  ServicePlan,
  TaskExplanation,
} from "../../../shared/docker-api/foresight.js";
import { checkShape } from "../../../shared/docker-api/validate.js";
import type { ServiceId } from "../../../shared/model/ids.js";
import { sampleTask } from "../../../test/samples/objects.js";
import { ApiFixture, TASK_TEMPLATE } from "../../../test/setup/api-fixture.js";

let api: ApiFixture;
beforeAll(async () => {
  api = await ApiFixture.start();
  await api.create("web", { Mode: { Replicated: { Replicas: 2 } } });
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

test("what creating would do, and nothing is there afterwards", async () => {
  const before = api.store.stateHash();
  const spec = { Name: "db", TaskTemplate: TASK_TEMPLATE, Mode: { Replicated: { Replicas: 2 } } };
  const { status, json } = await api.post("/v1.41/skep/v1/services/plan", spec);
  expect([status, checkShape(ServicePlan, json)]).toMatchObject([200, { ok: true }]);
  expect(json).toMatchObject({
    Name: "db",
    Revision: 1,
    Steps: [
      {
        After: 0,
        Acts: [
          { Do: "create", Name: "db.1" },
          { Do: "create", Name: "db.2" },
        ],
      },
    ],
    Totals: { Created: 2, Stopped: 0, Kept: 0 },
    Unchanged: false,
  });
  expect(json).not.toHaveProperty("PresentRevision");
  expect(api.store.stateHash()).toBe(before);
});

test("what updating would do", async () => {
  const before = api.store.stateHash();
  const { ID, Spec, Version } = await api.inspect("/services/web");
  const changed = { ...Spec, TaskTemplate: { ContainerSpec: { Image: "skep/busybox:2" } } };
  const path = `/skep/v1/services/${ID}/plan?version=${Version.Index}`;
  const { status, json } = await api.post(path, changed);
  expect([status, checkShape(ServicePlan, json)]).toMatchObject([200, { ok: true }]);
  expect(json).toMatchObject({ ID, Name: "web", PresentRevision: 1, Revision: 2 });
  expect((await api.post(path, Spec)).json).toMatchObject({ Revision: 1, Unchanged: true });
  expect(api.store.stateHash()).toBe(before);
});

test.each([
  ["a name that is taken", "services/plan", "services/create", { Name: "web" }],
  [
    "a bad constraint",
    "services/plan",
    "services/create",
    { TaskTemplate: { Placement: { Constraints: ["a"] } } },
  ],
  ["no such service", "services/nope/plan?version=1", "services/nope/update?version=1", {}],
  ["no version", "services/web/plan", "services/web/update", {}],
  [
    "an old version",
    "services/web/plan?version=0",
    "services/web/update?version=0",
    { Name: "web" },
  ],
  ["another name", "services/web/plan?version=1", "services/web/update?version=1", { Name: "x" }],
  [
    "nothing to go back to",
    "services/web/plan?version=1&rollback=previous",
    "services/web/update?version=1&rollback=previous",
    {},
  ],
])("%s is the error that it is in earnest", async (_, plan, real, spec) => {
  const sent = { TaskTemplate: TASK_TEMPLATE, ...spec };
  const [thought, done] = [
    await api.post(`/skep/v1/${plan}`, sent),
    await api.post(`/${real}`, sent),
  ];
  expect(done.status).toBeGreaterThanOrEqual(400);
  expect([thought.status, thought.json]).toEqual([done.status, done.json]);
});

async function addTasks(...ids: readonly string[]): Promise<void> {
  const service = (await api.inspect("/services/web")).ID as ServiceId;
  await api.store.update((tx) => {
    for (const id of ids) {
      tx.apply({ kind: "create-task", task: sampleTask({ id, service, state: "pending" }) });
    }
  });
}

test("why a service is as it is, by its name, its id and the beginning of it", async () => {
  const { ID } = await api.inspect("/services/web");
  for (const reference of ["web", ID, ID.slice(0, 8)]) {
    const { status, json } = await api.get(`/skep/v1/services/${reference}/explain`);
    expect([status, checkShape(ServiceExplanation, json)]).toMatchObject([200, { ok: true }]);
    expect(json).toMatchObject({ ID, Name: "web", Wanted: "2 replicas" });
  }
});

test("the story of a task, by its id, the beginning of it or its place", async () => {
  await addTasks("firsttask1", "firsttask2", "other");
  for (const reference of ["oth", "web.1.other", "web.1"]) {
    const { status, json } = await api.get(`/skep/v1/tasks/${reference}/explain`);
    expect([status, checkShape(TaskExplanation, json)]).toMatchObject([200, { ok: true }]);
    expect(json).toMatchObject({ Name: "web.1", State: "pending" });
  }
});

test.each([
  ["no such service", "services/nope/explain", "services/nope", 404],
  ["no such task", "tasks/nope/explain", "tasks/nope", 404],
  ["no such place", "tasks/web.9/explain", "tasks/web.9", 404],
  ["two tasks that begin so", "tasks/first/explain", "tasks/first", 400],
])("%s is the error that inspecting gives", async (_, path, inspected, status) => {
  const [explained, shown] = [await api.get(`/skep/v1/${path}`), await api.get(`/${inspected}`)];
  expect([explained.status, explained.json]).toEqual([shown.status, shown.json]);
  expect(explained.status).toBe(status);
});
