import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { completeServiceSpec, completeSwarmSpec, mergeSwarmSpec } from "./defaults.js";
import { ServiceSpec } from "./service-spec.js";
import { SwarmSpec } from "./swarm-spec.js";
import { checkShape } from "./validate.js";

const S = 1e9;

const COMPLETE_UPDATE = {
  Parallelism: 1,
  Delay: 0,
  FailureAction: "pause",
  Monitor: 5 * S,
  MaxFailureRatio: 0,
  Order: "stop-first",
};

describe("a service spec", () => {
  test("nothing at all becomes one replica of a container, restarted whenever it ends", () => {
    expect(completeServiceSpec({ TaskTemplate: { ContainerSpec: { Image: "a" } } })).toEqual({
      Labels: {},
      Mode: { Replicated: { Replicas: 1 } },
      TaskTemplate: {
        ContainerSpec: {
          Image: "a",
          StopGracePeriod: 10 * S,
          Isolation: "default",
          DNSConfig: {},
        },
        Resources: {},
        RestartPolicy: { Condition: "any", Delay: 5 * S, MaxAttempts: 0, Window: 0 },
        Placement: {},
        ForceUpdate: 0,
        Runtime: "container",
      },
      UpdateConfig: COMPLETE_UPDATE,
      RollbackConfig: COMPLETE_UPDATE,
      EndpointSpec: { Mode: "vip" },
    });
  });

  test.each<[string, ServiceSpec["Mode"], ServiceSpec["Mode"]]>([
    ["an empty mode", {}, { Replicated: { Replicas: 1 } }],
    ["replicated without a number", { Replicated: {} }, { Replicated: { Replicas: 1 } }],
    ["no replicas", { Replicated: { Replicas: 0 } }, { Replicated: { Replicas: 0 } }],
    ["global", { Global: {} }, { Global: {} }],
    ["a global job", { GlobalJob: {} }, { GlobalJob: {} }],
    [
      "a replicated job",
      { ReplicatedJob: {} },
      { ReplicatedJob: { MaxConcurrent: 1, TotalCompletions: 1 } },
    ],
    [
      "a job of several at a time",
      { ReplicatedJob: { MaxConcurrent: 4 } },
      { ReplicatedJob: { MaxConcurrent: 4, TotalCompletions: 4 } },
    ],
    [
      "a job of several in all",
      { ReplicatedJob: { TotalCompletions: 9 } },
      { ReplicatedJob: { MaxConcurrent: 1, TotalCompletions: 9 } },
    ],
    [
      "two modes, to be refused by the gate",
      { Global: {}, Replicated: {} },
      { Global: {}, Replicated: {} },
    ],
  ])("mode: %s", (_name, mode, completed) => {
    expect(completeServiceSpec({ Mode: mode ?? {} }).Mode).toEqual(completed);
  });

  test("an update config that is given has Go's zeros where it is silent", () => {
    const spec = completeServiceSpec({ UpdateConfig: { Order: "start-first", Monitor: 0 } });
    expect(spec.UpdateConfig).toEqual({ ...COMPLETE_UPDATE, Parallelism: 0, Order: "start-first" });
    expect(spec.RollbackConfig).toEqual(COMPLETE_UPDATE);
  });

  test.each([{ ReplicatedJob: {} }, { GlobalJob: {} }])(
    "a job gets no update config: %j",
    (Mode) => {
      expect(completeServiceSpec({ Mode })).not.toHaveProperty("UpdateConfig");
      expect(completeServiceSpec({ Mode })).not.toHaveProperty("RollbackConfig");
    },
  );

  test("what is given stays", () => {
    const task = {
      RestartPolicy: { Condition: "none", Delay: 0, MaxAttempts: 3, Window: S },
      ContainerSpec: { StopGracePeriod: 0, Isolation: "process", DNSConfig: { Search: ["a"] } },
      ForceUpdate: 7,
      Runtime: "plugin",
      Resources: { Limits: { Pids: 5 } },
      Placement: { MaxReplicas: 2 },
    } as const;
    const spec = completeServiceSpec({
      TaskTemplate: structuredClone(task) as ServiceSpec["TaskTemplate"] & object,
    });
    expect(spec.TaskTemplate).toEqual(task);
  });

  test("ports are TCP and published on every node, unless said otherwise", () => {
    const ports = [{ TargetPort: 80 }, { Protocol: "udp" as const, PublishMode: "host" as const }];
    expect(completeServiceSpec({ EndpointSpec: { Ports: ports } }).EndpointSpec).toEqual({
      Mode: "vip",
      Ports: [{ TargetPort: 80, Protocol: "tcp", PublishMode: "ingress" }, ports[1]],
    });
  });

  test("null and the empty choice count as missing", () => {
    const sent: unknown = {
      Labels: null,
      Mode: { Replicated: { Replicas: null } },
      TaskTemplate: {
        ContainerSpec: { StopGracePeriod: null, Isolation: "", DNSConfig: null },
        RestartPolicy: { Condition: "", Delay: null },
        Runtime: "",
      },
      UpdateConfig: null,
      EndpointSpec: { Mode: "", Ports: [{ Protocol: "" }] },
    };
    expect(completeServiceSpec(sent as ServiceSpec)).toEqual(
      completeServiceSpec({
        TaskTemplate: { ContainerSpec: {}, RestartPolicy: {} },
        EndpointSpec: { Ports: [{}] },
      }),
    );
  });
});

describe("a swarm spec", () => {
  const COMPLETE = {
    Name: "default",
    Labels: {},
    Orchestration: {
      TaskHistoryRetentionLimit: 5,
      PlacementStrategy: "spread",
      Rebalance: { When: "on-request", Parallelism: 1, CoolDown: 60e9 },
      RestartBackOff: { FreeRestarts: 5, First: 1e9, Limit: 60e9 },
      NodeAvoidance: { Failures: 5, Within: 300e9 },
      OrphanAfter: 86_400e9,
      StopPatience: 60e9,
    },
    Raft: {
      SnapshotInterval: 10_000,
      KeepOldSnapshots: 0,
      LogEntriesForSlowFollowers: 500,
      ElectionTick: 10,
      HeartbeatTick: 2,
    },
    Dispatcher: {
      HeartbeatPeriod: 500_000_000,
      SilenceLimit: 3e9,
      SessionLimit: 30e9,
      EngineLimit: 10e9,
    },
    CAConfig: { NodeCertExpiry: 7_776_000_000_000_000 },
    EncryptionConfig: { AutoLockManagers: false },
    TaskDefaults: {},
  };

  test("nothing at all becomes the defaults", () => {
    expect(completeSwarmSpec({})).toEqual(COMPLETE);
  });

  test("what the docker CLI sends for a plain init becomes the defaults", () => {
    const sent: unknown = {
      Labels: null,
      Orchestration: {},
      Raft: { ElectionTick: 0, HeartbeatTick: 0 },
      Dispatcher: {},
      CAConfig: {},
      TaskDefaults: {},
      EncryptionConfig: { AutoLockManagers: false },
    };
    expect(completeSwarmSpec(sent as SwarmSpec)).toEqual(COMPLETE);
  });

  test("a zero that can be meant is kept", () => {
    const spec = completeSwarmSpec({ Orchestration: { TaskHistoryRetentionLimit: 0 } });
    expect(spec.Orchestration).toMatchObject({ TaskHistoryRetentionLimit: 0 });
  });

  test("an update changes what it mentions and keeps the rest", () => {
    const present = completeSwarmSpec({
      Labels: { a: "b" },
      Raft: { SnapshotInterval: 5, ElectionTick: 20 },
      EncryptionConfig: { AutoLockManagers: true },
    });
    const merged = mergeSwarmSpec(present, {
      Name: "",
      Labels: {},
      Raft: { SnapshotInterval: 7, ElectionTick: 0 },
      Dispatcher: { HeartbeatPeriod: 2 * S },
    });
    expect(merged).toEqual({
      ...present,
      Raft: { ...present.Raft, SnapshotInterval: 7 },
      Dispatcher: { ...present.Dispatcher, HeartbeatPeriod: 2 * S },
    });
  });
});

/**
 * Any spec, well-formed or not, and with fields of which we know nothing, at each place that
 * completing touches.
 */
const someJson = fc.jsonValue({ maxDepth: 2 });
const extra = fc.dictionary(
  fc.string().map((s) => `x-${s}`),
  someJson,
  { maxKeys: 3 },
);
const number = fc.option(fc.nat(), { nil: null });

function part(known: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Record<string, unknown>> {
  return fc
    .tuple(fc.record(known, { requiredKeys: [] }), extra)
    .map(([fields, unknown]) => ({ ...unknown, ...fields }));
}

const someUpdate = fc.option(
  part({ Parallelism: number, Monitor: number, Order: fc.constantFrom("", "start-first") }),
  { nil: null },
);

const someServiceSpec = part({
  Name: fc.string(),
  Labels: fc.option(fc.dictionary(fc.string(), fc.string()), { nil: null }),
  Mode: part({
    Replicated: part({ Replicas: number }),
    Global: part({}),
    ReplicatedJob: part({ MaxConcurrent: number, TotalCompletions: number }),
    GlobalJob: part({}),
  }),
  TaskTemplate: part({
    ContainerSpec: part({ Image: fc.string(), StopGracePeriod: number, DNSConfig: part({}) }),
    RestartPolicy: part({ Condition: fc.constantFrom("", "none"), Delay: number, Window: number }),
    Runtime: fc.constantFrom("", "plugin"),
    Resources: part({}),
  }),
  UpdateConfig: someUpdate,
  RollbackConfig: someUpdate,
  EndpointSpec: part({ Ports: fc.array(part({ TargetPort: fc.nat(65535) }), { maxLength: 3 }) }),
});

const someSwarmSpec = part({
  Name: fc.string(),
  Orchestration: part({ TaskHistoryRetentionLimit: number }),
  Raft: part({ SnapshotInterval: number, ElectionTick: number }),
  Dispatcher: part({ HeartbeatPeriod: number }),
  CAConfig: part({ NodeCertExpiry: number }),
});

/** Every unknown field, with the place where it is. */
function unknownFields(value: unknown, path = ""): [string, unknown][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, held]) => {
    const here = `${path}/${key}`;
    return key.startsWith("x-") ? [[here, held]] : unknownFields(held, here);
  });
}

describe.each([
  [
    "service",
    someServiceSpec,
    ServiceSpec,
    (sent: unknown) => completeServiceSpec(sent as ServiceSpec),
  ],
  ["swarm", someSwarmSpec, SwarmSpec, (sent: unknown) => completeSwarmSpec(sent as SwarmSpec)],
] as const)("completing any %s spec", (_name, some, schema, complete) => {
  test("twice is the same as once", () => {
    fc.assert(
      fc.property(some, (sent) => {
        expect(complete(complete(sent))).toEqual(complete(sent));
      }),
    );
  });

  test("mutates nothing, loses no unknown field, and fits the schema", () => {
    fc.assert(
      fc.property(some, (sent) => {
        const before = structuredClone(sent);
        const completed = complete(sent);
        expect(sent).toEqual(before);
        const fields = new Map(unknownFields(completed));
        for (const [place, held] of unknownFields(sent)) expect(fields.get(place)).toEqual(held);
        expect(checkShape(schema, completed).ok).toBe(true);
      }),
    );
  });
});
