// Looks at a service, one after the other, as transcripts: what is shown, and what becomes of it.
import { describe, expect, test } from "vitest";

import type { Service, ServiceMode } from "../../../../shared/docker-api/service-spec.js";
import type { Task, TaskState } from "../../../../shared/docker-api/task.js";
import { type Look, look, startConvergence, type Wish } from "./converge.js";

const META = { ID: "s1", Version: { Index: 1 }, CreatedAt: "", UpdatedAt: "" };

interface Sketch {
  readonly mode?: ServiceMode;
  readonly monitorMs?: number;
  readonly status?: Service["UpdateStatus"];
  readonly rebalance?: Service["RebalanceStatus"];
  readonly tasks?: readonly string[];
  readonly deadNodes?: readonly string[];
}

function serviceOf(sketch: Sketch): Service {
  const { mode = { Replicated: { Replicas: 2 } }, monitorMs, status, rebalance } = sketch;
  const isJob = mode.ReplicatedJob !== undefined || mode.GlobalJob !== undefined;
  return {
    ...META,
    Spec: {
      Name: "web",
      Mode: mode,
      ...(monitorMs === undefined ? {} : { UpdateConfig: { Monitor: monitorMs * 1e6 } }),
    },
    Endpoint: { Spec: {} },
    ...(status === undefined ? {} : { UpdateStatus: status }),
    ...(rebalance === undefined ? {} : { RebalanceStatus: rebalance }),
    ...(isJob ? { JobStatus: { JobIteration: { Index: 2 } } } : {}),
  };
}

/** `slot state[>desired] [@node] [#run] [!reason]` */
function taskOf(text: string): Task {
  const [, slot = "", state = "", desired = "running", node = "n1", run = "2", reason] =
    /^(\S+) ([a-z]+)(?:>([a-z]+))?(?: @(\S+))?(?: #(\d))?(?: !([^]*))?$/.exec(text) ?? [];
  return {
    ...META,
    Spec: {},
    Slot: Number(slot),
    NodeID: node,
    DesiredState: desired as TaskState,
    JobIteration: { Index: Number(run) },
    Status: {
      Timestamp: "",
      State: state as TaskState,
      ...(reason === undefined ? {} : { Err: reason }),
    },
  };
}

/** Looks one second apart, beginning at 0. */
function looks(sketches: readonly Sketch[], wish: Wish = "forward", before?: Sketch): Look[] {
  let convergence = startConvergence(wish, before && serviceOf(before));
  return sketches.map((sketch, index) => {
    const tasks = (sketch.tasks ?? []).map(taskOf);
    const nodes = new Set(tasks.map(({ NodeID: id = "" }) => id));
    for (const dead of sketch.deadNodes ?? []) nodes.delete(dead);
    const seen = look(
      { service: serviceOf(sketch), tasks, liveNodes: nodes },
      convergence,
      index * 1000,
    );
    convergence = seen.next;
    return seen;
  });
}

function lastOf(sketches: readonly Sketch[], wish?: Wish, before?: Sketch): Look {
  return looks(sketches, wish, before).at(-1)!;
}

function rowsOf({ rows }: Look): string[] {
  return rows.map(({ id, text, done }) => {
    const steps = done === undefined ? "" : ` ${done.steps}/${done.of}`;
    return `${id}: ${text.trimEnd()}${steps}`.trimEnd();
  });
}

const RUNNING = ["1 running", "2 running"];

describe("rows of a replicated service", () => {
  test("a place for each slot from the start", () => {
    expect(rowsOf(lastOf([{}]))).toEqual(["overall progress: 0 out of 2 tasks", "1/2:", "2/2:"]);
  });

  test("states, and reasons in their place", () => {
    const reason = "no suitable node (insufficient resources on 2 nodes)";
    expect(rowsOf(lastOf([{ tasks: [`2 pending !${reason}`, "1 preparing"] }]))).toEqual([
      "overall progress: 0 out of 2 tasks",
      "1/2: preparing 6/9",
      `2/2: ${reason}`,
    ]);
  });

  test("a restart's new task counts, not the failed one", () => {
    const tasks = ["1 failed>shutdown !boom", "1 starting", "2 running"];
    expect(rowsOf(lastOf([{ tasks }]))).toEqual([
      "overall progress: 1 out of 2 tasks",
      "1/2: starting 8/9",
      "2/2: running 9/9",
    ]);
  });

  test("slots that go do not hold the rows of those that stay", () => {
    const tasks = ["1 running>shutdown", "2 running", "5 running"];
    expect(rowsOf(lastOf([{ tasks }])).slice(0, 3)).toEqual([
      "overall progress: 2 out of 2 tasks",
      "1/2: running 9/9",
      "2/2: running 9/9",
    ]);
  });

  test("a task on a node that is down does not count", () => {
    const look_ = lastOf([{ tasks: ["1 running @gone", "2 running"], deadNodes: ["gone"] }]);
    expect(rowsOf(look_)[0]).toBe("overall progress: 1 out of 2 tasks");
    expect(look_.verdict.kind).toBe("waiting");
  });

  test("of many tasks only the reasons are told, the most frequent first", () => {
    const tasks = [
      ...Array.from({ length: 3 }, (_, slot) => `${slot + 1} pending !too big`),
      ...Array.from({ length: 5 }, (_, slot) => `${slot + 4} pending !no\n node`),
      "9 running",
    ];
    expect(rowsOf(lastOf([{ mode: { Replicated: { Replicas: 30 } }, tasks }]))).toEqual([
      "overall progress: 1 out of 30 tasks",
      "waiting: no node (5 tasks)",
      "waiting (2): too big (3 tasks)",
    ]);
  });

  test("a long reason stays on one line", () => {
    const [, row = ""] = rowsOf(lastOf([{ tasks: [`1 pending !${"x".repeat(200)}`] }]));
    expect(row).toBe(`1/2: ${"x".repeat(74)}…`);
  });
});

describe("a service converges when all run for as long as updates are watched", () => {
  test("five seconds unless the service says otherwise", () => {
    const all = looks(Array.from({ length: 6 }, () => ({ tasks: RUNNING })));
    expect(all.map((one) => rowsOf(one).at(-1))).toEqual([
      "verify: Waiting 5 seconds to verify that tasks are stable...",
      "verify: Waiting 4 seconds to verify that tasks are stable...",
      "verify: Waiting 3 seconds to verify that tasks are stable...",
      "verify: Waiting 2 seconds to verify that tasks are stable...",
      "verify: Waiting 1 second to verify that tasks are stable...",
      "verify: Service web converged",
    ]);
    expect(all.map(({ verdict }) => verdict.kind)).toEqual([
      ...Array.from({ length: 5 }, () => "waiting"),
      "converged",
    ]);
  });

  test("its own monitor", () => {
    const sketch = { tasks: RUNNING, monitorMs: 1500 };
    const [first, second, third] = looks([sketch, sketch, sketch]);
    expect(first?.verdict).toEqual({ kind: "waiting", untilMs: 500 });
    expect(second?.verdict).toEqual({ kind: "waiting", untilMs: 1500 });
    expect(third?.verdict.kind).toBe("converged");
  });

  test("a task that fails meanwhile begins it anew", () => {
    const up = { tasks: RUNNING };
    const down = { tasks: ["1 running", "2 starting"] };
    const all = looks([up, up, down, up, up, up, up, up, up]);
    expect(rowsOf(all[2]!).at(-1)).toBe("verify: Detected task failure");
    expect(all.findIndex(({ verdict }) => verdict.kind === "converged")).toBe(8);
  });

  test("no tasks wanted are no tasks to wait for", () => {
    const { verdict } = lastOf([{ mode: { Replicated: { Replicas: 0 } }, monitorMs: 1 }]);
    expect(verdict.kind).toBe("waiting");
  });
});

describe("an update", () => {
  const up = { tasks: RUNNING };

  test("that was paused fails", () => {
    const status = { State: "paused" as const, Message: "update paused due to failure of task x" };
    expect(lastOf([{ ...up, status }]).verdict).toEqual({
      kind: "failed",
      reason: "service update paused: update paused due to failure of task x",
    });
  });

  test("whose rollback was paused fails", () => {
    const status = { State: "rollback_paused" as const, Message: "why" };
    expect(lastOf([{ ...up, status }]).verdict).toEqual({
      kind: "failed",
      reason: "service rollback paused: why",
    });
  });

  test("that goes back says so", () => {
    const status = { State: "rollback_started" as const, Message: "task x failed" };
    expect(rowsOf(lastOf([{ tasks: ["1 running"], status }])).slice(0, 2)).toEqual([
      "rollback: task x failed",
      "overall progress: rolling back update: 1 out of 2 tasks",
    ]);
  });

  test.each<[Wish, string]>([
    ["forward", "failed"],
    ["rollback", "converged"],
  ])("that went back is, where %s was asked for, %s", (wish, kind) => {
    const status = { State: "rollback_completed" as const, Message: "rollback completed" };
    const looksAtIt = Array.from({ length: 6 }, () => ({ ...up, status }));
    expect(lastOf(looksAtIt, wish).verdict.kind).toBe(kind);
  });

  test("that the managers call completed is over, whatever has failed since", () => {
    const status = { State: "completed" as const };
    expect(lastOf([{ tasks: ["1 running"], status }]).verdict.kind).toBe("converged");
  });

  test("from before says nothing of now", () => {
    const status = { State: "paused" as const, Message: "long ago" };
    expect(lastOf([{ tasks: ["1 running"], status }], "forward", { status }).verdict.kind).toBe(
      "waiting",
    );
  });
});

describe("a global service", () => {
  const mode = { Global: {} };

  test("waits for its first tasks", () => {
    expect(rowsOf(lastOf([{ mode }]))).toEqual(["overall progress: waiting for new tasks"]);
  });

  test("has a row for each node", () => {
    expect(
      rowsOf(lastOf([{ mode, tasks: ["0 running @node-b", "0 pending @node-a !full"] }])),
    ).toEqual(["overall progress: 1 out of 2 tasks", "node-a: full", "node-b: running 9/9"]);
  });
});

describe("a job", () => {
  const mode = { ReplicatedJob: { TotalCompletions: 3, MaxConcurrent: 2 } };

  test("counts completions of this run", () => {
    const tasks = ["0 complete #1", "1 complete #1", "0 complete", "1 running"];
    const { rows, verdict } = lastOf([{ mode, tasks }]);
    expect(rows.map(({ id, text }) => `${id}: ${text}`.trimEnd())).toEqual([
      "job progress: 1 out of 3 complete",
      "active tasks: 1 out of 2 tasks",
      "1/3: complete",
      "2/3: running",
      "3/3:",
    ]);
    expect(verdict.kind).toBe("waiting");
  });

  test("is done when it is done", () => {
    const tasks = ["0 complete", "1 complete", "2 complete"];
    const { rows, verdict } = lastOf([{ mode, tasks }]);
    expect(rows.at(-1)).toEqual({ id: "verify", text: "job complete" });
    expect(verdict.kind).toBe("converged");
  });

  test("that lost a task for good ends with an error, once the others are done", () => {
    const lost = "1 failed>shutdown !task: non-zero exit (3)";
    const on = [{ mode, tasks: ["0 complete", lost, "2 running"] }];
    expect(lastOf(on).verdict.kind).toBe("waiting");
    const over = [{ mode, tasks: ["0 complete", lost, "2 complete"] }];
    expect(lastOf(over).verdict).toEqual({
      kind: "failed",
      reason: "job task web.1 (s1) failed: task: non-zero exit (3); no other task follows it",
    });
  });

  test.each([
    ["another is about to follow", ["0 failed>shutdown", "0 failed>complete", "1 complete"]],
    ["another waits for its time", ["0 failed>shutdown", "0 ready>ready", "1 complete"]],
    ["another place was not tried yet", ["0 failed>shutdown"]],
  ])("goes on after a failure where %s", (_, tasks) => {
    const two = { ReplicatedJob: { TotalCompletions: 2, MaxConcurrent: 1 } };
    expect(lastOf([{ mode: two, tasks }]).verdict.kind).toBe("waiting");
  });

  test("of all nodes that failed on one", () => {
    const tasks = ["0 complete @a", "0 rejected>shutdown @b !No such image: none"];
    expect(lastOf([{ mode: { GlobalJob: {} }, tasks }]).verdict).toMatchObject({ kind: "failed" });
  });

  test("of all nodes", () => {
    const global = { mode: { GlobalJob: {} } };
    const tasks = ["0 complete @a", "0 running @b"];
    expect(rowsOf(lastOf([{ ...global, tasks }]))).toEqual([
      "job progress: 1 out of 2 complete 1/2",
      "a: complete 10/10",
      "b: running 9/10",
    ]);
    expect(lastOf([{ ...global, tasks: ["0 complete @a"] }]).verdict.kind).toBe("converged");
  });
});

describe("a rebalance", () => {
  const tasks = ["1 running", "2 running"];

  test("is over when the cluster says so: no task was down for it", () => {
    const seen = looks(
      [
        { tasks, rebalance: { State: "rebalancing", Moved: 1, Message: "in progress" } },
        { tasks, rebalance: { State: "completed", Moved: 2, Message: "2 tasks moved" } },
      ],
      "rebalance",
    );
    expect(seen.map(({ verdict }) => verdict.kind)).toEqual(["waiting", "converged"]);
    const told = seen.map(({ rows }) => rows.find(({ id }) => id === "rebalance")?.text);
    expect(told).toEqual(["1 task moved", "2 tasks moved"]);
  });

  test("is not waited for once the service has changed", () => {
    const [seen] = looks([{ tasks }], "rebalance");
    expect(seen?.verdict.kind).toBe("converged");
  });
});
