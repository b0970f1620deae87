/** Services, from their declaration to their removal. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { Service as ServiceSchema } from "../../../shared/docker-api/service-spec.js";
import { checkShape } from "../../../shared/docker-api/validate.js";
import type { ServiceId } from "../../../shared/model/ids.js";
import { type ApiAnswer, callApi, filtered } from "../../../test/setup/api-client.js";
import { ApiFixture, TASK_TEMPLATE } from "../../../test/setup/api-fixture.js";

let api: ApiFixture;
beforeAll(async () => {
  api = await ApiFixture.start();
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

describe("services", () => {
  test("what was declared is shown, completed", async () => {
    const id = await api.create("shown", { Labels: { a: "b" } });
    const shown = await api.inspect(`/v1.41/services/${id}`);
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
    const id = await api.create("found");
    for (const reference of [id, "found", id.slice(0, 12)]) {
      expect((await api.inspect(`/services/${reference}`)).ID).toBe(id);
    }
    const ambiguous = await api.get("/services/");
    expect(ambiguous.status).toBe(404);
  });

  test("one without a name gets one", async () => {
    const answer = await api.post("/services/create", { TaskTemplate: TASK_TEMPLATE });
    const { Spec } = await api.inspect(`/services/${(answer.json as { ID: string }).ID}`);
    expect(Spec["Name"]).toMatch(/^[a-z]+_[a-z]+\d+$/);
  });

  test("scaling makes no revision, a new image does, and a rollback one with the old template", async () => {
    const id = (await api.create("history")) as ServiceId;
    const revisions = (): number[] => api.store.committed.revisions(id).map(({ number }) => number);
    const declared = await api.inspect("/services/history");
    const scaled = { ...declared.Spec, Mode: { Replicated: { Replicas: 5 } } };
    const update = async (spec: unknown, query = ""): Promise<ApiAnswer> => {
      const { Version } = await api.inspect("/services/history");
      return await api.post(`/services/${id}/update?version=${Version.Index}${query}`, spec);
    };
    const answer = await update(scaled);
    expect([answer.status, answer.text.trim()]).toEqual([200, '{"Warnings":null}']);
    expect(revisions()).toEqual([1]);
    const changed = { ...scaled, TaskTemplate: { ContainerSpec: { Image: "skep/busybox:2" } } };
    await update(changed);
    expect(revisions()).toEqual([1, 2]);
    const now = await api.inspect("/services/history");
    expect(now.Spec).toMatchObject(changed);
    expect(now.PreviousSpec).toMatchObject(scaled);
    const rolledBack = await update({}, "&rollback=previous");
    expect(rolledBack.status).toBe(200);
    expect(await api.inspect("/services/history")).toMatchObject({
      Spec: scaled,
      PreviousSpec: changed,
      UpdateStatus: { State: "rollback_started", Message: "manually requested rollback" },
    });
    expect(revisions()).toEqual([1, 2, 3]);
    const [first, , third] = api.store.committed.revisions(id);
    expect(third!.hash).toBe(first!.hash);
  });

  test("a rollback of what was never updated is refused", async () => {
    await api.create("young");
    const { Version } = await api.inspect("/services/young");
    const answer = await api.post(
      `/services/young/update?version=${Version.Index}&rollback=previous`,
      {},
    );
    expect([answer.status, answer.json]).toEqual([
      400,
      {
        message:
          "rpc error: code = FailedPrecondition desc = service young does not have a previous spec",
      },
    ]);
  });

  test.each([
    ["another name", { Name: "renamed" }, "renaming services is not supported"],
    ["another mode", { Mode: { Global: {} } }, "service mode change is not allowed"],
  ])("%s is refused", async (what, change, message) => {
    const name = what.replace(" ", "-");
    await api.create(name);
    const { Spec, Version } = await api.inspect(`/services/${name}`);
    const answer = await api.post(`/services/${name}/update?version=${Version.Index}`, {
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
      const first = await api.post("/services/create", body, headers);
      const { sequence } = api.store.committed;
      const second = await api.post("/services/create", body, headers);
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
    expect((await api.get("/services/once")).status).toBe(404);
  });

  test("a port in the mesh belongs to one service", async () => {
    const ports = { EndpointSpec: { Ports: [{ TargetPort: 80, PublishedPort: 8080 }] } };
    const answer = await api.post("/services/create", {
      Name: "mesh",
      TaskTemplate: TASK_TEMPLATE,
      ...ports,
    });
    const { ID, Warnings } = answer.json as { ID: string; Warnings: null };
    expect(Warnings).toBeNull();
    const second = await api.post("/services/create", {
      Name: "mesh2",
      TaskTemplate: TASK_TEMPLATE,
      ...ports,
    });
    expect(second.json).toEqual({
      message: `rpc error: code = InvalidArgument desc = port '8080' is already in use by service 'mesh' (${ID}) as an ingress port`,
    });
    const { Spec, Version } = await api.inspect("/services/mesh");
    const kept = await api.post(`/services/mesh/update?version=${Version.Index}`, {
      ...Spec,
      Labels: { x: "y" },
    });
    expect(kept.status).toBe(200);
  });

  test("ports on the tasks' own hosts may be wanted by several", async () => {
    const port = { TargetPort: 80, PublishedPort: 9090, PublishMode: "host" };
    const id = (await api.create("host1", { EndpointSpec: { Ports: [port] } })) as ServiceId;
    await api.create("host2", { EndpointSpec: { Ports: [port] } });
    expect(await api.inspect("/services/host1")).toMatchObject({
      Endpoint: { Ports: [{ ...port, Protocol: "tcp" }] },
    });
    expect(api.store.committed.revision(id, 1)!.hostPorts).toMatchObject([port]);
  });

  test("credentials that nobody keeps are spoken of", async () => {
    const auth = { "X-Registry-Auth": Buffer.from('{"username":"a"}').toString("base64url") };
    const answer = await api.post(
      "/services/create",
      { Name: "auth", TaskTemplate: TASK_TEMPLATE },
      auth,
    );
    expect(answer.text).toContain("registry credentials are not handed to the nodes yet");
    const none = await api.post(
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

function names(answer: ApiAnswer): string[] {
  return (answer.json as { Spec: { Name: string } }[]).map((service) => service.Spec.Name).sort();
}
