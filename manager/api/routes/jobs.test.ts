import { afterAll, beforeAll, expect, test } from "vitest";

import { Service as ServiceSchema } from "../../../shared/docker-api/service-spec.js";
import { Task as TaskSchema } from "../../../shared/docker-api/task.js";
import { checkShape } from "../../../shared/docker-api/validate.js";
import { filtered } from "../../../test/setup/api-client.js";
import { ApiFixture } from "../../../test/setup/api-fixture.js";

let api: ApiFixture;
beforeAll(async () => {
  api = await ApiFixture.start();
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

interface Shown {
  readonly JobStatus: { readonly JobIteration: { readonly Index: number } };
  readonly ServiceStatus: unknown;
  readonly Spec: { readonly TaskTemplate: { readonly ForceUpdate: number } };
  readonly Version: { readonly Index: number };
}

async function inspect(name: string): Promise<Shown> {
  return (await api.inspect(`/services/${name}`)) as unknown as Shown;
}

async function update(name: string, edit: object, query = ""): Promise<number> {
  const { Spec, Version } = await inspect(name);
  const path = `/services/${name}/update?version=${Version.Index}${query}`;
  const { status } = await api.post(path, { ...Spec, ...edit });
  expect(status).toBe(200);
  return (await inspect(name)).JobStatus.JobIteration.Index;
}

const BATCH = { ReplicatedJob: { TotalCompletions: 3, MaxConcurrent: 2 } };

test("a job has a status of its own, and runs again with a new template only", async () => {
  await api.create("batch", { Mode: BATCH });
  const shown = await inspect("batch");
  expect(shown).toMatchObject({ JobStatus: { LastExecution: expect.stringMatching(/^20/) } });
  expect(checkShape(ServiceSchema, shown).ok).toBe(true);
  const first = shown.JobStatus.JobIteration.Index;
  expect(await update("batch", { Labels: { a: "b" } })).toBe(first);
  expect(await update("batch", { Mode: { ReplicatedJob: { TotalCompletions: 5 } } })).toBe(first);
  const { TaskTemplate } = shown.Spec;
  const second = await update("batch", { TaskTemplate: { ...TaskTemplate, ForceUpdate: 1 } });
  expect(second).toBeGreaterThan(first);
});

test("a rollback of a job is a further run of what ran before", async () => {
  await api.create("again", { Mode: BATCH });
  const { TaskTemplate } = (await inspect("again")).Spec;
  const second = await update("again", { TaskTemplate: { ...TaskTemplate, ForceUpdate: 7 } });
  const third = await update("again", {}, "&rollback=previous");
  expect(third).toBeGreaterThan(second);
  expect((await inspect("again")).Spec.TaskTemplate).toEqual(TaskTemplate);
});

test("its tasks name their run, and their slots count from 0", async () => {
  await api.create("count", { Mode: BATCH });
  const status = { atMs: 0, message: "" };
  await api.addTask("count", { slot: 1, desired: "complete" });
  await api.addTask("count", {
    slot: 2,
    nodeId: api.managerId,
    desired: "complete",
    status: { ...status, state: "running" },
  });
  await api.addTask("count", {
    slot: 3,
    nodeId: api.managerId,
    desired: "complete",
    status: { ...status, state: "complete" },
  });
  const tasks = (await api.get(filtered("/tasks", { service: ["count"] }))).json as {
    Slot?: number;
    Name: string;
    JobIteration: { Index: number };
  }[];
  for (const task of tasks) expect(checkShape(TaskSchema, task).ok).toBe(true);
  expect(tasks.map(({ Slot = 0 }) => Slot).sort()).toEqual([0, 1, 2]);
  expect(tasks.map(({ Name }) => Name.replace(/\.[^.]*$/, "")).sort()).toEqual([
    "count.0",
    "count.1",
    "count.2",
  ]);
  const run = (await inspect("count")).JobStatus.JobIteration.Index;
  expect(tasks.map(({ JobIteration }) => JobIteration.Index)).toEqual([run, run, run]);
  const list = (await api.get(`${filtered("/services", { name: ["count"] })}&status=true`))
    .json as Shown[];
  expect(list[0]?.ServiceStatus).toEqual({ RunningTasks: 1, DesiredTasks: 2, CompletedTasks: 1 });
});

test("a global job wants what is not complete yet", async () => {
  await api.create("sweep", { Mode: { GlobalJob: {} } });
  const place = { slot: 0, nodeId: api.managerId, desired: "complete" } as const;
  await api.addTask("sweep", place);
  await api.addTask("sweep", { ...place, status: { state: "complete", atMs: 0, message: "" } });
  const list = (await api.get(`${filtered("/services", { mode: ["global-job"] })}&status=true`))
    .json as Shown[];
  expect(list.map(({ ServiceStatus }) => ServiceStatus)).toEqual([
    { RunningTasks: 0, DesiredTasks: 1, CompletedTasks: 1 },
  ]);
});
