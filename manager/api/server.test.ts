/** The API's answers, as clients get them over a unix socket. */
import { existsSync, statSync } from "node:fs";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { Node as NodeSchema } from "../../shared/docker-api/node-spec.js";
import { Service as ServiceSchema } from "../../shared/docker-api/service-spec.js";
import { Swarm as SwarmSchema } from "../../shared/docker-api/swarm-spec.js";
import { SystemInfo, SystemVersion } from "../../shared/docker-api/system.js";
import { Task as TaskSchema } from "../../shared/docker-api/task.js";
import { checkShape } from "../../shared/docker-api/validate.js";
import type { ServiceId } from "../../shared/model/ids.js";
import { type ApiAnswer, callApi, openRaw } from "../../test/setup/api-client.js";
import { ApiFixture } from "../../test/setup/api-fixture.js";

let api: ApiFixture;
beforeAll(async () => {
  api = await ApiFixture.start();
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

const TASK_TEMPLATE = { ContainerSpec: { Image: "skep/busybox:1", Args: ["sleep", "9"] } };

function get(path: string): Promise<ApiAnswer> {
  return callApi(api.socketPath, { path });
}

function post(path: string, body: unknown, headers = {}): Promise<ApiAnswer> {
  return callApi(api.socketPath, { path, body, headers });
}

async function create(name: string, spec: Record<string, unknown> = {}): Promise<string> {
  const answer = await post("/services/create", {
    Name: name,
    TaskTemplate: TASK_TEMPLATE,
    ...spec,
  });
  expect(answer.status).toBe(201);
  return (answer.json as { ID: string }).ID;
}

interface Shown {
  readonly ID: string;
  readonly Version: { readonly Index: number };
  readonly Spec: Record<string, unknown>;
  readonly PreviousSpec?: Record<string, unknown>;
}

async function inspect(path: string): Promise<Shown> {
  const answer = await get(path);
  expect(answer.status).toBe(200);
  return answer.json as Shown;
}

function names(answer: ApiAnswer): string[] {
  return (answer.json as { Spec: { Name: string } }[]).map((service) => service.Spec.Name).sort();
}

function filtered(path: string, filters: unknown): string {
  return `${path}?filters=${encodeURIComponent(JSON.stringify(filters))}`;
}

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
    const answer = await get(path);
    expect(checkShape(SystemVersion, answer.json)).toMatchObject({ ok: true });
    expect(answer.json).toMatchObject({
      ApiVersion: "1.50",
      MinAPIVersion: "1.24",
      Components: [{ Name: "Skep" }],
    });
  });

  test("info shows the swarm", async () => {
    const { json } = await get("/info");
    expect(checkShape(SystemInfo, json)).toMatchObject({ ok: true });
    const cluster = api.store.committed.cluster()!;
    expect(json).toMatchObject({
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
    const before = await get("/swarm");
    expect(checkShape(SwarmSchema, before.json)).toMatchObject({ ok: true });
    const shown = before.json as Shown & { JoinTokens: { Worker: string; Manager: string } };
    const spec = { ...shown.Spec, Orchestration: { TaskHistoryRetentionLimit: 2 } };
    const version = shown.Version.Index;
    const updated = await post(`/swarm/update?version=${version}&rotateWorkerToken=true`, spec);
    expect([updated.status, updated.text]).toEqual([200, ""]);
    const after = (await get("/swarm")).json as typeof shown;
    expect(after.Spec["Orchestration"]).toEqual({ TaskHistoryRetentionLimit: 2 });
    expect(after.JoinTokens.Worker).not.toBe(shown.JoinTokens.Worker);
    expect(after.JoinTokens.Manager).toBe(shown.JoinTokens.Manager);
    const stale = await post(`/swarm/update?version=${version}`, spec);
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
      { EncryptionConfig: { AutoLockManagers: true } },
      501,
      "rpc error: code = Unimplemented desc = locking managers (autolock) is not available yet",
    ],
  ])("%j is refused", async (spec, status, message) => {
    const { Version } = await inspect("/swarm");
    const answer = await post(`/swarm/update?version=${Version.Index}`, spec);
    expect([answer.status, answer.json]).toEqual([status, { message }]);
  });

  test("nothing is locked", async () => {
    expect((await get("/swarm/unlockkey")).json).toEqual({ UnlockKey: "" });
    const unlocked = await post("/swarm/unlock", { UnlockKey: "x" });
    expect([unlocked.status, unlocked.json]).toEqual([409, { message: "swarm is not locked" }]);
  });
});

describe("services", () => {
  test("what was declared is shown, completed", async () => {
    const id = await create("shown", { Labels: { a: "b" } });
    const shown = await inspect(`/v1.41/services/${id}`);
    expect(checkShape(ServiceSchema, shown)).toMatchObject({ ok: true });
    expect(shown.Spec).toMatchObject({
      Name: "shown",
      Labels: { a: "b" },
      TaskTemplate: { ...TASK_TEMPLATE, RestartPolicy: { Condition: "any" }, Runtime: "container" },
      Mode: { Replicated: { Replicas: 1 } },
      EndpointSpec: { Mode: "vip" },
    });
    expect(shown).not.toHaveProperty("PreviousSpec");
  });

  test("by id, name, and the beginning of an id", async () => {
    const id = await create("found");
    for (const reference of [id, "found", id.slice(0, 12)]) {
      expect((await inspect(`/services/${reference}`)).ID).toBe(id);
    }
    const ambiguous = await get("/services/");
    expect(ambiguous.status).toBe(404);
  });

  test("one without a name gets one", async () => {
    const answer = await post("/services/create", { TaskTemplate: TASK_TEMPLATE });
    const { Spec } = await inspect(`/services/${(answer.json as { ID: string }).ID}`);
    expect(Spec["Name"]).toMatch(/^[a-z]+_[a-z]+\d+$/);
  });

  test("scaling makes no revision, a new image does, and a rollback goes back to the old one", async () => {
    const id = (await create("history")) as ServiceId;
    const revisions = (): number[] => api.store.committed.revisions(id).map(({ number }) => number);
    const declared = await inspect("/services/history");
    const scaled = { ...declared.Spec, Mode: { Replicated: { Replicas: 5 } } };
    const update = async (spec: unknown, query = ""): Promise<ApiAnswer> => {
      const { Version } = await inspect("/services/history");
      return await post(`/services/${id}/update?version=${Version.Index}${query}`, spec);
    };
    const answer = await update(scaled);
    expect([answer.status, answer.text.trim()]).toEqual([200, '{"Warnings":null}']);
    expect(revisions()).toEqual([1]);
    const changed = { ...scaled, TaskTemplate: { ContainerSpec: { Image: "skep/busybox:2" } } };
    await update(changed);
    expect(revisions()).toEqual([1, 2]);
    const now = await inspect("/services/history");
    expect(now.Spec).toMatchObject(changed);
    expect(now.PreviousSpec).toMatchObject(scaled);
    const rolledBack = await update({}, "&rollback=previous");
    expect(rolledBack.status).toBe(200);
    expect(await inspect("/services/history")).toMatchObject({
      Spec: scaled,
      PreviousSpec: changed,
    });
    expect(revisions()).toEqual([1, 2]);
    expect(api.store.committed.service(id)!.revision).toBe(1);
  });

  test("a rollback of what was never updated is refused", async () => {
    const id = await create("young");
    const { Version } = await inspect("/services/young");
    const answer = await post(
      `/services/young/update?version=${Version.Index}&rollback=previous`,
      {},
    );
    expect([answer.status, answer.json]).toEqual([
      400,
      {
        message: `rpc error: code = FailedPrecondition desc = service ${id} does not have a previous spec`,
      },
    ]);
  });

  test.each([
    ["another name", { Name: "renamed" }, "renaming services is not supported"],
    [
      "another mode",
      { Mode: { Global: {} } },
      "global services are not available yet: only replicated ones are",
    ],
  ])("%s is refused", async (what, change, message) => {
    const name = what.replace(" ", "-");
    await create(name);
    const { Spec, Version } = await inspect(`/services/${name}`);
    const answer = await post(`/services/${name}/update?version=${Version.Index}`, {
      ...Spec,
      ...change,
    });
    expect([answer.status, answer.json]).toEqual([
      501,
      { message: `rpc error: code = Unimplemented desc = ${message}` },
    ]);
  });

  test("a request that is sent again gets its answer again", async () => {
    const body = { Name: "once", TaskTemplate: TASK_TEMPLATE };
    for (const header of ["X-Skep-Request-Id", "Idempotency-Key"]) {
      const headers = { [header]: "request-1" };
      const first = await post("/services/create", body, headers);
      const { sequence } = api.store.committed;
      const second = await post("/services/create", body, headers);
      expect(first.status).toBe(201);
      expect([second.status, second.json]).toEqual([201, first.json]);
      expect(api.store.committed.sequence).toBe(sequence);
    }
    const removed = (): Promise<ApiAnswer> =>
      callApi(api.socketPath, {
        method: "DELETE",
        path: "/services/once",
        headers: { "X-Skep-Request-Id": "request-2" },
      });
    expect((await removed()).status).toBe(200);
    expect((await removed()).status).toBe(200);
    expect((await get("/services/once")).status).toBe(404);
  });

  test("a port in the mesh belongs to one service, and is not reachable yet", async () => {
    const ports = { EndpointSpec: { Ports: [{ TargetPort: 80, PublishedPort: 8080 }] } };
    const answer = await post("/services/create", {
      Name: "mesh",
      TaskTemplate: TASK_TEMPLATE,
      ...ports,
    });
    const { ID, Warnings } = answer.json as { ID: string; Warnings: string[] };
    expect(Warnings).toEqual([expect.stringMatching(/^port 8080->80\/tcp is not reachable/)]);
    const second = await post("/services/create", {
      Name: "mesh2",
      TaskTemplate: TASK_TEMPLATE,
      ...ports,
    });
    expect(second.json).toEqual({
      message: `rpc error: code = InvalidArgument desc = port '8080' is already in use by service 'mesh' (${ID}) as an ingress port`,
    });
    const { Spec, Version } = await inspect("/services/mesh");
    const kept = await post(`/services/mesh/update?version=${Version.Index}`, {
      ...Spec,
      Labels: { x: "y" },
    });
    expect(kept.status).toBe(200);
  });

  test("ports on the tasks' own hosts may be wanted by several", async () => {
    const port = { TargetPort: 80, PublishedPort: 9090, PublishMode: "host" };
    const id = (await create("host1", { EndpointSpec: { Ports: [port] } })) as ServiceId;
    await create("host2", { EndpointSpec: { Ports: [port] } });
    expect(await inspect("/services/host1")).toMatchObject({
      Endpoint: { Ports: [{ ...port, Protocol: "tcp" }] },
    });
    expect(api.store.committed.revision(id, 1)!.hostPorts).toMatchObject([port]);
  });

  test("credentials that nobody keeps are spoken of", async () => {
    const auth = { "X-Registry-Auth": Buffer.from('{"username":"a"}').toString("base64url") };
    const answer = await post(
      "/services/create",
      { Name: "auth", TaskTemplate: TASK_TEMPLATE },
      auth,
    );
    expect(answer.text).toContain("registry credentials are not handed to the nodes yet");
    const none = await post(
      "/services/create",
      { Name: "noauth", TaskTemplate: TASK_TEMPLATE },
      { "X-Registry-Auth": "e30=" },
    );
    expect(none.json).toMatchObject({ Warnings: null });
  });

  test("the list, by filters in both notations", async () => {
    await using host = await ApiFixture.start();
    const list = (filters: unknown): Promise<ApiAnswer> =>
      callApi(host.socketPath, { path: filtered("/services", filters) });
    for (const [name, labels] of [
      ["web", { tier: "front" }],
      ["web2", { tier: "back" }],
      ["db", {}],
    ] as const) {
      await callApi(host.socketPath, {
        path: "/services/create",
        body: { Name: name, Labels: labels, TaskTemplate: TASK_TEMPLATE },
      });
    }
    const cases: [unknown, string[]][] = [
      [{}, ["db", "web", "web2"]],
      [{ name: ["web"] }, ["web", "web2"]],
      [{ name: { web2: true, db: true } }, ["db", "web2"]],
      [{ label: ["tier"] }, ["web", "web2"]],
      [{ label: { "tier=front": true } }, ["web"]],
      [{ label: ["tier=front", "nothing"] }, []],
      [{ mode: ["replicated"] }, ["db", "web", "web2"]],
      [{ mode: ["global"] }, []],
      [{ runtime: ["plugin"] }, []],
      [{ id: [host.store.committed.serviceByName("db")!.id.slice(0, 8)] }, ["db"]],
    ];
    for (const [filters, expected] of cases) expect(names(await list(filters))).toEqual(expected);
    const status = { state: "running", atMs: 0, message: "started" } as const;
    await host.addTask("web", { nodeId: host.managerId, status });
    await host.addTask("web", { slot: 2 });
    const counted = await callApi(host.socketPath, { path: "/services?status=true" });
    const statuses = (counted.json as { Spec: { Name: string }; ServiceStatus: unknown }[]).find(
      ({ Spec }) => Spec.Name === "web",
    );
    expect(statuses?.ServiceStatus).toEqual({
      RunningTasks: 1,
      DesiredTasks: 1,
      CompletedTasks: 0,
    });
  });
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
      [
        update(worker, { Role: "manager", Availability: "active" }),
        501,
        `rpc error: code = Unimplemented desc = node ${worker} cannot become a manager: changing a node's role is not available yet`,
      ],
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
});

describe("what is not there yet", () => {
  test.each(["secrets", "configs"])("%s", async (kind) => {
    expect((await get(`/${kind}`)).json).toEqual([]);
    const made = await post(`/${kind}/create`, { Name: "x", Data: "" });
    expect([made.status, made.text]).toEqual([
      501,
      expect.stringContaining(`${kind} are not available yet`),
    ]);
  });

  test("of networks, services see those that every host has", async () => {
    expect((await get("/networks/host?scope=swarm")).json).toMatchObject({
      Id: "host",
      Scope: "swarm",
    });
    expect((await get("/networks/back?scope=swarm")).status).toBe(404);
    await create("onhost", {
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
    const answer = await get(path);
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

describe("the socket", () => {
  test("of a daemon that lives is not taken; that of a dead one is", async () => {
    const fixture = new ApiFixture();
    await fixture.listen();
    const rival = new ApiFixture({ socketPath: fixture.socketPath });
    await expect(rival.listen()).rejects.toThrow(/another process answers there/);
    await fixture[Symbol.asyncDispose]();
    expect(existsSync(fixture.socketPath)).toBe(false);
  });
});
