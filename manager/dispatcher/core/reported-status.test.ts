import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { NodeId, TaskId } from "../../../shared/model/ids.js";
import {
  OBSERVED_STATES,
  observedRank,
  type ObservedState,
} from "../../../shared/model/task-state.js";
import { sampleTask } from "../../../test/samples/objects.js";
import { judgeReport, type ReportedStatus, WaitingReports } from "./reported-status.js";

function report(
  state: ObservedState,
  of: { node?: string; task?: string; message?: string } = {},
): ReportedStatus {
  const { node = "n1", task = "t1", message = "" } = of;
  return { nodeId: node as NodeId, taskId: task as TaskId, status: { state, atMs: 0, message } };
}

describe("which report is stored", () => {
  test.each([
    ["a step forward", "running", "starting", "store"],
    ["several at once", "running", "assigned", "store"],
    ["the same state again, with more to say", "running", "running", "store"],
    ["an end", "failed", "running", "store"],
    ["a step back", "starting", "running", "stale"],
    ["a second end", "failed", "complete", "stale"],
    ["the same end again", "failed", "failed", "stale"],
    ["a state that is the scheduler's to give", "assigned", "assigned", "foreign"],
    ["a state that is the orchestrator's to give", "orphaned", "running", "foreign"],
  ] as const)("%s", (_case, reported, known, verdict) => {
    const task = sampleTask({ id: "t1", node: "n1", state: known });
    expect(judgeReport(report(reported), task)).toBe(verdict);
  });

  test("not that of another node's task, nor of one that is gone", () => {
    const task = sampleTask({ id: "t1", node: "n2" });
    expect(judgeReport(report("failed"), task)).toBe("foreign");
    expect(judgeReport(report("failed"), sampleTask({ id: "t1" }))).toBe("foreign");
    expect(judgeReport(report("failed"), undefined)).toBe("stale");
  });
});

describe("reports that wait", () => {
  test("one per task: the furthest, and of the same state the latest", () => {
    const waiting = new WaitingReports();
    waiting.add(report("starting"));
    waiting.add(report("running", { message: "first" }));
    waiting.add(report("running", { message: "second" }));
    waiting.add(report("preparing"));
    waiting.add(report("running", { task: "t2" }));
    expect(waiting.size).toBe(2);
    const [lot = []] = waiting.takeAll(10);
    expect(lot.map(({ taskId, status }) => `${taskId} ${status.message}`)).toEqual([
      "t1 second",
      "t2 ",
    ]);
    expect(waiting.size).toBe(0);
  });

  test("what is put back gives way to what has come since", () => {
    const waiting = new WaitingReports();
    waiting.add(report("running", { task: "t1" }));
    waiting.putBack([report("starting", { task: "t1" }), report("starting", { task: "t2" })]);
    const [lot = []] = waiting.takeAll(10);
    expect(lot.map(({ taskId, status }) => `${taskId} ${status.state}`).sort()).toEqual([
      "t1 running",
      "t2 starting",
    ]);
  });

  test("are taken in lots of a bounded size, none lost, none twice", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 50 }),
        fc.integer({ min: 1, max: 20 }),
        (count, most) => {
          const waiting = new WaitingReports();
          for (let i = 0; i < count; i++) waiting.add(report("running", { task: `t${i}` }));
          const lots = waiting.takeAll(most);
          expect(lots.every((lot) => lot.length <= most)).toBe(true);
          expect(lots.flat().map(({ taskId }) => taskId)).toEqual(
            Array.from({ length: count }, (_, i) => `t${i}`),
          );
        },
      ),
    );
  });

  test("whatever comes in whatever order, what is stored in the end is the first end, or else the furthest", () => {
    const states = OBSERVED_STATES.filter(
      (state) =>
        observedRank(state) >= observedRank("accepted") &&
        observedRank(state) <= observedRank("rejected"),
    );
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...states), { minLength: 1 }),
        fc.infiniteStream(fc.boolean()),
        (sent, flush) => {
          const waiting = new WaitingReports();
          let task = sampleTask({ id: "t1", node: "n1", state: "assigned" });
          const store = (): void => {
            for (const taken of waiting.takeAll(10).flat()) {
              if (judgeReport(taken, task) === "store") task = { ...task, status: taken.status };
            }
          };
          for (const state of sent) {
            waiting.add(report(state));
            if (flush.next().value === true) store();
          }
          store();
          const ends = sent.filter((state) => observedRank(state) >= observedRank("complete"));
          const furthest = [...sent].sort((a, b) => observedRank(b) - observedRank(a))[0];
          expect(task.status.state).toBe(ends[0] ?? furthest);
        },
      ),
    );
  });
});
