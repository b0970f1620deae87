/**
 * A swarm as Docker's API shows it, with something of everything that a list or a page can show: answers
 * for a `RecordedDaemon`.
 */
import type { Node } from "../../shared/docker-api/node-spec.js";
import type { Service } from "../../shared/docker-api/service-spec.js";
import type { Swarm } from "../../shared/docker-api/swarm-spec.js";
import type { Task, TaskState } from "../../shared/docker-api/task.js";
import { type Answer, type RecordedRequest, Refusal } from "../setup/recorded-daemon.js";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const OLD = "2020-01-02T03:04:05.060708Z";
const META = { Version: { Index: 7 }, CreatedAt: OLD, UpdatedAt: OLD };
const ROOT = {
  TrustRoot: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
  CertIssuerSubject: "MBMx",
  CertIssuerPublicKey: "MFkw",
};

const MANAGER = "m1nager0000000000000000aa";
const SECOND = "m2nager0000000000000000bb";
const DRAINED = "w10ker000000000000000000c";
const LOST = "w2rker000000000000000000d";

export function dockerSwarm(nowMs: number): Readonly<Record<string, Answer>> {
  const nodes = swarmNodes();
  const services = swarmServices(nowMs);
  const tasks = swarmTasks(nowMs);
  return {
    "HEAD /_ping": () => undefined,
    "GET /info": () => ({
      Swarm: {
        NodeID: MANAGER,
        LocalNodeState: "active",
        ControlAvailable: true,
        Error: "",
        RemoteManagers: null,
        NodeAddr: "192.0.2.1",
        Cluster: { ...SWARM, JoinTokens: undefined },
      },
    }),
    "GET /swarm": () => SWARM,
    "GET /nodes": () => nodes,
    "GET /services": ({ query }) => services.filter((one) => matches(query, one)),
    "GET /tasks": ({ query }) =>
      tasks.filter(({ ServiceID, NodeID }) => tasksOf(query, ServiceID ?? "", NodeID ?? "")),
    "GET /networks/net1": () => ({ Name: "front", Id: "net1" }),
    ...Object.fromEntries(nodes.map((node) => [`GET /nodes/${node.ID}`, () => node] as const)),
    ...Object.fromEntries(
      services.flatMap((one) =>
        [one.ID, one.Spec.Name ?? ""].map((key) => [`GET /services/${key}`, () => one] as const),
      ),
    ),
    "GET /services/nope": () => new Refusal(404, "service nope not found"),
  };
}

function matches(query: RecordedRequest["query"], service: Service): boolean {
  const { id, name } = filtersIn(query);
  if (id !== undefined) return id.some((one) => service.ID.startsWith(one));
  return name === undefined || name.some((one) => service.Spec.Name?.startsWith(one) === true);
}

function tasksOf(query: RecordedRequest["query"], serviceId: string, nodeId: string): boolean {
  const { service, node } = filtersIn(query);
  return (service?.includes(serviceId) ?? true) && (node?.includes(nodeId) ?? true);
}

function filtersIn(query: RecordedRequest["query"]): Record<string, string[]> {
  const sets = JSON.parse(query["filters"] ?? "{}") as Record<string, Record<string, true>>;
  return Object.fromEntries(Object.entries(sets).map(([key, set]) => [key, Object.keys(set)]));
}

const SWARM: Swarm = {
  ID: "swarm00000000000000000000",
  ...META,
  Spec: {
    Name: "default",
    Labels: {},
    Orchestration: { TaskHistoryRetentionLimit: 5 },
    Raft: { SnapshotInterval: 10000, KeepOldSnapshots: 0, HeartbeatTick: 1, ElectionTick: 10 },
    Dispatcher: { HeartbeatPeriod: 5e9 },
    CAConfig: { NodeCertExpiry: 7776e12 },
    EncryptionConfig: { AutoLockManagers: false },
    TaskDefaults: {},
  },
  JoinTokens: { Worker: "SWMTKN-1-root-worker", Manager: "SWMTKN-1-root-manager" },
  TLSInfo: ROOT,
  RootRotationInProgress: false,
};

function swarmNodes(): Node[] {
  return [
    node(MANAGER, "node10", {
      ManagerStatus: { Leader: true, Reachability: "reachable", Addr: "192.0.2.1:2377" },
      Spec: {
        Name: "first",
        Labels: { rack: "r1", ssd: "" },
        Role: "manager",
        Availability: "active",
      },
    }),
    node(SECOND, "node2", {
      ManagerStatus: { Reachability: "unreachable", Addr: "192.0.2.2:2377" },
      Spec: { Labels: {}, Role: "manager", Availability: "pause" },
    }),
    node(DRAINED, "node1", { Spec: { Labels: {}, Role: "worker", Availability: "drain" } }),
    node(LOST, "node3", {
      Status: { State: "down", Message: "heartbeat failure", Addr: "192.0.2.4" },
    }),
  ];
}

function node(id: string, hostname: string, change: Partial<Node>): Node {
  return {
    ID: id,
    ...META,
    Spec: { Labels: {}, Role: "worker", Availability: "active" },
    Description: {
      Hostname: hostname,
      Platform: { Architecture: "x86_64", OS: "linux" },
      Resources: { NanoCPUs: 2e9, MemoryBytes: 4_123_456_789 },
      Engine: {
        EngineVersion: "26.1.5",
        Labels: { disk: "fast" },
        Plugins: [
          { Type: "Log", Name: "json-file" },
          { Type: "Network", Name: "bridge" },
          { Type: "Log", Name: "local" },
        ],
      },
      TLSInfo: hostname === "node1" ? { ...ROOT, CertIssuerSubject: "b3RoZXI=" } : ROOT,
    },
    Status: { State: "ready", Addr: "192.0.2.1" },
    ...change,
  };
}

function swarmServices(nowMs: number): Service[] {
  const ingress = (published: number, target: number, protocol: "tcp" | "udp" = "tcp") => ({
    Protocol: protocol,
    TargetPort: target,
    PublishedPort: published,
    PublishMode: "ingress" as const,
  });
  return [
    {
      ...service("web", { Replicated: { Replicas: 3 } }, [2, 3]),
      Spec: richSpec(),
      Endpoint: {
        Spec: {},
        Ports: [
          ingress(8081, 81),
          ingress(8080, 80),
          ingress(53, 53, "udp"),
          ingress(9000, 80),
          { Protocol: "tcp", TargetPort: 7, PublishedPort: 7, PublishMode: "host" },
        ],
      },
      UpdateStatus: {
        State: "completed",
        StartedAt: at(nowMs - 3 * DAY_MS),
        CompletedAt: at(nowMs - HOUR_MS),
        Message: "update completed",
      },
    },
    service("agent", { Global: {} }, [3, 4]),
    service("batch", { ReplicatedJob: { MaxConcurrent: 2, TotalCompletions: 10 } }, [2, 2, 4]),
    service("sweep", { GlobalJob: {} }, [1, 1, 3]),
    service("web10", { Replicated: { Replicas: 0 } }, [0, 0]),
    service("web9", { Replicated: { Replicas: 1 } }, [1, 1]),
  ];
}

function service(
  name: string,
  mode: NonNullable<Service["Spec"]["Mode"]>,
  [running = 0, desired = 0, completed = 0]: number[],
): Service {
  return {
    ID: `${name}id0000000000000000000000`.slice(0, 25),
    ...META,
    Spec: {
      Name: name,
      Labels: {},
      TaskTemplate: {
        ContainerSpec: { Image: "registry.test:5000/team/app:2", Isolation: "default" },
        ForceUpdate: 0,
        Runtime: "container",
      },
      Mode: mode,
      EndpointSpec: { Mode: "vip" },
    },
    Endpoint: { Spec: {} },
    ServiceStatus: { RunningTasks: running, DesiredTasks: desired, CompletedTasks: completed },
    ...((mode.ReplicatedJob ?? mode.GlobalJob)
      ? { JobStatus: { JobIteration: { Index: 1 }, LastExecution: OLD } }
      : {}),
  };
}

function richSpec(): Service["Spec"] {
  const update = {
    Parallelism: 2,
    Delay: 10e9,
    FailureAction: "pause" as const,
    Monitor: 5e9,
    MaxFailureRatio: 0.25,
    Order: "stop-first" as const,
  };
  return {
    Name: "web",
    Labels: { tier: "front", bare: "" },
    TaskTemplate: {
      ContainerSpec: {
        Image: `nginx:1.27@sha256:${"a".repeat(64)}`,
        Args: ["-g", "daemon off;"],
        Env: ["A=1", "B=2"],
        Dir: "/srv",
        User: "www",
        Init: true,
        CapabilityAdd: ["CAP_NET_ADMIN", "CAP_SYS_TIME"],
        CapabilityDrop: ["CAP_CHOWN"],
        Sysctls: { "net.core.somaxconn": "1024" },
        Ulimits: [
          { Name: "core", Soft: 0, Hard: -1 },
          { Name: "nofile", Soft: 10, Hard: 20 },
        ],
        Mounts: [
          { Type: "bind", Source: "/etc/x", Target: "/x", ReadOnly: true },
          { Type: "volume", Source: "data", Target: "/data" },
        ],
        Configs: [
          {
            File: { Name: "/app.conf", UID: "0", GID: "0", Mode: 292 },
            ConfigID: "c1",
            ConfigName: "app",
          },
        ],
        Secrets: [
          {
            File: { Name: "pw", UID: "0", GID: "0", Mode: 292 },
            SecretID: "s1",
            SecretName: "password",
          },
        ],
        Healthcheck: {
          Test: ["CMD-SHELL", "true"],
          Interval: 90e9,
          Timeout: 500e6,
          Retries: 3,
          StartPeriod: 3600e9,
        },
      },
      Resources: {
        Limits: { NanoCPUs: 1.5e9, MemoryBytes: 536_870_912, Pids: 100 },
        Reservations: { NanoCPUs: 25e7, MemoryBytes: 100_000_000 },
      },
      RestartPolicy: { Condition: "any", Delay: 5e9, MaxAttempts: 0, Window: 0 },
      Placement: {
        Constraints: ["node.role==worker", "node.labels.rack!=r9"],
        Preferences: [{ Spread: { SpreadDescriptor: "node.labels.rack" } }],
        MaxReplicas: 4,
      },
      Networks: [{ Target: "net1" }, { Target: "gone" }],
      LogDriver: { Name: "json-file", Options: { "max-size": "1m", plain: "" } },
      ForceUpdate: 1,
      Runtime: "container",
    },
    Mode: { Replicated: { Replicas: 3 } },
    UpdateConfig: update,
    RollbackConfig: {
      ...update,
      Delay: 0,
      Parallelism: 1,
      MaxFailureRatio: 0,
      Order: "start-first",
    },
    EndpointSpec: { Mode: "vip" },
  };
}

function swarmTasks(nowMs: number): Task[] {
  const nginx = `nginx:1.27@sha256:${"a".repeat(64)}`;
  const webTask = (id: string, slot: number, sketch: TaskSketch) =>
    task(
      id,
      {
        ServiceID: "webid00000000000000000000",
        Slot: slot,
        Spec: { ContainerSpec: { Image: nginx } },
      },
      sketch,
      nowMs,
    );
  const agentTask = (id: string, nodeId: string, sketch: TaskSketch) =>
    task(
      id,
      {
        ServiceID: "agentid000000000000000000",
        Spec: { ContainerSpec: { Image: "registry.test:5000/team/app:2" } },
      },
      { ...sketch, nodeId },
      nowMs,
    );
  return [
    webTask("t1new", 1, { state: "running", ageMs: 3 * MINUTE_MS, nodeId: MANAGER, createdMs: 9 }),
    webTask("t1old", 1, {
      state: "failed",
      desired: "shutdown",
      ageMs: 2 * HOUR_MS,
      nodeId: LOST,
      createdMs: 5,
      error: "task: non-zero exit (137): dockerexec: unhealthy container",
    }),
    webTask("t1older", 1, {
      state: "shutdown",
      desired: "shutdown",
      ageMs: 3 * DAY_MS,
      nodeId: SECOND,
      createdMs: 1,
    }),
    webTask("t2", 2, {
      state: "running",
      ageMs: 65_000,
      nodeId: SECOND,
      ports: [
        [7, 7],
        [8, 80],
      ],
    }),
    webTask("t3", 3, {
      state: "pending",
      ageMs: 20_000,
      error: "no suitable node (insufficient resources on 2 nodes)",
    }),
    webTask("t10", 10, {
      state: "complete",
      desired: "shutdown",
      ageMs: 30 * DAY_MS,
      nodeId: "gone-node",
    }),
    agentTask("a1", MANAGER, { state: "running", ageMs: 400 * DAY_MS }),
    agentTask("a2", LOST, { state: "orphaned", desired: "shutdown", ageMs: 900 * DAY_MS }),
  ];
}

interface TaskSketch {
  readonly state: TaskState;
  readonly ageMs: number;
  readonly desired?: TaskState;
  readonly nodeId?: string;
  readonly error?: string;
  readonly createdMs?: number;
  readonly ports?: readonly (readonly [published: number, target: number])[];
}

function task(
  id: string,
  of: Pick<Task, "ServiceID" | "Slot" | "Spec">,
  sketch: TaskSketch,
  nowMs: number,
): Task {
  const ports = (sketch.ports ?? []).map(([published, target]) => ({
    Protocol: "tcp" as const,
    TargetPort: target,
    PublishedPort: published,
    PublishMode: "host" as const,
  }));
  return {
    ID: `${id}000000000000000000000000`.slice(0, 25),
    ...META,
    CreatedAt: at(Date.parse(OLD) + (sketch.createdMs ?? 0)),
    ...of,
    ...(sketch.nodeId === undefined ? {} : { NodeID: sketch.nodeId }),
    DesiredState: sketch.desired ?? "running",
    Status: {
      Timestamp: at(nowMs - sketch.ageMs),
      State: sketch.state,
      ...(sketch.error === undefined ? {} : { Err: sketch.error }),
      PortStatus: { Ports: ports },
    },
  };
}

function at(ms: number): string {
  return new Date(ms).toISOString();
}
