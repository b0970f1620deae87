import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { AssignmentSet, TaskTemplate } from "../../../shared/model/assignment.js";
import { compareFences, type Fence } from "../../../shared/model/fence.js";
import type { ServiceId, TaskId } from "../../../shared/model/ids.js";
import type { Task } from "../../../shared/model/task.js";
import type { DesiredState } from "../../../shared/model/task-state.js";
import {
  applyAssignments,
  type Assignments,
  beginSession,
  NO_ASSIGNMENTS,
  raiseFence,
  SPARE_TEMPLATES_KEPT,
} from "./diff-assignments.js";

const WEB = "web" as ServiceId;

function fence(epoch: number, term: number, sequence: number): Fence {
  return { epoch, term, sequence };
}

function task(id: string, desired: DesiredState = "running", revision = 1): Task {
  return {
    id: id as TaskId,
    version: 1,
    createdAtMs: 0,
    updatedAtMs: 0,
    serviceId: WEB,
    revision,
    slot: 1,
    desired,
    status: { state: "assigned", atMs: 0, message: "" },
  };
}

function template(revision = 1): TaskTemplate {
  return { serviceId: WEB, revision, serviceName: "web", serviceLabels: {}, template: {} };
}

function complete(tasks: Task[], more: Partial<AssignmentSet> = {}): AssignmentSet {
  const templates = [template()];
  const base = { fence: fence(1, 1, 1), kind: "complete", sequence: 1, removed: [] } as const;
  return { ...base, tasks, templates, ...more };
}

function increment(sequence: number, more: Partial<AssignmentSet> = {}): AssignmentSet {
  return complete([], { kind: "incremental", sequence, templates: [], ...more });
}

function applied(known: Assignments, set: AssignmentSet) {
  const result = applyAssignments(known, set);
  if (result.kind !== "applied") throw new Error(`not applied: ${JSON.stringify(result)}`);
  return result;
}

function ids(known: Assignments): string[] {
  return [...known.tasks.keys()];
}

describe("a complete set", () => {
  test("names everything: what it leaves out is removed", () => {
    const first = applied(NO_ASSIGNMENTS, complete([task("a"), task("b")]));
    expect(first.changed).toEqual(["a", "b"]);
    const second = applied(first.assignments, complete([task("b"), task("c")], { sequence: 2 }));
    expect(ids(second.assignments)).toEqual(["b", "c"]);
    expect(second.removed).toEqual(["a"]);
  });

  test("without a task's template still tells of the task, so that it can be stopped", () => {
    const { assignments } = applied(NO_ASSIGNMENTS, complete([task("a")], { templates: [] }));
    expect(assignments.tasks.get("a" as TaskId)).toMatchObject({ template: undefined });
  });
});

describe("an increment", () => {
  const { assignments: known } = applied(NO_ASSIGNMENTS, complete([task("a"), task("b")]));

  test("changes what it names and leaves the rest", () => {
    const result = applied(
      known,
      increment(2, { tasks: [task("a", "shutdown"), task("c")], removed: ["b" as TaskId] }),
    );
    expect(ids(result.assignments)).toEqual(["a", "c"]);
    expect(result.changed).toEqual(["a", "c"]);
    expect(result.removed).toEqual(["b"]);
    expect(result.assignments.tasks.get("a" as TaskId)?.task.desired).toBe("shutdown");
  });

  test.each([1, 3, 7])("with sequence number %i after 1 is a gap", (sequence) => {
    expect(applyAssignments(known, increment(sequence)).kind).toBe("gap");
  });

  test("before the session's complete set is a gap", () => {
    expect(applyAssignments(beginSession(known), increment(2)).kind).toBe("gap");
  });

  test("without a task's template is a gap", () => {
    const set = increment(2, { tasks: [task("c", "running", 9)] });
    const reason = "task c came without its template web/9";
    expect(applyAssignments(known, set)).toEqual({ kind: "gap", reason });
  });

  test("may use a template that the session carried before", () => {
    const emptied = applied(known, increment(2, { removed: ["a" as TaskId, "b" as TaskId] }));
    const again = applied(emptied.assignments, increment(3, { tasks: [task("c")] }));
    expect(again.assignments.tasks.get("c" as TaskId)?.template).toEqual(template());
  });
});

describe("the fence", () => {
  const known = applied(
    NO_ASSIGNMENTS,
    complete([task("a")], { fence: fence(2, 5, 100) }),
  ).assignments;

  test.each([
    ["an older store", fence(2, 5, 99)],
    ["a deposed leader with a longer log", fence(2, 4, 999)],
    ["a cluster from before the backup", fence(1, 9, 999)],
  ])("refuses %s, whole", (_who, older) => {
    const set = complete([], { fence: older });
    expect(applyAssignments(known, set)).toEqual({ kind: "outdated", fence: known.fence });
    expect(raiseFence(known, older)).toBeUndefined();
  });

  test.each([fence(2, 5, 100), fence(2, 6, 1), fence(3, 0, 0)])("lets %o pass", (newer) => {
    const result = applied(known, complete([task("a")], { fence: newer }));
    expect(result.assignments.fence).toEqual(newer);
  });

  test("never falls, whatever comes", () => {
    const anyFence = fc.tuple(fc.nat(2), fc.nat(3), fc.nat(4)).map((parts) => fence(...parts));
    fc.assert(
      fc.property(fc.array(anyFence), (fences) => {
        let at: Assignments = NO_ASSIGNMENTS;
        for (const next of fences) {
          const result = applyAssignments(at, complete([], { fence: next }));
          if (result.kind !== "applied") continue;
          expect(compareFences(result.assignments.fence, at.fence)).toBeGreaterThanOrEqual(0);
          at = result.assignments;
        }
      }),
    );
  });
});

test("increments lead where a complete set of the same tasks leads", () => {
  const names = ["a", "b", "c", "d"];
  const edit = fc.record({ put: fc.subarray(names), drop: fc.subarray(names) });
  fc.assert(
    fc.property(fc.array(edit), (edits) => {
      let at = applied(NO_ASSIGNMENTS, complete([])).assignments;
      const expected = new Set<string>();
      edits.forEach(({ put, drop }, index) => {
        const removed = drop.filter((name) => !put.includes(name)) as TaskId[];
        const set = increment(index + 2, { tasks: put.map((name) => task(name)), removed });
        at = applied(at, set).assignments;
        for (const name of put) expected.add(name);
        for (const name of removed) expected.delete(name);
      });
      expect(ids(at).sort()).toEqual([...expected].sort());
    }),
  );
});

test("templates that nobody runs are kept within a bound, the newest of them", () => {
  let at = applied(NO_ASSIGNMENTS, complete([task("a")])).assignments;
  for (let i = 0; i < SPARE_TEMPLATES_KEPT + 10; i++) {
    at = applied(at, increment(i + 2, { templates: [template(i + 2)] })).assignments;
  }
  expect(at.templates.size).toBe(SPARE_TEMPLATES_KEPT + 1);
  expect(at.templates.has("web/1")).toBe(true);
  expect(at.templates.has("web/2")).toBe(false);
});
