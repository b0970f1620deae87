/** Ping, version, info. */
import { statSync } from "node:fs";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { SystemInfo, SystemVersion } from "../../../shared/docker-api/system.js";
import { checkShape } from "../../../shared/docker-api/validate.js";
import { callApi, openRaw } from "../../../test/setup/api-client.js";
import { ApiFixture } from "../../../test/setup/api-fixture.js";

let api: ApiFixture;
beforeAll(async () => {
  api = await ApiFixture.start();
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

describe("on every host", () => {
  test("a ping says who we are", async () => {
    for (const method of ["GET", "HEAD"]) {
      const answer = await callApi(api.socketPath, { method, path: "/_ping" });
      expect(answer.status).toBe(200);
      expect(answer.text).toBe(method === "GET" ? "OK" : "");
      expect(answer.headers).toMatchObject({
        "api-version": "1.50",
        "docker-experimental": "false",
        ostype: "linux",
        swarm: "active/manager",
        "cache-control": "no-cache, no-store, must-revalidate",
      });
      expect(answer.headers["server"]).toMatch(/^Skep\/\d/);
    }
  });

  test.each(["/version", "/v1.24/version", "/v1.50/version"])("%s", async (path) => {
    const answer = await api.get(path);
    expect(checkShape(SystemVersion, answer.json)).toMatchObject({ ok: true });
    expect(answer.json).toMatchObject({
      ApiVersion: "1.50",
      MinAPIVersion: "1.24",
      Components: [{ Name: "Skep" }],
    });
  });

  test("info shows what else the host has, as its user said", async () => {
    expect((await api.get("/info")).json).toMatchObject({
      GenericResources: [{ DiscreteResourceSpec: { Kind: "ssd", Value: 2 } }],
    });
  });

  test("info shows the swarm", async () => {
    const { json } = await api.get("/info");
    expect(checkShape(SystemInfo, json)).toMatchObject({ ok: true });
    const cluster = api.store.committed.cluster()!;
    expect(json).toMatchObject({
      Name: "manager1",
      OSType: "linux",
      Swarm: {
        NodeID: api.managerId,
        NodeAddr: "127.0.0.1",
        LocalNodeState: "active",
        ControlAvailable: true,
        RemoteManagers: [{ NodeID: api.managerId, Addr: "127.0.0.1:2377" }],
        Nodes: 1,
        Managers: 1,
        Cluster: { ID: cluster.id, TLSInfo: { TrustRoot: cluster.authority.certificatePem } },
      },
    });
    expect(JSON.stringify(json)).not.toContain(cluster.joinTokens.worker);
    expect(JSON.stringify(json)).not.toContain("PRIVATE KEY");
  });

  test("the socket is for root and its group alone", () => {
    expect(statSync(api.socketPath).mode & 0o777).toBe(0o660);
  });

  test("an upgrade of what is ours is not taken", async () => {
    const raw = openRaw(api.socketPath);
    await raw.write(
      "GET /_ping HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
    );
    expect(await raw.closed).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*OK$/);
  });
});
