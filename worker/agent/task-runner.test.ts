import { expect, test } from "vitest";

import type { ContainerSpec } from "../../shared/docker-api/container-spec.js";
import type { ServiceId } from "../../shared/model/ids.js";
import { sampleTask } from "../../test/samples/objects.js";
import type { Assignment } from "./core/diff-assignments.js";
import { stopOptionsOf } from "./task-runner.js";

const SECOND_NS = 1e9;

function assignmentOf(ContainerSpec: ContainerSpec): Assignment {
  const serviceId = "web" as ServiceId;
  const service = { serviceId, revision: 1, serviceName: "web", serviceLabels: {} };
  return { task: sampleTask(), template: { ...service, template: { ContainerSpec } } };
}

test.each<[string, Assignment | undefined, number | undefined, number]>([
  ["as its spec asks", assignmentOf({ StopGracePeriod: 3 * SECOND_NS }), undefined, 3_000],
  ["none at all", assignmentOf({ StopGracePeriod: 0 }), undefined, 0],
  ["Docker's default", assignmentOf({}), undefined, 10_000],
  ["Docker's default of what nothing is known of", undefined, undefined, 10_000],
  ["less where it is surplus", assignmentOf({ StopGracePeriod: 10 * SECOND_NS }), 7_000, 7_000],
  ["less of what nothing is known of", undefined, 7_000, 7_000],
  ["no more where it is surplus", assignmentOf({ StopGracePeriod: 3 * SECOND_NS }), 7_000, 3_000],
  ["all that it asks beyond what is usual", assignmentOf({ StopGracePeriod: 60e9 }), 7_000, 60_000],
])("a task that is stopped has %s", (_what, assignment, withinMs, graceMs) => {
  expect(stopOptionsOf(assignment, withinMs)).toEqual({ graceMs });
});

test("and its own signal", () => {
  expect(stopOptionsOf(assignmentOf({ StopSignal: "SIGINT" }))).toMatchObject({
    stopSignal: "SIGINT",
  });
});
