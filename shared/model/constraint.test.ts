import { describe, expect, test } from "vitest";

import { matchesNode, parseConstraint } from "./constraint.js";
import type { NodeId } from "./ids.js";
import type { Node } from "./node.js";

const node: Node = {
  id: "4rmkjgqoj1s3ipnzm60z4znnk" as NodeId,
  version: 1,
  createdAtMs: 0,
  updatedAtMs: 0,
  spec: { Role: "worker", Labels: { zone: "east", "com.example/Disk": "SSD" } },
  description: {
    Hostname: "host2",
    Platform: { OS: "linux", Architecture: "x86_64" },
    Engine: { Labels: { kernel: "6" } },
  },
  status: { state: "ready", message: "", address: "10.0.3.7" },
};

describe("a constraint holds or not", () => {
  test.each([
    ["node.id==4rmkjgqoj1s3ipnzm60z4znnk", true],
    ["node.id!=4rmkjgqoj1s3ipnzm60z4znnk", false],
    ["node.hostname == HOST2", true],
    ["Node.Hostname != host2", false],
    ["node.ip==10.0.3.7", true],
    ["node.ip==10.0.3.8", false],
    ["node.ip==10.0.0.0/16", true],
    ["node.ip!=10.0.0.0/16", false],
    ["node.ip==nowhere", false],
    ["node.role==manager", false],
    ["node.role!=manager", true],
    ["node.platform.os==linux", true],
    ["node.platform.arch==amd64", true],
    ["node.platform.arch==x86_64", true],
    ["node.platform.arch!=arm64", true],
    ["node.labels.zone==east", true],
    ["node.labels.zone==EAST", true],
    ["node.labels.Zone==east", false],
    ["node.labels.com.example/Disk==ssd", true],
    ["node.labels.rack==1", false],
    ["node.labels.rack!=1", true],
    ["engine.labels.kernel==6", true],
    ["node.colour==blue", false],
    ["node.colour!=blue", true],
  ])("%s: %s", (expression, holds) => {
    expect(matchesNode([parseConstraint(expression)], node)).toBe(holds);
  });

  test("all of several must hold", () => {
    const both = ["node.role==worker", "node.labels.zone==west"].map(parseConstraint);
    expect(matchesNode(both, node)).toBe(false);
  });
});

describe("a malformed constraint is refused by name", () => {
  test.each([
    ["node.role", 'constraint expected one operator from ==, != in "node.role"'],
    ["node.role=manager", 'constraint expected one operator from ==, != in "node.role=manager"'],
    ["node.role~=manager", 'constraint expected one operator from ==, != in "node.role~=manager"'],
    ["node.role>=1", 'constraint expected one operator from ==, != in "node.role>=1"'],
    ["==manager", "key '' is invalid in constraint \"==manager\""],
    ["no de==x", "key 'no de' is invalid in constraint \"no de==x\""],
    ["node.role==", "value '' is invalid in constraint \"node.role==\""],
    ["node.role==a;b", "value 'a;b' is invalid in constraint \"node.role==a;b\""],
  ])("%s", (expression, message) => {
    expect(() => parseConstraint(expression)).toThrow(message);
  });
});
