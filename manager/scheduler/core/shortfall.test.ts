/** What a node lacks, in the words that follow its name. */
import { describe, expect, test } from "vitest";

import type { TaskSpec } from "../../../shared/docker-api/task-spec.js";
import type { ServiceId } from "../../../shared/model/ids.js";
import { type NodeSketch, sampleNode, sampleRevision } from "../../../test/samples/objects.js";
import { demandOf } from "./demand.js";
import { missesOf } from "./filters.js";
import { NodeLoad } from "./node-load.js";

const WEB = "web" as ServiceId;
const MEBIBYTE = 2 ** 20;

/** All that is against the node, a filter's words each. */
function against(node: NodeSketch, template: TaskSpec, hold?: TaskSpec): string[] {
  const demand = demandOf(sampleRevision({ serviceId: WEB, number: 1, template }));
  const load = new NodeLoad(sampleNode(node), 0);
  if (hold !== undefined) {
    const held = sampleRevision({ serviceId: WEB, number: 1, template: hold });
    load.hold(demandOf(held), undefined);
  }
  return missesOf(load, demand, WEB).map(({ filter, words }) => `${filter}: ${words}`);
}

function reserving(mebibytes: number, cpus = 0): TaskSpec {
  const reserved = { MemoryBytes: mebibytes * MEBIBYTE, NanoCPUs: cpus * 1e9 };
  return { Resources: { Reservations: reserved } };
}

function placedBy(...constraints: readonly string[]): TaskSpec {
  return { Placement: { Constraints: [...constraints] } };
}

const SMALL: NodeSketch = { memoryBytes: 1024 * MEBIBYTE, nanoCpus: 1e9 };

describe("resources", () => {
  test.each<[string, TaskSpec, TaskSpec | undefined, readonly string[]]>([
    ["room to the last byte", reserving(1024, 1), undefined, []],
    ["memory", reserving(1144), undefined, ["lacks 120 MiB of memory"]],
    ["memory that others hold", reserving(512), reserving(1000), ["lacks 488 MiB of memory"]],
    [
      "a byte too little, rounded up",
      reserving(1024 + 1 / MEBIBYTE),
      undefined,
      ["lacks 1 B of memory"],
    ],
    ["gibibytes", reserving(3 * 1024), undefined, ["lacks 2 GiB of memory"]],
    ["a processor", reserving(0, 2), undefined, ["lacks 1 CPU"]],
    ["part of one", reserving(0, 1.25), undefined, ["lacks 0.25 CPUs"]],
    ["both", reserving(2048, 3), undefined, ["lacks 2 CPUs and 1 GiB of memory"]],
  ])("%s", (_, template, hold, words) => {
    expect(against(SMALL, template, hold)).toEqual(words.map((one) => `resources: ${one}`));
  });
});

describe("constraints", () => {
  test.each<[TaskSpec, readonly string[]]>([
    [placedBy("node.labels.zone==a"), []],
    [placedBy("node.labels.zone==b"), ["lacks label zone=b (it has zone=a)"]],
    [placedBy("node.labels.disk==ssd"), ["lacks label disk=ssd"]],
    [placedBy("node.labels.zone!=a"), ["has label zone=a"]],
    [placedBy("node.role==manager"), ["has node.role worker, not manager"]],
    [placedBy("node.platform.arch==arm64"), ["has node.platform.arch amd64, not arm64"]],
    [
      placedBy("node.labels.disk==ssd", "node.labels.rack==7"),
      ["lacks label disk=ssd and lacks label rack=7"],
    ],
    [placedBy("node.hostname==other"), ["has node.hostname node1, not other"]],
    [placedBy("node.hostname!=node1"), ["has node.hostname node1"]],
  ])("%j", (template, words) => {
    expect(against({ labels: { zone: "a" } }, template)).toEqual(
      words.map((one) => `constraints: ${one}`),
    );
  });
});

describe("the node itself", () => {
  test.each<[NodeSketch, readonly string[]]>([
    [{}, []],
    [{ availability: "drain" }, ["is drained"]],
    [{ availability: "pause" }, ["is paused"]],
    [{ state: "down" }, ["is down"]],
    [{ state: "unknown" }, ["is not there yet"]],
    [{ state: "disconnected", availability: "drain" }, ["is disconnected"]],
  ])("%j", (node, words) => {
    expect(against(node, {})).toEqual(words.map((one) => `ready: ${one}`));
  });

  test("its platform", () => {
    const template = { Placement: { Platforms: [{ OS: "linux", Architecture: "arm64" }] } };
    expect(against({}, template)).toEqual(["platform: is linux/x86_64, not linux/arm64"]);
  });

  test("every filter that refuses it is told, in their order", () => {
    const node = { ...SMALL, state: "down" } as const;
    expect(against(node, { ...reserving(2048), ...placedBy("node.labels.a==b") })).toEqual([
      "ready: is down",
      "constraints: lacks label a=b",
      "resources: lacks 1 GiB of memory",
    ]);
  });
});
