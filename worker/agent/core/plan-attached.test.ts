import { describe, expect, test } from "vitest";

import type { TaskId } from "../../../shared/model/ids.js";
import { planAttached, type SeenContainer } from "./plan-attached.js";

const id = (name: string): TaskId => name as TaskId;
const seen = (name: string, ...networks: string[]): SeenContainer => ({
  attachmentId: id(name),
  networks: networks.map((networkId) => ({ networkId })),
});
const told = (all: Readonly<Record<string, readonly string[]>>) =>
  new Map(Object.entries(all).map(([name, networks]) => [id(name), new Set(networks)]));

describe("containers of users on networks", () => {
  test.each<
    [
      string,
      readonly SeenContainer[],
      Readonly<Record<string, readonly string[]>>,
      string[],
      string[],
    ]
  >([
    ["both agree: nothing is to be done", [seen("a", "w1", "w2")], { a: ["w2", "w1"] }, [], []],
    ["the container is gone: all is let go", [], { a: ["w1"] }, [], ["a:"]],
    ["it is off one network", [seen("a", "w1")], { a: ["w1", "w2"] }, [], ["a:w2"]],
    ["it is on another network", [seen("a", "w1", "w2")], { a: ["w1"] }, ["a"], []],
    ["the managers know nothing of it", [seen("a", "w1")], {}, ["a"], []],
    ["it changed its network", [seen("a", "w2")], { a: ["w1"] }, ["a"], ["a:w1"]],
    ["it is being made", [], { busy: ["w1"] }, [], []],
    ["it is being connected", [seen("busy", "w1")], { busy: ["w1", "w2"] }, [], []],
  ])("%s", (_what, containers, known, claimed, released) => {
    const plan = planAttached(containers, told(known), new Set([id("busy")]));
    expect(plan.claim.map(({ attachmentId }) => attachmentId)).toEqual(claimed);
    const released_ = plan.release.map((one) => `${one.attachmentId}:${one.networkIds.join()}`);
    expect(released_).toEqual(released);
  });
});
