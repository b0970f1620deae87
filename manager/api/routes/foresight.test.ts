/** What a change would do: told, with the errors of the real one, and not done. */
import { afterAll, beforeAll, expect, test } from "vitest";

import { ServicePlan } from "../../../shared/docker-api/foresight.js";
import { checkShape } from "../../../shared/docker-api/validate.js";
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
