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

test("a network that is full gets another subnet; what overlaps is refused", async () => {
  const IPAM = { Config: [{ Subnet: "10.9.0.0/29" }] };
  await api.post("/networks/create", { Name: "small", Driver: "overlay", IPAM });
  const add = (Subnet: string): Promise<ApiAnswer> =>
    api.post("/skep/v1/networks/small/update", { AddSubnets: [{ Subnet }] });
  for (const [subnet, words] of [
    ["10.9.0.0/30", /10\.9\.0\.0\/30 with 10\.9\.0\.0\/29 of network small \(\w+\) itself/],
    ["10.9.300.0/24", /invalid subnet 10\.9\.300\.0\/24: invalid CIDR address/],
  ] as const) {
    expect((await add(subnet)).text).toMatch(words);
  }
  expect((await api.post("/skep/v1/networks/small/update", {})).text).toContain(
    "no subnet is given",
  );
  expect((await add("10.9.1.0/24")).status).toBe(200);
  expect((await api.get("/networks/small")).json).toMatchObject({
    IPAM: { Config: [{ Subnet: "10.9.0.0/29" }, { Subnet: "10.9.1.0/24" }] },
  });
  expect((await remove("/networks/small")).status).toBe(204);
});

test("verbose tells who is on a network", async () => {
  await api.post("/networks/create", { Name: "seen", Driver: "overlay" });
  await api.create("web", { TaskTemplate: { ...TASK_TEMPLATE, Networks: [{ Target: "seen" }] } });
  expect(Object.keys((await api.get("/networks/seen")).json as object)).not.toContain("Services");
  expect((await api.get("/networks/seen?verbose=true")).json).toMatchObject({
    Peers: [],
    Services: {},
  });
  await remove("/services/web");
  await remove("/networks/seen");
});

test.each([
  [{ Name: "a", IPAM: { Config: [{ Subnet: "10.9.0.0" }] } }, 400, "invalid subnet 10.9.0.0"],
  [
    { Name: "a", IPAM: { Config: [{ Subnet: "10.9.0.0/24", Gateway: "10.8.0.1" }] } },
    400,
    "invalid gateway 10.8.0.1",
  ],
  [
    { Name: "a", IPAM: { Config: [{ Subnet: "127.0.0.0/24" }] } },
    400,
    "node manager1 itself has the address 127.0.0.1 in it",
  ],
  [{ Name: "a", Options: { encrypted: "" } }, 501, "encryption of networks is not available yet"],
  [{ Name: "" }, 400, "network name must be provided"],
  [{ Name: "bridge" }, 403, "operation is not permitted on predefined bridge network"],
])("%j is refused", async (wish, status, words) => {
  const answer = await api.post("/networks/create", { Driver: "overlay", ...wish });
  expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(words)]);
});
