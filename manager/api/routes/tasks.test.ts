/** Tasks, as `service ps` and progress displays ask for them. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { Task as TaskSchema } from "../../../shared/docker-api/task.js";
import { checkShape } from "../../../shared/docker-api/validate.js";
import { sampleTask } from "../../../test/samples/objects.js";
import { type ApiAnswer, callApi, filtered } from "../../../test/setup/api-client.js";
import { ApiFixture, TASK_TEMPLATE } from "../../../test/setup/api-fixture.js";

let api: ApiFixture;
beforeAll(async () => {
  api = await ApiFixture.start();
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

describe("tasks", () => {
  test("are shown with their template, and filtered", async () => {
    await using host = await ApiFixture.start();
    const call = (path: string, body?: unknown): Promise<ApiAnswer> =>
      callApi(host.socketPath, { path, body });
    await call("/services/create", { Name: "web", TaskTemplate: TASK_TEMPLATE });
    await call("/services/create", { Name: "db", TaskTemplate: TASK_TEMPLATE });
    const running = await host.addTask("web", {
      nodeId: host.managerId,
      status: {
        state: "running",
        atMs: 1_700_000_000_123,
        message: "started",
        container: { containerId: "c1", pid: 7 },
        ports: [{ protocol: "tcp", targetPort: 80, publishedPort: 8080 }],
      },
    });
    const stuck = await host.addTask("web", {
      slot: 2,
      status: { state: "pending", atMs: 0, message: "pending", error: "no suitable node" },
    });
    const other = await host.addTask("db");
    const { version } = host.store.committed.serviceByName("web")!;
    const spec = { Name: "web", TaskTemplate: { ContainerSpec: { Image: "new" } } };
    await call(`/services/web/update?version=${version}`, spec);
    const fresh = await host.addTask("web", { slot: 1, desired: "ready" });

    const shown = await call(`/tasks/${running}`);
    expect(checkShape(TaskSchema, shown.json)).toMatchObject({ ok: true });
    expect(shown.json).toMatchObject({
      ID: running,
      Name: `web.1.${running}`,
      Spec: TASK_TEMPLATE,
      Slot: 1,
      NodeID: host.managerId,
      DesiredState: "running",
      Status: {
        Timestamp: "2023-11-14T22:13:20.123Z",
        State: "running",
        ContainerStatus: { ContainerID: "c1", PID: 7, ExitCode: 0 },
        PortStatus: {
          Ports: [{ Protocol: "tcp", TargetPort: 80, PublishedPort: 8080, PublishMode: "host" }],
        },
      },
    });
    expect((await call(`/tasks/web.2.${stuck}`)).json).toMatchObject({
      ID: stuck,
      Status: { Err: "no suitable node" },
    });

    const cases: [unknown, string[]][] = [
      [{}, [running, stuck, other, fresh]],
      [{ service: ["web"] }, [running, stuck, fresh]],
      [{ service: { db: true, web: true } }, [running, stuck, other, fresh]],
      [{ service: ["web"], "_up-to-date": { true: true } }, [fresh]],
      [{ "up-to-date": ["true"] }, [other, fresh]],
      [{ node: ["manager1"] }, [running]],
      [{ node: [host.managerId.slice(0, 6)], service: ["db"] }, []],
      [{ "desired-state": ["ready"] }, [fresh]],
      [{ "desired-state": ["running", "Ready"] }, [running, stuck, other, fresh]],
      [{ name: ["web.2"] }, [stuck]],
      [{ id: [other.slice(0, 10)] }, [other]],
      [{ runtime: ["container"] }, [running, stuck, other, fresh]],
      [{ label: ["x"] }, []],
    ];
    for (const [filters, expected] of cases) {
      const { json } = await call(filtered("/tasks", filters));
      expect((json as { ID: string }[]).map(({ ID }) => ID).sort()).toEqual([...expected].sort());
    }
  });

  test("one that backs off says how long, and after what", async () => {
    await api.create("failing");
    const service = api.store.committed.serviceByName("failing")!;
    const task = sampleTask({
      id: "backing-off",
      service: service.id,
      desired: "ready",
      state: "ready",
    });
    await api.store.update((tx) => {
      const restartsAtMs = Array.from({ length: 7 }, (_, i) => tx.atMs - 6_000 + i * 1_000);
      tx.apply({ kind: "create-task", task: { ...task, nodeId: api.managerId, restartsAtMs } });
    });
    expect(await api.inspect(`/tasks/${task.id}`)).toMatchObject({
      Status: { Err: "waits 7s after 7 restarts in a row" },
    });
  });
});
