/** What is not there yet, and hosts without an engine. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { openRaw } from "../../../test/setup/api-client.js";
import { ApiFixture, TASK_TEMPLATE } from "../../../test/setup/api-fixture.js";

let api: ApiFixture;
beforeAll(async () => {
  api = await ApiFixture.start();
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

describe("what is not there yet", () => {
  test.each(["secrets", "configs"])("%s", async (kind) => {
    expect((await api.get(`/${kind}`)).json).toEqual([]);
    const made = await api.post(`/${kind}/create`, { Name: "x", Data: "" });
    expect([made.status, made.text]).toEqual([
      501,
      expect.stringContaining(`${kind} are not available yet`),
    ]);
  });

  test("of networks, services see those that every host has", async () => {
    expect((await api.get("/networks/host?scope=swarm")).json).toMatchObject({
      Id: "host",
      Scope: "swarm",
    });
    expect((await api.get("/networks/back?scope=swarm")).status).toBe(404);
    await api.create("onhost", {
      TaskTemplate: { ...TASK_TEMPLATE, Networks: [{ Target: "host" }] },
    });
  });
});

describe("without an engine", () => {
  test.each([
    ["/containers/json", 200, []],
    ["/v1.50/images/json?all=1", 200, []],
    ["/volumes", 200, { Volumes: [], Warnings: null }],
    ["/plugins", 200, []],
    ["/containers/web/json", 404, { message: "No such container: web" }],
    ["/images/skep/busybox:1/json", 404, { message: "No such image: skep/busybox:1" }],
    ["/volumes/a%20b", 404, { message: "get a b: no such volume" }],
    ["/plugins/x/json", 404, { message: 'plugin "x" not found' }],
    ["/networks/back", 404, { message: "network back not found" }],
    [
      "/system/df",
      501,
      {
        message:
          "this host has no container engine: only services, tasks and nodes can be managed here",
      },
    ],
  ])("%s", async (path, status, body) => {
    const answer = await api.get(path);
    expect([answer.status, answer.json]).toEqual([status, body]);
  });

  test("an attach is refused as any other request", async () => {
    const raw = openRaw(api.socketPath);
    await raw.write(
      "POST /containers/x/attach HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n",
    );
    expect(await raw.closed).toMatch(/^HTTP\/1\.1 501 /);
  });
});
