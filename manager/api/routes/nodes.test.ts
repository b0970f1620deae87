/** Nodes, and what may be done to them. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import {
  Node as NodeSchema,
  type Node as ShownNode,
} from "../../../shared/docker-api/node-spec.js";
import { checkShape } from "../../../shared/docker-api/validate.js";
import { type ApiAnswer, callApi, filtered } from "../../../test/setup/api-client.js";
import { ApiFixture, TASK_TEMPLATE } from "../../../test/setup/api-fixture.js";

let api: ApiFixture;
beforeAll(async () => {
  api = await ApiFixture.start();
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

describe("nodes", () => {
  test("are shown and filtered", async () => {
    await using host = await ApiFixture.start();
    const call = (path: string): Promise<ApiAnswer> => callApi(host.socketPath, { path });
    const worker = await host.addNode("worker1", { Labels: { zone: "east" } });
    const shown = await call(`/nodes/${host.managerId}`);
    expect(checkShape(NodeSchema, shown.json)).toMatchObject({ ok: true });
    expect(shown.json).toMatchObject({
      Spec: { Role: "manager", Availability: "active", Labels: {} },
      Description: { Hostname: "manager1" },
      Status: { State: "ready", Addr: "127.0.0.1" },
      ManagerStatus: { Leader: true, Reachability: "reachable", Addr: "127.0.0.1:2377" },
    });
    expect((await call("/nodes/worker1")).json).not.toHaveProperty("ManagerStatus");
    const both = [host.managerId, worker];
    const cases: [unknown, string[]][] = [
      [{}, both],
      [{ role: ["worker"] }, [worker]],
      [{ role: { Manager: true } }, [host.managerId]],
      [{ name: ["work"] }, [worker]],
      [{ "node.label": ["zone=east"] }, [worker]],
      [{ label: ["disk=ssd"] }, both],
      [{ membership: ["accepted"] }, both],
      [{ membership: ["pending"] }, []],
      [{ id: [worker] }, [worker]],
    ];
    for (const [filters, expected] of cases) {
      const { json } = await call(filtered("/nodes", filters));
      expect((json as { ID: string }[]).map(({ ID }) => ID).sort()).toEqual([...expected].sort());
    }
    await host.addNode("worker1");
    const twins = await call("/nodes/worker1");
    expect([twins.status, twins.json]).toEqual([
      400,
      { message: "node worker1 is ambiguous (2 matches found)" },
    ]);
  });

  test("are drained, kept from what cannot be, and removed", async () => {
    await using host = await ApiFixture.start();
    const call = (method: string, path: string, body?: unknown): Promise<ApiAnswer> =>
      callApi(host.socketPath, { method, path, body });
    const worker = await host.addNode("worker1");
    const update = async (id: string, spec: unknown): Promise<ApiAnswer> => {
      const { version } = host.store.committed.nodes().find((node) => node.id === id)!;
      return await call("POST", `/nodes/${id}/update?version=${version}`, spec);
    };
    const drained = await update(worker, { Role: "worker", Availability: "drain" });
    expect([drained.status, drained.text]).toEqual([200, ""]);
    expect(host.store.committed.node(worker)!.spec.Availability).toBe("drain");
    const refusals: [Promise<ApiAnswer>, number, string][] = [
      [update(worker, { Availability: "active" }), 400, 'invalid Role: ""'],
      [update(worker, { Role: "worker" }), 400, 'invalid Availability: ""'],
      [update(worker, { Role: "king", Availability: "active" }), 400, 'invalid Role: "king"'],
      [update(worker, { Role: "worker", Availability: "off" }), 400, 'invalid Availability: "off"'],
      [
        update(host.managerId, { Role: "worker", Availability: "active" }),
        400,
        "rpc error: code = FailedPrecondition desc = attempting to demote the last manager of the swarm",
      ],
      [
        call("DELETE", `/nodes/${worker}`),
        400,
        `rpc error: code = FailedPrecondition desc = node ${worker} is not down and can't be removed`,
      ],
      [
        call("DELETE", "/nodes/manager1?force=1"),
        400,
        `rpc error: code = FailedPrecondition desc = node ${host.managerId} is a cluster manager and is a member of the raft cluster. It must be demoted to worker before removal`,
      ],
    ];
    for (const [answered, status, message] of refusals) {
      const answer = await answered;
      expect([answer.status, answer.json]).toEqual([status, { message }]);
    }
    await callApi(host.socketPath, {
      path: "/services/create",
      body: { Name: "web", TaskTemplate: TASK_TEMPLATE },
    });
    const task = await host.addTask("web", { nodeId: worker });
    const removed = await call("DELETE", "/nodes/worker1?force=true");
    expect([removed.status, removed.text]).toEqual([200, ""]);
    expect(host.store.committed.task(task)!.status.state).toBe("orphaned");
    expect((await call("GET", "/nodes/worker1")).status).toBe(404);
  });

  test("are drained by a deadline, which ends with the drain", async () => {
    const worker = await api.addNode("draining");
    const drain = (body: object): Promise<ApiAnswer> =>
      api.post("/v1.41/skep/v1/nodes/draining/drain", body);
    const shown = async () => (await api.inspect(`/nodes/${worker}`)) as unknown as ShownNode;
    const update = async (edit: object): Promise<void> => {
      const { Version, Spec } = await shown();
      const { DrainDeadline: _, ...spec } = { ...Spec, ...edit };
      await api.post(`/nodes/${worker}/update?version=${Version.Index}`, spec);
    };
    expect((await drain({ Within: 60e9 })).status).toBe(200);
    const { Spec } = await shown();
    expect(Spec.Availability).toBe("drain");
    expect(Date.parse(Spec.DrainDeadline ?? "")).toBeGreaterThan(0);
    // As Docker's clients send it: without what they do not know.
    await update({ Labels: { a: "b" } });
    expect((await shown()).Spec).toMatchObject({
      Labels: { a: "b" },
      DrainDeadline: Spec.DrainDeadline,
    });
    await drain({});
    expect((await shown()).Spec).not.toHaveProperty("DrainDeadline");
    await drain({ Within: 0 });
    await update({ Availability: "active" });
    expect((await shown()).Spec).not.toHaveProperty("DrainDeadline");
    expect((await drain({ Within: -1 })).status).toBe(400);
    expect((await api.post("/skep/v1/nodes/nobody/drain", {})).status).toBe(404);
  });
});
