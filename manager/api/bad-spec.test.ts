/** A spec that cannot be meant is refused in Docker's words, and nothing is created. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { callApi } from "../../test/setup/api-client.js";
import { ApiFixture } from "../../test/setup/api-fixture.js";

let api: ApiFixture;
beforeAll(async () => {
  api = await ApiFixture.start();
  await create({ Name: "taken" });
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

const CONTAINER = { ContainerSpec: { Image: "skep/busybox:1" } };

async function create(spec: Record<string, unknown>): Promise<void> {
  const answer = await callApi(api.socketPath, {
    path: "/services/create",
    body: { TaskTemplate: CONTAINER, ...spec },
  });
  expect(answer.status).toBe(201);
}

function withContainer(container: Record<string, unknown>): Record<string, unknown> {
  return { Name: "x", TaskTemplate: { ContainerSpec: { Image: "a", ...container } } };
}

function withTemplate(template: Record<string, unknown>): Record<string, unknown> {
  return { Name: "x", TaskTemplate: { ...CONTAINER, ...template } };
}

function withGenerics(...GenericResources: Record<string, unknown>[]): Record<string, unknown> {
  return withTemplate({ Resources: { Reservations: { GenericResources } } });
}

function withPorts(...ports: Record<string, unknown>[]): Record<string, unknown> {
  return { Name: "x", TaskTemplate: CONTAINER, EndpointSpec: { Ports: ports } };
}

const INVALID = "rpc error: code = InvalidArgument desc = ";
const MIB = 1024 * 1024;

describe("a service that cannot be meant", () => {
  test.each<[string, Record<string, unknown>, number, string]>([
    [
      "duplicate name",
      { Name: "taken", TaskTemplate: CONTAINER },
      409,
      "rpc error: code = AlreadyExists desc = name conflicts with an existing object: service taken already exists",
    ],
    [
      "bad name",
      { Name: "no good", TaskTemplate: CONTAINER },
      400,
      `${INVALID}name must be valid as a DNS name component: "no good" is not`,
    ],
    [
      "long name",
      { Name: "x".repeat(64), TaskTemplate: CONTAINER },
      400,
      `${INVALID}name must be 63 characters or fewer: this one has 64`,
    ],
    [
      "unknown constraint operator",
      withTemplate({ Placement: { Constraints: ["node.role~=manager"] } }),
      400,
      `${INVALID}constraint expected one operator from ==, != in "node.role~=manager"`,
    ],
    [
      "unknown preference",
      withTemplate({ Placement: { Preferences: [{ Spread: { SpreadDescriptor: "rack" } }] } }),
      400,
      `${INVALID}invalid placement preference "rack": it must spread over node.labels.<name> or engine.labels.<name>`,
    ],
    [
      "malformed image",
      withContainer({ Image: "Not:a:reference" }),
      400,
      `${INVALID}ContainerSpec: "Not:a:reference" is not a valid repository/tag: invalid reference format: repository name (library/Not) must be lowercase`,
    ],
    [
      "no image",
      withContainer({ Image: "" }),
      400,
      `${INVALID}ContainerSpec: image reference must be provided`,
    ],
    ["no container", { Name: "x" }, 400, "mismatched Runtime and *Spec fields"],
    [
      "negative replicas",
      { Name: "x", TaskTemplate: CONTAINER, Mode: { Replicated: { Replicas: -1 } } },
      400,
      "invalid request: Mode.Replicated.Replicas: expected a whole number of 0 or more, got -1",
    ],
    [
      "too many replicas",
      { Name: "x", TaskTemplate: CONTAINER, Mode: { Replicated: { Replicas: 1_000_001 } } },
      400,
      `${INVALID}invalid number of replicas 1000001: Must be at most 1000000`,
    ],
    [
      "two modes",
      { Name: "x", TaskTemplate: CONTAINER, Mode: { Replicated: {}, Global: {} } },
      400,
      "must specify only one service mode",
    ],
    [
      "a job with an update config",
      { Name: "x", TaskTemplate: CONTAINER, Mode: { GlobalJob: {} }, UpdateConfig: {} },
      400,
      "rpc error: code = InvalidArgument desc = Jobs may not have an update config",
    ],
    [
      "little memory",
      withTemplate({ Resources: { Limits: { MemoryBytes: MIB } } }),
      400,
      `${INVALID}invalid memory value 1048576: Must be at least 4MiB`,
    ],
    [
      "little reserved memory",
      withTemplate({ Resources: { Reservations: { MemoryBytes: -1 } } }),
      400,
      `${INVALID}invalid memory value -1: Must be at least 4MiB`,
    ],
    [
      "generic resource by its name",
      withGenerics({ NamedResourceSpec: { Kind: "gpu", Value: "UUID1" } }),
      400,
      `${INVALID}invalid generic resource "gpu": a service asks for a number of a kind`,
    ],
    [
      "generic resource twice",
      withGenerics(
        { DiscreteResourceSpec: { Kind: "gpu", Value: 1 } },
        { DiscreteResourceSpec: { Kind: "gpu", Value: 2 } },
      ),
      400,
      `${INVALID}generic resource gpu is asked for twice`,
    ],
    [
      "negative generic resource",
      withGenerics({ DiscreteResourceSpec: { Kind: "gpu", Value: -1 } }),
      400,
      `${INVALID}invalid generic resource gpu: it cannot be negative`,
    ],
    [
      "little processor",
      withTemplate({ Resources: { Limits: { NanoCPUs: 10_000 } } }),
      400,
      `${INVALID}invalid cpu value 1e-05: Must be at least 0.001`,
    ],
    [
      "negative restart delay",
      withTemplate({ RestartPolicy: { Delay: -1 } }),
      400,
      `${INVALID}TaskSpec: restart-delay cannot be negative`,
    ],
    [
      "negative restart window",
      withTemplate({ RestartPolicy: { Window: -1 } }),
      400,
      `${INVALID}TaskSpec: restart-window cannot be negative`,
    ],
    [
      "unknown restart condition",
      withTemplate({ RestartPolicy: { Condition: "sometimes" } }),
      400,
      'invalid request: TaskTemplate.RestartPolicy.Condition: expected one of "none", "on-failure", "any", got "sometimes"',
    ],
    [
      "unknown network",
      withTemplate({ Networks: [{ Target: "back" }] }),
      404,
      "network back not found",
    ],
    ["unknown runtime", withTemplate({ Runtime: "wasm" }), 400, "unsupported Runtime"],
    [
      "the same mount point twice",
      withContainer({ Mounts: [mount("/data"), mount("/data")] }),
      400,
      `${INVALID}ContainerSpec: duplicate mount point: /data`,
    ],
    [
      "a bind without a source",
      withContainer({ Mounts: [{ Type: "bind", Target: "/data" }] }),
      400,
      `${INVALID}ContainerSpec: bind mount /data needs a source`,
    ],
    [
      "a mount without a target",
      withContainer({ Mounts: [{ Type: "volume", Source: "v" }] }),
      400,
      `${INVALID}ContainerSpec: mount target must be provided`,
    ],
    [
      "a nameless variable",
      withContainer({ Env: ["A=1", "=2"] }),
      400,
      `${INVALID}ContainerSpec: invalid environment variable: =2`,
    ],
    [
      "a hasty health check",
      withContainer({ Healthcheck: { Interval: 10 } }),
      400,
      `${INVALID}ContainerSpec: Interval in HealthConfig cannot be less than 1ms`,
    ],
    [
      "a secret that is not there",
      withContainer({
        Secrets: [{ SecretID: "1", SecretName: "key", File: { Name: "key", Mode: 292 } }],
      }),
      400,
      `${INVALID}secret not found: key`,
    ],
    [
      "a config reference without a target",
      withContainer({ Configs: [{ ConfigID: "1", ConfigName: "key" }] }),
      400,
      `${INVALID}malformed config reference, no target provided`,
    ],
    [
      "a failure ratio beyond 1",
      { Name: "x", TaskTemplate: CONTAINER, UpdateConfig: { MaxFailureRatio: 1.5 } },
      400,
      `${INVALID}TaskSpec: update-maxfailureratio cannot be less than 0 or bigger than 1: 1.5`,
    ],
    [
      "a negative rollback delay",
      { Name: "x", TaskTemplate: CONTAINER, RollbackConfig: { Delay: -5 } },
      400,
      `${INVALID}TaskSpec: rollback-delay cannot be negative`,
    ],
    [
      "the same published port twice",
      withPorts({ TargetPort: 80, PublishedPort: 8080 }, { TargetPort: 81, PublishedPort: 8080 }),
      400,
      `${INVALID}EndpointSpec: duplicate published ports provided: 8080/tcp`,
    ],
    [
      "a port beyond the last",
      withPorts({ TargetPort: 70_000, PublishedPort: 8080 }),
      400,
      `${INVALID}EndpointSpec: invalid target port 70000: Must be from 1 to 65535`,
    ],
    [
      "the mesh without an address",
      {
        Name: "x",
        TaskTemplate: CONTAINER,
        EndpointSpec: { Mode: "dnsrr", Ports: [{ TargetPort: 80, PublishedPort: 80 }] },
      },
      400,
      `${INVALID}EndpointSpec: port published with ingress mode can't be used with dnsrr mode`,
    ],
  ])("%s", async (_what, body, status, message) => {
    const before = api.store.committed.sequence;
    const answer = await callApi(api.socketPath, { path: "/v1.50/services/create", body });
    expect([answer.status, answer.json]).toEqual([status, { message }]);
    expect(answer.headers["content-type"]).toBe("application/json");
    expect(api.store.committed.sequence).toBe(before);
  });
});

function mount(target: string): Record<string, unknown> {
  return { Type: "volume", Source: "v", Target: target };
}
