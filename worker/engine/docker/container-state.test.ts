import { expect, test } from "vitest";

import type { TaskObservation } from "../core/observation.js";
import { type ContainerInspect, observationOf } from "./container-state.js";
import { descriptionOf } from "./engine-description.js";

const STOPPED = { Running: false, Pid: 0, ExitCode: 0, Error: "", OOMKilled: false };

function inspect(
  State: Partial<ContainerInspect["State"]> & { Status: string },
  Ports: Record<string, { HostPort: string }[] | null> = {},
): ContainerInspect {
  return { Id: "c1", State: { ...STOPPED, ...State }, NetworkSettings: { Ports } };
}

const RUNNING = { Status: "running", Running: true, Pid: 42 };

test.each<[string, ContainerInspect, TaskObservation]>([
  ["made", inspect({ Status: "created" }), { kind: "created", containerId: "c1" }],
  [
    "made, and failed to start",
    inspect({ Status: "created", ExitCode: 127, Error: "no such file" }),
    { kind: "created", containerId: "c1" },
  ],
  [
    "running without a check",
    inspect(RUNNING),
    { kind: "running", containerId: "c1", pid: 42, health: "none", ports: [] },
  ],
  [
    "running and healthy",
    inspect({ ...RUNNING, Health: { Status: "healthy" } }),
    { kind: "running", containerId: "c1", pid: 42, health: "healthy", ports: [] },
  ],
  [
    "paused by hand: its process lives",
    inspect({ ...RUNNING, Status: "paused" }),
    { kind: "running", containerId: "c1", pid: 42, health: "none", ports: [] },
  ],
  [
    "running with ports, listed for IPv4 and IPv6",
    inspect(RUNNING, {
      "80/tcp": [{ HostPort: "8080" }, { HostPort: "8080" }],
      "53/udp": null,
      "9/sctp": [{ HostPort: "9" }],
    }),
    {
      kind: "running",
      containerId: "c1",
      pid: 42,
      health: "none",
      ports: [
        { protocol: "tcp", targetPort: 80, publishedPort: 8080 },
        { protocol: "sctp", targetPort: 9, publishedPort: 9 },
      ],
    },
  ],
  [
    "ended",
    inspect({ Status: "exited", ExitCode: 3 }),
    { kind: "exited", containerId: "c1", exitCode: 3, health: "none" },
  ],
  [
    "ended unhealthy",
    inspect({ Status: "exited", ExitCode: 137, Health: { Status: "unhealthy" } }),
    { kind: "exited", containerId: "c1", exitCode: 137, health: "unhealthy" },
  ],
  [
    "ended for lack of memory",
    inspect({ Status: "exited", ExitCode: 137, OOMKilled: true }),
    {
      kind: "exited",
      containerId: "c1",
      exitCode: 137,
      health: "none",
      reason: "killed for lack of memory (OOM)",
    },
  ],
  [
    "dead",
    inspect({ Status: "dead", ExitCode: 255, Error: "device busy" }),
    { kind: "exited", containerId: "c1", exitCode: 255, health: "none", reason: "device busy" },
  ],
])("a container that is %s", (_what, inspected, expected) => {
  expect(observationOf(inspected)).toEqual(expected);
});

test("a host is described in the node's words, plugins in a fixed order", () => {
  const description = descriptionOf({
    Name: "host-a",
    OSType: "linux",
    Architecture: "x86_64",
    NCPU: 4,
    MemTotal: 8e9,
    ServerVersion: "20.10.24",
    Labels: ["rack=7", "flag", "eq=a=b"],
    Plugins: { Volume: ["local"], Network: ["overlay", "bridge"], Authorization: null },
  });
  expect(description).toEqual({
    Hostname: "host-a",
    Platform: { Architecture: "x86_64", OS: "linux" },
    Resources: { NanoCPUs: 4e9, MemoryBytes: 8e9 },
    Engine: {
      EngineVersion: "20.10.24",
      Labels: { rack: "7", flag: "", eq: "a=b" },
      Plugins: [
        { Type: "Network", Name: "bridge" },
        { Type: "Network", Name: "overlay" },
        { Type: "Volume", Name: "local" },
      ],
    },
  });
});
