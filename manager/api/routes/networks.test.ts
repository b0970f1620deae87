/** Networks that span hosts, made, shown and removed through the API. */
import { afterAll, beforeAll, expect, test } from "vitest";

import { type ApiAnswer, callApi } from "../../../test/setup/api-client.js";
import { ApiFixture, TASK_TEMPLATE } from "../../../test/setup/api-fixture.js";

let api: ApiFixture;
beforeAll(async () => {
  api = await ApiFixture.start();
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

function remove(path: string): Promise<ApiAnswer> {
  return callApi(api.socketPath, { method: "DELETE", path });
}

test("a network gets a subnet and a VXLAN, is found by its name, and goes when nobody is on it", async () => {
  const made = await api.post("/networks/create", { Name: "back", Driver: "overlay" });
  expect(made.status).toBe(201);
  const { Id } = made.json as { Id: string };
  const shown = (await api.get("/networks/back")).json as {
    IPAM: { Config: { Subnet: string }[] };
  };
  expect(shown).toMatchObject({ Id, Name: "back", Scope: "swarm", Driver: "overlay" });
  expect(shown.IPAM.Config[0]?.Subnet).toMatch(/^10\.2(?:4|5)\d\.\d+\.0\/24$/);
  const listed = (await api.get("/networks")).json as { Name: string }[];
  expect(listed.map(({ Name }) => Name)).toEqual(["host", "none", "bridge", "back"]);
  expect((await api.post("/networks/create", { Name: "back", Driver: "overlay" })).status).toBe(
    409,
  );

  await api.create("on-back", {
    TaskTemplate: { ...TASK_TEMPLATE, Networks: [{ Target: "back" }] },
  });
  const refused = await remove("/networks/back");
  expect([refused.status, refused.text]).toEqual([
    400,
    expect.stringMatching(/network \w+ is in use by service \w+ \(on-back\)/),
  ]);
  expect((await remove("/services/on-back")).status).toBe(200);
  expect((await remove(`/networks/${Id}`)).status).toBe(204);
  expect((await api.get("/networks/back?scope=swarm")).status).toBe(404);
});

test.each([
  [{ Name: "a", IPAM: { Config: [{ Subnet: "10.9.0.0" }] } }, 400, "invalid subnet 10.9.0.0"],
  [
    { Name: "a", IPAM: { Config: [{ Subnet: "10.9.0.0/24", Gateway: "10.8.0.1" }] } },
    400,
    "invalid gateway 10.8.0.1",
  ],
  [{ Name: "" }, 400, "network name must be provided"],
  [{ Name: "bridge" }, 403, "operation is not permitted on predefined bridge network"],
])("%j is refused", async (wish, status, words) => {
  const answer = await api.post("/networks/create", { Driver: "overlay", ...wish });
  expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(words)]);
});
