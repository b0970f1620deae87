import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { NetworkInspect } from "./network.js";
import { NodeSpec } from "./node-spec.js";
import { ServiceSpec } from "./service-spec.js";
import { SwarmInfo } from "./system.js";
import { TaskStatus } from "./task.js";
import { checkShape } from "./validate.js";

function refusal(value: unknown): string {
  const check = checkShape(ServiceSpec, value);
  return check.ok ? "accepted" : check.message;
}

describe("accepted", () => {
  test.each<[string, unknown]>([
    ["nothing at all", {}],
    [
      "what the docker CLI sends",
      {
        Name: "web",
        Labels: {},
        TaskTemplate: {
          ContainerSpec: {
            Image: "skep/busybox:1",
            Args: ["sleep", "10000"],
            Init: false,
            DNSConfig: {},
          },
          Resources: { Limits: {}, Reservations: {} },
          Placement: {},
          ForceUpdate: 0,
        },
        Mode: { Replicated: { Replicas: 6 } },
        UpdateConfig: { Parallelism: 1, MaxFailureRatio: 0, Order: "" },
        EndpointSpec: { Mode: "vip" },
      },
    ],
    [
      "null where Go has slices, maps and pointers",
      {
        Labels: null,
        TaskTemplate: {
          ContainerSpec: { Image: "a", Env: null, Init: null, Mounts: null, Sysctls: null },
          RestartPolicy: { Delay: null },
          Networks: null,
        },
        Mode: { Replicated: { Replicas: null } },
        UpdateConfig: null,
      },
    ],
    [
      "a limit of -1",
      { TaskTemplate: { ContainerSpec: { Ulimits: [{ Name: "nofile", Soft: -1, Hard: -1 }] } } },
    ],
    [
      "the largest memory that a number holds exactly",
      { TaskTemplate: { Resources: { Limits: { MemoryBytes: 2 ** 53 } } } },
    ],
  ])("%s", (_name, spec) => {
    expect(checkShape(ServiceSpec, spec).ok).toBe(true);
  });

  test("what is unknown is kept, at every depth", () => {
    const spec = { New: { a: null }, TaskTemplate: { Newer: [1], ContainerSpec: { Newest: "x" } } };
    expect(checkShape(ServiceSpec, spec)).toEqual({ ok: true, value: spec });
  });

  test("what passes is in canonical form", () => {
    const sent = { Role: "manager", Availability: "", labels: null, Name: null };
    expect(checkShape(NodeSpec, sent)).toEqual({ ok: true, value: { Role: "manager" } });
  });

  test("null stays where it is a value", () => {
    const info = {
      NodeID: "",
      NodeAddr: "",
      LocalNodeState: "",
      ControlAvailable: false,
      Error: "",
      RemoteManagers: null,
    };
    expect(checkShape(SwarmInfo, info)).toEqual({ ok: true, value: info });
  });
});

describe("refused", () => {
  test.each<[unknown, string]>([
    [null, "expected an object, got null"],
    ["web", 'expected an object, got "web"'],
    [[{}], "expected an object, got a list"],
    [{ Name: 5 }, "Name: expected a string, got 5"],
    [{ Labels: ["a"] }, "Labels: expected an object, got a list"],
    [{ Labels: { "com.example/a": 1 } }, 'Labels["com.example/a"]: expected a string, got 1'],
    [{ Labels: { "a\nb": 1 } }, 'Labels["a\\nb"]: expected a string, got 1'],
    [
      { Mode: { Replicated: { Replicas: "3" } } },
      'Mode.Replicated.Replicas: expected a whole number of 0 or more, got "3"',
    ],
    [
      { Mode: { Replicated: { Replicas: -1 } } },
      "Mode.Replicated.Replicas: expected a whole number of 0 or more, got -1",
    ],
    [
      { Mode: { Replicated: { Replicas: 1.5 } } },
      "Mode.Replicated.Replicas: expected a whole number of 0 or more, got 1.5",
    ],
    [
      { Mode: { Replicated: { Replicas: 2 ** 64 } } },
      "Mode.Replicated.Replicas: expected a whole number of 0 or more, got 18446744073709552000",
    ],
    [
      { UpdateConfig: { Order: "both" } },
      'UpdateConfig.Order: expected one of "stop-first", "start-first", got "both"',
    ],
    [
      { UpdateConfig: { MaxFailureRatio: "0" } },
      'UpdateConfig.MaxFailureRatio: expected a number, got "0"',
    ],
    [
      { EndpointSpec: { Ports: [{}, { TargetPort: 2 ** 32 }] } },
      "EndpointSpec.Ports[1].TargetPort: expected a whole number from 0 to 4294967295, got 4294967296",
    ],
    [
      { TaskTemplate: { ContainerSpec: { Env: "A=1" } } },
      'TaskTemplate.ContainerSpec.Env: expected a list, got "A=1"',
    ],
    [
      { TaskTemplate: { ContainerSpec: { Env: ["A=1", null] } } },
      "TaskTemplate.ContainerSpec.Env[1]: expected a string, got null",
    ],
    [
      { TaskTemplate: { ContainerSpec: { TTY: "yes" } } },
      'TaskTemplate.ContainerSpec.TTY: expected true or false, got "yes"',
    ],
    [
      { TaskTemplate: { ContainerSpec: { healthcheck: { Retries: "x" } } } },
      'TaskTemplate.ContainerSpec.Healthcheck.Retries: expected a whole number, got "x"',
    ],
  ])("%j", (spec, message) => {
    expect(refusal(spec)).toBe(message);
  });

  test("what must be there and is not", () => {
    expect(checkShape(TaskStatus, { State: "running" })).toEqual({
      ok: false,
      path: "Timestamp",
      message: "Timestamp: is missing",
    });
  });

  test("a value of a map that is an object", () => {
    const sent = { Name: "n", Id: "i", Containers: { c1: { Name: 1 } } };
    expect(checkShape(NetworkInspect, sent)).toMatchObject({ path: "Containers.c1.Name" });
  });

  test("a null among several that may be there", () => {
    const check = checkShape(SwarmInfo, {
      NodeID: "",
      NodeAddr: "",
      LocalNodeState: "",
      ControlAvailable: false,
      Error: "",
      RemoteManagers: 1,
    });
    expect(check).toMatchObject({ message: "RemoteManagers: expected a list or null, got 1" });
  });

  test("in one short line, whatever was sent", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 50, maxLength: 2000, unit: "binary" }), (long) => {
        const message = refusal({ TaskTemplate: { ForceUpdate: long } });
        expect(message.length).toBeLessThan(150);
        expect(message).not.toContain("\n");
      }),
    );
  });
});

test("any JSON at all is accepted or refused with a path, and never mutated", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (name, mode, template) => {
      const sent = { Name: name, Mode: mode, TaskTemplate: template };
      const before = structuredClone(sent);
      const check = checkShape(ServiceSpec, sent);
      expect(sent).toEqual(before);
      if (!check.ok) expect(check.path).toMatch(/^(Name|Mode|TaskTemplate)/);
    }),
  );
});
