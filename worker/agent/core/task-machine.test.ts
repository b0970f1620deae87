import fc from "fast-check";
import { describe, expect, test } from "vitest";

import {
  DESIRED_STATES,
  isTerminal,
  isWanted,
  mayFollow,
  OBSERVED_STATES,
  type ObservedState,
} from "../../../shared/model/task-state.js";
import { HEALTH_STATES, type TaskObservation } from "../../engine/core/observation.js";
import { nextStep, refusal, type Step, type TaskSituation, type Wanted } from "./task-machine.js";

const ABSENT: TaskObservation = { kind: "absent" };
const CREATED: TaskObservation = { kind: "created", containerId: "c" };
const RUNNING = runningWith("none");

function runningWith(health: (typeof HEALTH_STATES)[number]): TaskObservation {
  return { kind: "running", containerId: "c", pid: 7, health, ports: [] };
}

function exitedWith(exitCode: number, more: { reason?: string; unhealthy?: true } = {}) {
  const health = more.unhealthy === true ? ("unhealthy" as const) : ("none" as const);
  const reason = more.reason === undefined ? {} : { reason: more.reason };
  return { kind: "exited" as const, containerId: "c", exitCode, health, ...reason };
}

/** A step in a few words: the table below reads as the life of a task. */
function say(step: Step): string {
  if (step.kind !== "report") return step.kind;
  const { state, error } = step.change;
  return error === undefined ? `report ${state}` : `report ${state}: ${error}`;
}

type Row = [Wanted, ObservedState, TaskObservation, string];

describe("one step", () => {
  test.each([
    ["running", "assigned", ABSENT, "report accepted"],
    ["running", "accepted", ABSENT, "report preparing"],
    ["running", "preparing", ABSENT, "prepare"],
    ["running", "preparing", CREATED, "report ready"],
    ["running", "ready", CREATED, "report starting"],
    ["running", "starting", CREATED, "start"],
    ["running", "starting", RUNNING, "report running"],
    ["running", "running", RUNNING, "wait"],
    ["complete", "starting", RUNNING, "report running"],
    // Prepared ahead of its time, it waits.
    ["ready", "preparing", ABSENT, "prepare"],
    ["ready", "ready", CREATED, "wait"],
    // A health check holds `running` back, and ends what fails it.
    ["running", "starting", runningWith("starting"), "wait"],
    ["running", "starting", runningWith("healthy"), "report running"],
    ["running", "running", runningWith("starting"), "wait"],
    ["running", "running", runningWith("unhealthy"), "report running"],
    ["running", "starting", runningWith("unhealthy"), "stop"],
    // Ends that nobody ordered.
    ["running", "running", exitedWith(0), "report complete"],
    ["running", "starting", exitedWith(0), "report complete"],
    ["running", "running", exitedWith(137), "report failed: task: non-zero exit (137)"],
    [
      "running",
      "running",
      exitedWith(1, { reason: "out of memory" }),
      "report failed: task: non-zero exit (1): out of memory",
    ],
    [
      "running",
      "running",
      exitedWith(0, { unhealthy: true }),
      "report failed: task: non-zero exit (0): dockerexec: unhealthy container",
    ],
    ["running", "running", ABSENT, `report failed: ${goneText()}`],
    ["running", "ready", ABSENT, `report failed: ${goneText()}`],
    // Ordered ends.
    ["shutdown", "running", RUNNING, "stop"],
    ["shutdown", "starting", runningWith("starting"), "stop"],
    ["shutdown", "running", exitedWith(143), "report shutdown"],
    ["shutdown", "ready", CREATED, "report shutdown"],
    ["shutdown", "assigned", ABSENT, "report shutdown"],
    ["remove", "running", RUNNING, "stop"],
    ["shutdown", "shutdown", exitedWith(143), "wait"],
    ["shutdown", "failed", ABSENT, "wait"],
    // No longer assigned: nothing may be left.
    ["gone", "running", RUNNING, "stop"],
    ["gone", "shutdown", exitedWith(0), "remove"],
    ["gone", "ready", CREATED, "remove"],
    ["gone", "shutdown", ABSENT, "forget"],
    // A container that outlives its task's reported end is stopped.
    ["running", "failed", RUNNING, "stop"],
    ["shutdown", "orphaned", RUNNING, "stop"],
    // Picked up by a daemon that had died before it could note what it did.
    ["running", "accepted", CREATED, "report ready"],
    ["running", "accepted", RUNNING, "report running"],
    ["running", "assigned", exitedWith(3), "report failed: task: non-zero exit (3)"],
  ] satisfies Row[])("wanted %s, reported %s, observed %o: %s", (...row) => {
    const [wanted, reported, observed, expected] = row;
    expect(say(nextStep(situation(wanted, reported, observed)))).toBe(expected);
  });

  test.each([
    ["running", "preparing", ABSENT, "wait"],
    ["running", "accepted", ABSENT, "wait"],
    ["running", "starting", CREATED, "wait"],
    ["running", "ready", CREATED, "wait"],
    ["running", "starting", RUNNING, "report running"],
    ["shutdown", "running", RUNNING, "stop"],
    ["running", "starting", runningWith("unhealthy"), "stop"],
  ] satisfies Row[])("while launches are held: wanted %s, %s, %o: %s", (...row) => {
    const [wanted, reported, observed, expected] = row;
    const held = { ...situation(wanted, reported, observed), launches: "hold" } as const;
    expect(say(nextStep(held))).toBe(expected);
  });

  test("tells that it is unhealthy before it stops it, and that it is healthy again", () => {
    const unhealthy = situation("running", "running", runningWith("unhealthy"));
    expect(nextStep(unhealthy)).toMatchObject({
      change: { state: "running", container: { isUnhealthy: true } },
    });
    const told = { isReportedUnhealthy: true };
    expect(nextStep({ ...unhealthy, ...told })).toEqual({ kind: "stop" });
    const healthy = situation("running", "running", runningWith("healthy"));
    expect(nextStep({ ...healthy, ...told })).toMatchObject({
      change: { state: "running", container: { containerId: "c", pid: 7 } },
    });
    const starting = situation("running", "running", runningWith("starting"));
    expect(nextStep({ ...starting, ...told })).toEqual({ kind: "wait" });
  });

  test("tells the container and its exit code", () => {
    const step = nextStep(situation("running", "running", exitedWith(2)));
    expect(step).toMatchObject({
      change: { container: { containerId: "c", pid: 0, exitCode: 2 } },
    });
  });

  test("a refusal rejects a task that never began, and fails one that did", () => {
    expect(refusal("preparing", ABSENT, "No such image: x").state).toBe("rejected");
    expect(refusal("starting", CREATED, "starting container failed").state).toBe("failed");
  });
});

describe("for every situation", () => {
  const observation: fc.Arbitrary<TaskObservation> = fc.oneof(
    fc.constant(ABSENT),
    fc.constant(CREATED),
    fc.constantFrom(...HEALTH_STATES).map(runningWith),
    fc.tuple(fc.nat(255), fc.boolean()).map(([code, unhealthy]) => {
      return exitedWith(code, unhealthy ? { unhealthy } : {});
    }),
  );
  const anySituation: fc.Arbitrary<TaskSituation> = fc.record({
    wanted: fc.constantFrom<Wanted[]>(...DESIRED_STATES, "gone"),
    reported: fc.constantFrom(...OBSERVED_STATES),
    isReportedUnhealthy: fc.boolean(),
    observed: observation,
    launches: fc.constantFrom("allow" as const, "hold" as const),
  });

  test("a report goes forward, and nothing is reported after the end", () => {
    fc.assert(
      fc.property(anySituation, (at) => {
        const step = nextStep(at);
        if (step.kind !== "report") return;
        expect(isTerminal(at.reported)).toBe(false);
        const { state, container } = step.change;
        if (mayFollow(state, at.reported)) return;
        expect(state).toBe(at.reported);
        expect(container?.isUnhealthy === true).toBe(!at.isReportedUnhealthy);
      }),
    );
  });

  test("a running task is stopped only on an order, for its health, or after its end", () => {
    fc.assert(
      fc.property(anySituation, (at) => {
        if (nextStep(at).kind !== "stop") return;
        const { observed, wanted, reported } = at;
        const ordered = wanted === "gone" || !isWanted(wanted);
        const unhealthy = observed.kind === "running" && observed.health === "unhealthy";
        expect(ordered || unhealthy || isTerminal(reported)).toBe(true);
      }),
    );
  });

  test("nothing is prepared or started unless it is wanted, and launches are allowed", () => {
    fc.assert(
      fc.property(anySituation, (at) => {
        const { kind } = nextStep(at);
        if (kind !== "prepare" && kind !== "start") return;
        expect(at.launches).toBe("allow");
        expect(at.wanted === "gone" || !isWanted(at.wanted)).toBe(false);
        if (kind === "start") expect(at.wanted).not.toBe("ready");
      }),
    );
  });

  test("with an engine that obeys, it comes to rest within a few steps", () => {
    fc.assert(
      fc.property(anySituation, (start) => {
        let at: TaskSituation = { ...start, launches: "allow" };
        for (let steps = 0; steps < 12; steps++) {
          const step = nextStep(at);
          if (step.kind === "wait" || step.kind === "forget") return;
          at = obey(at, step);
        }
        throw new Error(`no rest from ${JSON.stringify(start)}`);
      }),
    );
  });
});

function obey(at: TaskSituation, step: Step): TaskSituation {
  switch (step.kind) {
    case "report": {
      const { state, container } = step.change;
      const isReportedUnhealthy = container?.isUnhealthy === true;
      return { ...at, reported: state, isReportedUnhealthy };
    }
    case "prepare":
      return { ...at, observed: CREATED };
    case "start":
      return { ...at, observed: RUNNING };
    case "stop":
      return { ...at, observed: exitedWith(143) };
    case "remove":
      return { ...at, observed: ABSENT };
    case "wait":
    case "forget":
      return at;
  }
}

function situation(wanted: Wanted, reported: ObservedState, observed: TaskObservation) {
  const isReportedUnhealthy = false;
  return { wanted, reported, isReportedUnhealthy, observed, launches: "allow" } as const;
}

function goneText(): string {
  return "task: container was removed from outside the cluster";
}
