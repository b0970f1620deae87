import { describe, expect, test } from "vitest";

import type { ContainerSpec } from "../../../shared/docker-api/container-spec.js";
import type { EndpointPortConfig } from "../../../shared/docker-api/endpoint.js";
import type { TaskSpec } from "../../../shared/docker-api/task-spec.js";
import type { PlaceholderValues } from "../core/placeholders.js";
import { containerConfig } from "./container-config.js";

const VALUES: PlaceholderValues = {
  Service: { ID: "s1", Name: "web", Labels: { tier: "front" } },
  Node: { ID: "n1", Hostname: "host-a", Platform: { OS: "linux", Architecture: "x86_64" } },
  Task: { ID: "t1", Name: "web.3.t1", Slot: "3" },
};

function configOf(spec: TaskSpec, hostPorts: readonly EndpointPortConfig[] = []) {
  return containerConfig({ spec, hostPorts, values: VALUES, labels: {} });
}

function fromContainer(container: ContainerSpec) {
  return configOf({ ContainerSpec: container });
}

/** What every container has, and nothing else where the spec says nothing. */
const BARE = { Labels: {}, HostConfig: { RestartPolicy: { Name: "no" } } };

test("a spec that says nothing leaves everything to image and engine", () => {
  expect(fromContainer({ Image: "nginx" })).toEqual({ ...BARE, Image: "nginx" });
});

describe("a field of the container's spec", () => {
  test.each<[ContainerSpec, object]>([
    [{ Command: ["a", "b"] }, { Entrypoint: ["a", "b"] }],
    [{ Args: ["c"] }, { Cmd: ["c"] }],
    [
      { Command: ["a"], Args: ["b"] },
      { Entrypoint: ["a"], Cmd: ["b"] },
    ],
    [{ Command: [], Args: [], Env: [] }, { Env: [] }],
    [{ Env: ["A={{.Task.Slot}}", "B", "{{C}}=x"] }, { Env: ["A=3", "B", "{{C}}=x"] }],
    [{ Hostname: "{{.Service.Name}}-{{.Task.Slot}}" }, { Hostname: "web-3" }],
    [
      { Dir: "/srv", User: "1:2" },
      { WorkingDir: "/srv", User: "1:2" },
    ],
    [{ Dir: "", User: "", Hostname: "" }, {}],
    [
      { TTY: true, OpenStdin: true },
      { Tty: true, OpenStdin: true },
    ],
    [{ StopSignal: "SIGINT" }, { StopSignal: "SIGINT" }],
    [{ StopGracePeriod: 1_500_000_000 }, { StopTimeout: 2 }],
    [{ StopGracePeriod: 0 }, { StopTimeout: 0 }],
    [{ Healthcheck: { Test: ["NONE"] } }, { Healthcheck: { Test: ["NONE"] } }],
    [{ Labels: { mine: "1" } }, { Labels: { mine: "1" } }],
  ])("%j becomes %j", (container, expected) => {
    expect(fromContainer(container)).toEqual({ ...BARE, ...expected });
  });

  test.each<[ContainerSpec, object]>([
    [{ Groups: ["g"] }, { GroupAdd: ["g"] }],
    [{ Hosts: ["10.0.0.1 a", "::1  b c"] }, { ExtraHosts: ["a:10.0.0.1", "b:::1", "c:::1"] }],
    [
      { DNSConfig: { Nameservers: ["1.1.1.1"], Search: ["x"], Options: ["ndots:1"] } },
      { Dns: ["1.1.1.1"], DnsSearch: ["x"], DnsOptions: ["ndots:1"] },
    ],
    [{ ReadOnly: true }, { ReadonlyRootfs: true }],
    [{ Init: false }, { Init: false }],
    [{ Isolation: "process" }, { Isolation: "process" }],
    [{ Sysctls: { "net.x": "1" } }, { Sysctls: { "net.x": "1" } }],
    [
      { CapabilityAdd: ["CAP_A"], CapabilityDrop: ["ALL"] },
      { CapAdd: ["CAP_A"], CapDrop: ["ALL"] },
    ],
    [
      { Ulimits: [{ Name: "nofile", Soft: 1, Hard: -1 }] },
      { Ulimits: [{ Name: "nofile", Soft: 1, Hard: -1 }] },
    ],
    [{ OomScoreAdj: -5 }, { OomScoreAdj: -5 }],
    [{ Privileges: { NoNewPrivileges: true } }, { SecurityOpt: ["no-new-privileges=true"] }],
    [{ Privileges: { NoNewPrivileges: false } }, {}],
    [{ Privileges: { SELinuxContext: { Disable: true } } }, { SecurityOpt: ["label=disable"] }],
    [
      { Privileges: { SELinuxContext: { User: "u", Role: "r", Type: "t", Level: "l" } } },
      { SecurityOpt: ["label=user:u", "label=role:r", "label=type:t", "label=level:l"] },
    ],
    [
      { Privileges: { Seccomp: { Mode: "custom", Profile: btoa('{"defaultAction":"x"}') } } },
      { SecurityOpt: ['seccomp={"defaultAction":"x"}'] },
    ],
    [{ Privileges: { Seccomp: { Mode: "default" }, AppArmor: { Mode: "default" } } }, {}],
    [{ Privileges: { AppArmor: { Mode: "disabled" } } }, { SecurityOpt: ["apparmor=unconfined"] }],
    [
      { Privileges: { CredentialSpec: { File: "spec.json" } } },
      { SecurityOpt: ["credentialspec=file://spec.json"] },
    ],
  ])("%j becomes %j of the host's part", (container, expected) => {
    const HostConfig = { ...BARE.HostConfig, ...expected };
    expect(fromContainer(container)).toEqual({ ...BARE, HostConfig });
  });
});

describe("mounts", () => {
  test.each<[string, NonNullable<ContainerSpec["Mounts"]>[number], object]>([
    [
      "a bind",
      {
        Type: "bind",
        Source: "/srv/{{.Task.Slot}}",
        Target: "/data",
        ReadOnly: true,
        BindOptions: { Propagation: "rslave", NonRecursive: true },
      },
      {
        Type: "bind",
        Source: "/srv/3",
        Target: "/data",
        ReadOnly: true,
        BindOptions: { Propagation: "rslave", NonRecursive: true },
      },
    ],
    [
      "a volume with its driver",
      {
        Type: "volume",
        Source: "v-{{.Node.Hostname}}",
        Target: "/data",
        VolumeOptions: {
          NoCopy: true,
          Labels: { of: "{{.Service.Name}}" },
          DriverConfig: { Name: "nfs", Options: { share: "/x/{{.Task.Slot}}" } },
          Subpath: "in",
        },
      },
      {
        Type: "volume",
        Source: "v-host-a",
        Target: "/data",
        VolumeOptions: {
          NoCopy: true,
          Labels: { of: "web" },
          DriverConfig: { Name: "nfs", Options: { share: "/x/3" } },
          Subpath: "in",
        },
      },
    ],
    [
      "an anonymous volume",
      { Type: "volume", Target: "/data" },
      { Type: "volume", Target: "/data" },
    ],
    [
      "a tmpfs",
      { Type: "tmpfs", Target: "/tmp", TmpfsOptions: { SizeBytes: 1024, Mode: 0o1777 } },
      { Type: "tmpfs", Target: "/tmp", TmpfsOptions: { SizeBytes: 1024, Mode: 0o1777 } },
    ],
    [
      "a named pipe",
      { Type: "npipe", Source: "\\\\.\\pipe\\x", Target: "\\\\.\\pipe\\x" },
      { Type: "npipe", Source: "\\\\.\\pipe\\x", Target: "\\\\.\\pipe\\x" },
    ],
  ])("%s", (_what, mount, expected) => {
    expect(fromContainer({ Mounts: [mount] })).toMatchObject({
      HostConfig: { Mounts: [expected] },
    });
  });
});

describe("resources, logging, networks and ports", () => {
  test.each<[TaskSpec, object]>([
    [
      { Resources: { Limits: { NanoCPUs: 5e8, MemoryBytes: 1e8, Pids: 9 } } },
      { NanoCpus: 5e8, Memory: 1e8, PidsLimit: 9 },
    ],
    [{ Resources: { Limits: { NanoCPUs: 0, MemoryBytes: 0, Pids: 0 } } }, {}],
    [
      { Resources: { Reservations: { MemoryBytes: 5e7, NanoCPUs: 1e9 } } },
      { MemoryReservation: 5e7 },
    ],
    [
      { Resources: { Limits: { MemoryBytes: 1e8 }, SwapBytes: 5e7, MemorySwappiness: 10 } },
      { Memory: 1e8, MemorySwap: 1.5e8, MemorySwappiness: 10 },
    ],
    [{ Resources: { SwapBytes: -1 } }, { MemorySwap: -1 }],
    [
      { LogDriver: { Name: "syslog", Options: { tag: "x" } } },
      { LogConfig: { Type: "syslog", Config: { tag: "x" } } },
    ],
    [{ LogDriver: { Name: "none" } }, { LogConfig: { Type: "none", Config: {} } }],
    [{ Networks: [{ Target: "host" }] }, { NetworkMode: "host" }],
    [{ Networks: [{ Target: "some-overlay" }] }, {}],
  ])("%j becomes %j", (spec, expected) => {
    expect(configOf(spec)).toEqual({
      ...BARE,
      HostConfig: { ...BARE.HostConfig, ...expected },
    });
  });

  test("ports of the host are exposed and bound", () => {
    const config = configOf({}, [
      { Protocol: "tcp", TargetPort: 80, PublishedPort: 8080, PublishMode: "host" },
      { Protocol: "tcp", TargetPort: 80, PublishedPort: 8081, PublishMode: "host" },
      { Protocol: "udp", TargetPort: 53, PublishMode: "host" },
    ]);
    expect(config).toMatchObject({
      ExposedPorts: { "80/tcp": {}, "53/udp": {} },
      HostConfig: {
        PortBindings: {
          "80/tcp": [{ HostPort: "8080" }, { HostPort: "8081" }],
          "53/udp": [{ HostPort: "" }],
        },
      },
    });
  });
});

test("labels of the system win over the user's", () => {
  const spec = { ContainerSpec: { Labels: { a: "user", b: "user" } } };
  const config = containerConfig({ spec, hostPorts: [], values: VALUES, labels: { a: "system" } });
  expect(config).toMatchObject({ Labels: { a: "system", b: "user" } });
});
