import { describe, expect, test } from "vitest";

import type { ServiceId, TaskId } from "../../../shared/model/ids.js";
import type { Task } from "../../../shared/model/task.js";
import type { ObservedState } from "../../../shared/model/task-state.js";
import { sampleNode, sampleRevision, sampleTask } from "../../../test/samples/objects.js";
import { ClusterState } from "./cluster-state.js";
import { FailureLog } from "./failure-log.js";

const MINUTE = 60_000;

function ended(atMs: number, state: ObservedState = "failed", id = `at ${atMs}`): Task {
  return { ...sampleTask({ id, node: "n1", state }), updatedAtMs: atMs };
}

describe("a node is avoided", () => {
  const five = [0, 1, 2, 3, 4].map((minute) => minute * MINUTE);
  test.each<[string, readonly Task[], number, readonly string[]]>([
    ["after five failures within five minutes", five.map((t) => ended(t)), 4 * MINUTE, ["n1"]],
    ["until the first is five minutes old", five.map((t) => ended(t)), 5 * MINUTE - 1, ["n1"]],
    ["and no longer", five.map((t) => ended(t)), 5 * MINUTE, []],
    ["not after four", five.slice(1).map((t) => ended(t)), 4 * MINUTE, []],
    ["also where nothing could be prepared", five.map((t) => ended(t, "rejected")), 0, ["n1"]],
    ["not for what was stopped", five.map((t) => ended(t, "shutdown")), 0, []],
    ["not for what is done", five.map((t) => ended(t, "complete")), 0, []],
    ["whatever the order they are heard of in", five.toReversed().map((t) => ended(t)), 0, ["n1"]],
  ])("%s", (_, tasks, nowMs, expected) => {
    const log = new FailureLog();
    for (const task of tasks) log.note(task);
    expect([...log.avoided(nowMs)]).toEqual(expected);
  });
});

describe("a task whose like failed on a node", () => {
  const serviceId = "service" as ServiceId;
  const waiting = sampleTask({ id: "waiting", state: "pending" });

  function stateAfter(failures: number, nodes: readonly string[], revision = 1): ClusterState {
    const state = new ClusterState();
    for (const id of nodes) state.observe({ type: "node", after: sampleNode({ id }) });
    for (const number of [1, 2]) {
      const after = sampleRevision({ serviceId, number, template: {} });
      state.observe({ type: "revision", after });
    }
    for (let i = 0; i < failures; i++) {
      const after = { ...ended(i), id: `failed ${i}` as TaskId, revision };
      state.observe({ type: "task", after });
    }
    state.observe({ type: "task", after: waiting });
    return state;
  }

  test.each<[string, ClusterState, string]>([
    ["goes there again", stateAfter(4, ["n1", "n2"]), "n1"],
    ["goes elsewhere after the fifth time", stateAfter(5, ["n1", "n2"]), "n2"],
    ["goes there where nothing else is", stateAfter(5, ["n1"]), "n1"],
    ["goes there when it was another template that failed", stateAfter(5, ["n1", "n2"], 2), "n1"],
  ])("%s", (_, state, nodeId) => {
    expect(state.decide(1, 0).placements).toEqual([{ taskId: "waiting", nodeId }]);
  });

  test("leaves the rest of many to it when the others are full", () => {
    const state = new ClusterState();
    const template = { Placement: { MaxReplicas: 2 } };
    for (const id of ["n1", "n2"]) state.observe({ type: "node", after: sampleNode({ id }) });
    state.observe({ type: "revision", after: sampleRevision({ serviceId, number: 1, template }) });
    for (let i = 0; i < 5; i++) state.observe({ type: "task", after: ended(i) });
    for (let i = 0; i < 5; i++) {
      state.observe({ type: "task", after: sampleTask({ id: `t${i}`, state: "pending" }) });
    }
    const { placements, refusals } = state.decide(9, 0);
    expect(placements.map(({ nodeId }) => nodeId)).toEqual(["n2", "n2", "n1", "n1"]);
    expect(refusals.flatMap(({ taskIds }) => taskIds)).toEqual(["t4"]);
  });
});
