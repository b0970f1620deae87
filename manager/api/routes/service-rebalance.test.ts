/** Asking for tasks to be spread anew. */
import { afterAll, beforeAll, expect, test } from "vitest";

import type { ServiceId } from "../../../shared/model/ids.js";
import { ApiFixture } from "../../../test/setup/api-fixture.js";

let api: ApiFixture;
let id: ServiceId;
beforeAll(async () => {
  api = await ApiFixture.start();
  id = (await api.create("web")) as ServiceId;
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

test("it is under way from then on, shown with the service, and disturbs no other change", async () => {
  const { Version } = await api.inspect("/services/web");
  const { status } = await api.post("/skep/v1/services/web/rebalance", {});
  expect(status).toBe(200);
  expect(await api.inspect("/services/web")).toMatchObject({
    Version,
    RebalanceStatus: {
      State: "rebalancing",
      By: "user",
      StartedAt: expect.stringMatching(/^\d{4}-/),
      Moved: 0,
      Message: "rebalance in progress",
    },
  });
});

test("asked again it goes on; one of the cluster's own becomes the user's", async () => {
  const begun = api.store.committed.service(id)?.rebalance;
  await api.post("/skep/v1/services/web/rebalance", {});
  expect(api.store.committed.service(id)?.rebalance).toEqual(begun);
  const rebalance = { ...begun!, by: "cluster" as const };
  await api.store.update((tx) => {
    tx.apply({ kind: "observe-rebalance", serviceId: id, rebalance });
  });
  await api.post("/skep/v1/services/web/rebalance", {});
  expect(api.store.committed.service(id)?.rebalance).toMatchObject({ by: "user" });
});

test("it goes on with the service as it is changed to, and what is over is forgotten with the change", async () => {
  const { Spec, Version } = await api.inspect("/services/web");
  const Labels = { a: "b" };
  await api.post(`/services/web/update?version=${Version.Index}`, { ...Spec, Labels });
  const after = api.store.committed.service(id);
  expect(after?.rebalance).toMatchObject({ state: "rebalancing" });
  const rebalance = { ...after!.rebalance!, state: "completed" as const };
  await api.store.update((tx) => {
    tx.apply({ kind: "observe-rebalance", serviceId: id, rebalance });
  });
  const version = api.store.committed.service(id)!.version;
  await api.post(`/services/web/update?version=${version}`, { ...Spec, Labels: { a: "c" } });
  expect(api.store.committed.service(id)?.rebalance).toBeUndefined();
});

test("only of replicated services, and of such as there are", async () => {
  await api.create("everywhere", { Mode: { Global: {} } });
  expect(await api.post("/skep/v1/services/everywhere/rebalance", {})).toMatchObject({
    status: 400,
    json: {
      message: expect.stringContaining(
        "service everywhere cannot be rebalanced: only replicated services can",
      ),
    },
  });
  expect((await api.post("/skep/v1/services/nobody/rebalance", {})).status).toBe(404);
});
