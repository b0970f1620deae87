import { describe, expect, test } from "vitest";

import type { NetworkId, NodeId, TaskId } from "../../../shared/model/ids.js";
import {
  commandOf,
  createNode,
  idOf,
  sampleAttachment,
  sampleNetwork,
} from "../../../test/store/samples.js";
import { applyCommand } from "./apply.js";
import type { Change } from "./change.js";
import { emptyReplica, type Replica } from "./replica.js";

const W1 = idOf<NetworkId>("w1");
const W2 = idOf<NetworkId>("w2");
const N1 = idOf<NodeId>("n1");
const N2 = idOf<NodeId>("n2");
const A1 = idOf<TaskId>("a1");

/** @returns why not; empty where it was applied. */
function apply(replica: Replica, change: Change): string {
  const applied = applyCommand(replica, commandOf([change]));
  return applied.kind === "refused" ? applied.refusal.message : "";
}

/** Two hosts, and networks of which the first two may be attached to. */
function world(): Replica {
  const replica = emptyReplica();
  const network = (name: string, vni: number, spec: object): Change => ({
    kind: "create-network",
    network: sampleNetwork(name, { vni, spec: { Name: name, Driver: "overlay", ...spec } }),
  });
  for (const change of [
    createNode("n1"),
    createNode("n2"),
    network("w1", 4_096, { Attachable: true }),
    network("w2", 4_097, { Attachable: true }),
    network("w3", 4_098, {}),
    network("w4", 4_099, { Attachable: true, Ingress: true }),
  ])
    expect(apply(replica, change)).toBe("");
  return replica;
}

const put = (networks: readonly NetworkId[], nodeId = N1): Change => ({
  kind: "put-attachment",
  attachment: sampleAttachment("a1", {
    nodeId,
    networks: networks.map((networkId) => ({ networkId, aliases: [], wanted: [] })),
  }),
});
const allocate = (...given: readonly (readonly [NetworkId, string])[]): Change => ({
  kind: "allocate-attachment",
  attachmentId: A1,
  addresses: given.map(([networkId, address]) => ({ networkId, addresses: [address] })),
});
const removeNetwork = (networkId: NetworkId): Change => ({ kind: "remove-network", networkId });

describe("what a user attached", () => {
  test("keeps its addresses on the networks that it stays on", () => {
    const replica = world();
    expect(apply(replica, put([W1]))).toBe("");
    expect(apply(replica, allocate([W1, "10.240.0.2"]))).toBe("");
    expect(apply(replica, put([W1, W2]))).toBe("");
    const on = (): unknown => replica.tables.attachment(A1)?.addresses;
    expect(on()).toEqual([{ networkId: W1, addresses: ["10.240.0.2"] }]);
    expect(apply(replica, put([W2]))).toBe("");
    expect(on()).toBeUndefined();
  });

  test.each([
    [
      "a network that is not attachable",
      put([idOf<NetworkId>("w3")]),
      "w3 not manually attachable",
    ],
    ["the ingress network", put([idOf<NetworkId>("w4")]), "w4 not manually attachable"],
    ["a network that is not there", put([idOf<NetworkId>("w9")]), "not found"],
    ["a node that is not there", put([W1], idOf<NodeId>("n9")), "not found"],
    ["no network", put([]), "has no network"],
    ["addresses of what is not there", allocate([W1, "10.240.0.2"]), "not found"],
  ])("is refused: %s", (_what, change, words) => {
    expect(apply(world(), change)).toContain(words);
  });

  test("is its node's alone", () => {
    const replica = world();
    expect(apply(replica, put([W1]))).toBe("");
    expect(apply(replica, put([W1], N2))).toContain(`is of node ${N1}`);
  });

  test("is given addresses of its present networks only, and of all of them", () => {
    const replica = world();
    expect(apply(replica, put([W1, W2]))).toBe("");
    expect(apply(replica, allocate([W1, "10.240.0.2"]))).toContain("other networks by now");
    expect(apply(replica, put([W2]))).toBe("");
    expect(apply(replica, allocate([W1, "10.240.0.2"], [W2, "10.240.0.3"]))).toContain(
      "other networks by now",
    );
  });

  test("keeps its network from being removed, until it or its node is gone", () => {
    const replica = world();
    expect(apply(replica, put([W1, W2]))).toBe("");
    expect(apply(replica, removeNetwork(W1))).toBe(`network ${W1} is in use by task ${A1}`);
    expect(apply(replica, put([W2]))).toBe("");
    expect(apply(replica, removeNetwork(W1))).toBe("");
    expect(apply(replica, { kind: "remove-node", nodeId: N1 })).toBe("");
    expect(replica.tables.attachments()).toEqual([]);
    expect(apply(replica, removeNetwork(W2))).toBe("");
  });

  test("stays on a network that is attachable no longer", () => {
    const replica = world();
    expect(apply(replica, put([W1]))).toBe("");
    const spec = { Name: "w1", Driver: "overlay" };
    const subnets = sampleNetwork("w1").subnets;
    expect(apply(replica, { kind: "update-network", networkId: W1, spec, subnets })).toBe("");
    expect(apply(replica, put([W1, W2]))).toBe("");
    expect(apply(replica, put([W2]))).toBe("");
    expect(apply(replica, put([W1]))).toContain("not manually attachable");
  });
});
