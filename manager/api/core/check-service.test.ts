/** Whatever a client sends, the gate takes it or refuses it; it never breaks. */
import fc from "fast-check";
import { expect, test } from "vitest";

import { completeServiceSpec } from "../../../shared/docker-api/defaults.js";
import { ServiceSpec } from "../../../shared/docker-api/service-spec.js";
import { checkShape } from "../../../shared/docker-api/validate.js";
import { ClusterError } from "../../../shared/errors/cluster-error.js";
import { checkService } from "./check-service.js";
import { splitSpec } from "./plan-service.js";

const GOOD = {
  Name: "web",
  Labels: { a: "b" },
  TaskTemplate: {
    ContainerSpec: {
      Image: "skep/busybox:1",
      Env: ["A=1", "A=2", "B"],
      Mounts: [{ Type: "volume", Source: "v", Target: "/data" }],
      Healthcheck: { Test: ["CMD", "true"], Interval: 1e9, Retries: 3 },
      StopGracePeriod: 1e9,
    },
    Resources: { Limits: { NanoCPUs: 5e8, MemoryBytes: 2 ** 26 }, Reservations: {} },
    RestartPolicy: { Condition: "any", Delay: 1e9, MaxAttempts: 3, Window: 1e9 },
    Placement: {
      Constraints: ["node.role==worker", "node.labels.zone != east"],
      Preferences: [{ Spread: { SpreadDescriptor: "node.labels.zone" } }],
      MaxReplicas: 2,
    },
    Networks: [{ Target: "host" }],
  },
  Mode: { Replicated: { Replicas: 3 } },
  UpdateConfig: { Parallelism: 2, MaxFailureRatio: 0.5, Order: "start-first" },
  EndpointSpec: {
    Mode: "vip",
    Ports: [
      { TargetPort: 80, PublishedPort: 8080 },
      { TargetPort: 80, PublishedPort: 8080, Protocol: "udp" },
      { TargetPort: 81, PublishMode: "host" },
      { TargetPort: 82, PublishMode: "host" },
    ],
  },
};

function accept(sent: unknown): unknown {
  const check = checkShape(ServiceSpec, sent);
  if (!check.ok) return check.message;
  const spec = completeServiceSpec(check.value);
  checkService(spec);
  return splitSpec(spec);
}

test("a service with some of everything is taken", () => {
  expect(accept(GOOD)).toMatchObject({
    frame: { Name: "web" },
    template: { Runtime: "container" },
  });
});

/** Every place in a value, as the way to it. */
function places(value: unknown, way: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [way];
  const inside = Object.entries(value).flatMap(([key, held]) => places(held, [...way, key]));
  return [way, ...inside];
}

function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by;
  if (Array.isArray(value)) {
    return value.map((item, i): unknown => (String(i) === key ? replaced(item, rest, by) : item));
  }
  const held = value as Record<string, unknown>;
  return { ...held, [key]: replaced(held[key], rest, by) };
}

test("anything in any place of it is taken or refused", () => {
  const strange = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.constantFrom(
      null,
      "",
      -1,
      0,
      0.5,
      2 ** 53,
      2 ** 63,
      1e308,
      [],
      {},
      [null],
      "\0",
      "a\nb",
      "__proto__",
    ),
  );
  fc.assert(
    fc.property(fc.constantFrom(...places(GOOD)), strange, (way, by) => {
      try {
        accept(replaced(GOOD, way, by));
      } catch (error) {
        expect(error).toBeInstanceOf(ClusterError);
      }
    }),
    { numRuns: 2_000 },
  );
});
