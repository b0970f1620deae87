/** In a swarm and outside one. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { Swarm as SwarmSchema } from "../../../shared/docker-api/swarm-spec.js";
import { checkShape } from "../../../shared/docker-api/validate.js";
import { type ApiAnswer, callApi } from "../../../test/setup/api-client.js";
import type { ShownObject } from "../../../test/setup/api-fixture.js";
import { ApiFixture, TASK_TEMPLATE } from "../../../test/setup/api-fixture.js";

let api: ApiFixture;
beforeAll(async () => {
  api = await ApiFixture.start();
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

describe("outside a swarm", () => {
  test.each([
    [
      "none",
      'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
    ],
    [
      "worker",
      "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state. Please run this command on a manager node or promote the current node to a manager.",
    ],
  ] as const)("role %s", async (role, message) => {
    await using host = await ApiFixture.start({ role });
    const paths = ["/services", "/tasks", "/nodes", "/swarm", "/secrets", "/configs", "/nodes/x"];
    for (const path of paths) {
      const answer = await callApi(host.socketPath, { path });
      expect([answer.status, answer.json]).toEqual([503, { message }]);
    }
    const created = await callApi(host.socketPath, {
      path: "/services/create",
      body: { Name: "web", TaskTemplate: TASK_TEMPLATE },
    });
    expect([created.status, created.json]).toEqual([503, { message }]);
    const ping = await callApi(host.socketPath, { path: "/_ping" });
    expect(ping.headers["swarm"]).toBe(role === "none" ? "inactive" : "active/worker");
    const info = (await callApi(host.socketPath, { path: "/info" })).json;
    expect(info).toMatchObject({ Swarm: { ControlAvailable: false } });
  });

  test("init, and again; leave, and again", async () => {
    await using host = await ApiFixture.start({ role: "none" });
    const call = (path: string, body?: unknown): Promise<ApiAnswer> =>
      callApi(host.socketPath, { method: "POST", path, body });
    const wish = { ListenAddr: "0.0.0.0:2377" };
    const made = await call("/v1.50/swarm/init", wish);
    expect([made.status, made.text]).toEqual([200, JSON.stringify(host.managerId)]);
    expect(made.headers["content-type"]).toBe("application/json");
    const again = await call("/swarm/init", wish);
    expect(again.status).toBe(503);
    expect(again.text).toContain("This node is already part of a swarm.");
    expect((await call("/swarm/leave")).status).toBe(503);
    const left = await call("/swarm/leave?force=1");
    expect([left.status, left.text]).toEqual([200, ""]);
    const twice = await call("/swarm/leave?force=1");
    expect([twice.status, twice.json]).toEqual([
      503,
      { message: "This node is not part of a swarm" },
    ]);
    const joined = await call("/swarm/join", {
      ...wish,
      RemoteAddrs: ["10.0.0.1:2377"],
      JoinToken: "x",
    });
    expect(joined.status).toBe(200);
  });
});

describe("swarm", () => {
  test("inspect, update, rotate a token", async () => {
    const before = await api.get("/swarm");
    expect(checkShape(SwarmSchema, before.json)).toMatchObject({ ok: true });
    const shown = before.json as ShownObject & { JoinTokens: { Worker: string; Manager: string } };
    const spec = { ...shown.Spec, Orchestration: { TaskHistoryRetentionLimit: 2 } };
    const version = shown.Version.Index;
    const updated = await api.post(`/swarm/update?version=${version}&rotateWorkerToken=true`, spec);
    expect([updated.status, updated.text]).toEqual([200, ""]);
    const after = (await api.get("/swarm")).json as typeof shown;
    // As Docker's clients send it: without what they do not know, and that stays.
    expect(after.Spec["Orchestration"]).toMatchObject({
      TaskHistoryRetentionLimit: 2,
      PlacementStrategy: "spread",
      Rebalance: { When: "on-request", Parallelism: 1, CoolDown: 60e9 },
    });
    expect(after.JoinTokens.Worker).not.toBe(shown.JoinTokens.Worker);
    expect(after.JoinTokens.Manager).toBe(shown.JoinTokens.Manager);
    const stale = await api.post(`/swarm/update?version=${version}`, spec);
    expect([stale.status, stale.text]).toEqual([
      409,
      expect.stringContaining("update out of sequence"),
    ]);
  });

  test.each([
    [
      { Name: "other" },
      400,
      "rpc error: code = InvalidArgument desc = modification of cluster name is not allowed",
    ],
    [
      { CAConfig: { NodeCertExpiry: 1e9 } },
      400,
      "rpc error: code = InvalidArgument desc = minimum certificate expiry time is: 1h0m0s",
    ],
    [
      { Raft: { ElectionTick: 5, HeartbeatTick: 5 } },
      400,
      "rpc error: code = InvalidArgument desc = election tick 5 must be greater than heartbeat tick 5: a leader must be heard before others stand",
    ],
    [
      { Dispatcher: { SilenceLimit: 1 } },
      400,
      "rpc error: code = InvalidArgument desc = invalid silence limit 1ns: it must be between 1s and 1h",
    ],
    [
      { EncryptionConfig: { AutoLockManagers: true } },
      501,
      "rpc error: code = Unimplemented desc = locking managers (autolock) is not available yet",
    ],
  ])("%j is refused", async (spec, status, message) => {
    const { Version } = await api.inspect("/swarm");
    const answer = await api.post(`/swarm/update?version=${Version.Index}`, spec);
    expect([answer.status, answer.json]).toEqual([status, { message }]);
  });

  test("nothing is locked", async () => {
    expect((await api.get("/swarm/unlockkey")).json).toEqual({ UnlockKey: "" });
    const unlocked = await api.post("/swarm/unlock", { UnlockKey: "x" });
    expect([unlocked.status, unlocked.json]).toEqual([409, { message: "swarm is not locked" }]);
  });
});
