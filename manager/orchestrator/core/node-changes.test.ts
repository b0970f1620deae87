import { expect, test } from "vitest";

import { parseConstraints } from "../../../shared/model/constraint.js";
import { type NodeSketch, sampleNode, sampleTask } from "../../../test/samples/objects.js";
import { changesFooting, type Footing, footingOf } from "./node-changes.js";

test.each<[string, NodeSketch | "removed", string[], Footing]>([
  ["ready and active", {}, [], "firm"],
  ["down", { state: "down" }, [], "lost"],
  ["down and drained", { state: "down", availability: "drain" }, [], "lost"],
  ["removed", "removed", [], "lost"],
  ["not heard of by this leader yet", { state: "unknown" }, [], "firm"],
  ["drained", { availability: "drain" }, [], "leaving"],
  ["paused", { availability: "pause" }, [], "firm"],
  ["fits its constraint", { labels: { zone: "a" } }, ["node.labels.zone == a"], "firm"],
  ["fits no more", { labels: { zone: "b" } }, ["node.labels.zone == a"], "leaving"],
  [
    "fits no more, but is paused",
    { labels: { zone: "b" }, availability: "pause" },
    ["node.labels.zone == a"],
    "firm",
  ],
])("a task on a node that is %s", (_, sketch, constraints, expected) => {
  const node = sketch === "removed" ? undefined : sampleNode(sketch);
  const task = sampleTask({ node: "node1" });
  expect(footingOf(task, node, parseConstraints(constraints))).toBe(expected);
});

test("a task that has no node yet is not concerned by any", () => {
  expect(footingOf(sampleTask({ state: "pending" }), undefined, [])).toBe("firm");
});

test("a new message on a node's status changes nothing for its tasks", () => {
  const before = sampleNode({});
  const after = { ...before, status: { ...before.status, message: "other" } };
  expect(changesFooting(before, after)).toBe(false);
  expect(changesFooting(before, sampleNode({ state: "down" }))).toBe(true);
});
