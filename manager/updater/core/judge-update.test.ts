/** What is said of an update: from its slots and its settings. */
import { describe, expect, test } from "vitest";

import type { UpdateState } from "../../../shared/docker-api/service-spec.js";
import type { Service, UpdateProgress } from "../../../shared/model/service.js";
import { sampleService, sampleTask } from "../../../test/samples/objects.js";
import { judgeUpdate, progressAfter } from "./judge-update.js";
import type { SlotProgress } from "./slot-progress.js";
import type { UpdateRules } from "./update-rules.js";

const RULES: UpdateRules = {
  parallelism: 1,
  delayMs: 0,
  monitorMs: 5_000,
  maxFailureRatio: 0,
  failureAction: "pause",
  order: "stop-first",
};

const outdated: SlotProgress = { kind: "outdated" };
const untouched: SlotProgress = { kind: "untouched" };
const coming: SlotProgress = { kind: "coming" };
const runs = (agoMs: number): SlotProgress => ({
  kind: "arrived",
  task: sampleTask(),
  agoMs,
  failed: false,
});
const failed: SlotProgress = {
  kind: "arrived",
  task: sampleTask({ id: "culprit", state: "failed" }),
  agoMs: 1_000,
  failed: true,
};

function serviceIn(state?: UpdateState): Service {
  const { service } = sampleService();
  const previous = { frame: service.frame, revision: 1 };
  if (state === undefined) return { ...service, previous };
  return { ...service, previous, update: { state, message: "", startedAtMs: 7 } };
}

const verdict = (
  state: UpdateState | undefined,
  progress: readonly SlotProgress[],
  rules: Partial<UpdateRules> = {},
) => judgeUpdate(serviceIn(state), progress, { ...RULES, ...rules });

const dueTo = "due to failure or early termination of task culprit";

describe("an update", () => {
  test.each<[string, ReturnType<typeof verdict>, object]>([
    ["begins with the first outdated slot", verdict(undefined, [outdated]), { kind: "begin" }],
    ["is none where nothing is outdated", verdict(undefined, [untouched]), { kind: "rest" }],
    ["may follow another", verdict("completed", [outdated]), { kind: "begin" }],
    ["rests when it is paused", verdict("paused", [outdated]), { kind: "rest" }],
    ["… as a rollback does", verdict("rollback_paused", [outdated]), { kind: "rest" }],
    ["goes on while slots are outdated", verdict("updating", [outdated]), { kind: "go-on" }],
    ["… or about to run", verdict("updating", [runs(9e9), coming]), { kind: "go-on" }],
    [
      "watches the last for the monitor period",
      verdict("updating", [runs(9_000), runs(1_000), untouched]),
      { kind: "go-on", wakeInMs: 4_000 },
    ],
    ["is over then", verdict("updating", [runs(5_000), untouched]), { kind: "complete" }],
    ["is over where nothing was to do", verdict("rollback_started", []), { kind: "complete" }],
  ])("%s", (_, made, expected) => {
    expect(made).toEqual(expected);
  });
});

describe("a failure", () => {
  test.each<[string, ReturnType<typeof verdict>, object]>([
    [
      "pauses",
      verdict("updating", [failed, outdated]),
      { kind: "pause", message: `update paused ${dueTo}` },
    ],
    [
      "rolls back",
      verdict("updating", [failed, outdated], { failureAction: "rollback" }),
      { kind: "roll-back", message: `update rolled back ${dueTo}` },
    ],
    [
      "never rolls back a rollback",
      verdict("rollback_started", [failed], { failureAction: "rollback" }),
      { kind: "pause", message: `rollback paused ${dueTo}` },
    ],
    [
      "pauses a rollback",
      verdict("rollback_started", [failed]),
      { kind: "pause", message: `update paused ${dueTo}` },
    ],
    [
      "is nobody's business with `continue`",
      verdict("updating", [failed, outdated], { failureAction: "continue" }),
      { kind: "go-on" },
    ],
    [
      "is allowed up to the ratio",
      verdict("updating", [failed, outdated, outdated, coming], { maxFailureRatio: 0.25 }),
      { kind: "go-on" },
    ],
    [
      "beyond which slots that the update does not touch do not help",
      verdict("updating", [failed, outdated, untouched, untouched], { maxFailureRatio: 0.25 }),
      { kind: "pause", message: `update paused ${dueTo}` },
    ],
    [
      "counts also when it comes last",
      verdict("updating", [runs(9_000), failed]),
      { kind: "pause", message: `update paused ${dueTo}` },
    ],
  ])("%s", (_, made, expected) => {
    expect(made).toEqual(expected);
  });

  test("pauses where there is nothing to go back to", () => {
    const { service } = sampleService();
    const update = { state: "updating", message: "", startedAtMs: 7 } as const;
    const rules = { ...RULES, failureAction: "rollback" } as const;
    expect(judgeUpdate({ ...service, update }, [failed], rules).kind).toBe("pause");
  });
});

describe("what the service shows then", () => {
  const updating: UpdateProgress = { state: "updating", message: "", startedAtMs: 7 };
  const rollback: UpdateProgress = { state: "rollback_started", message: "", startedAtMs: 7 };
  test.each([
    ["begin", { kind: "begin" }, undefined, "updating", "update in progress", 50, undefined],
    ["complete", { kind: "complete" }, updating, "completed", "update completed", 7, 50],
    [
      "a rollback's end",
      { kind: "complete" },
      rollback,
      "rollback_completed",
      "rollback completed",
      7,
      50,
    ],
    ["pause", { kind: "pause", message: "m" }, updating, "paused", "m", 7, undefined],
    ["its pause", { kind: "pause", message: "m" }, rollback, "rollback_paused", "m", 7, undefined],
    [
      "roll back",
      { kind: "roll-back", message: "m" },
      updating,
      "rollback_started",
      "m",
      7,
      undefined,
    ],
  ] as const)("%s", (_, made, update, state, message, startedAtMs, completedAtMs) => {
    expect(progressAfter(made, update, 50)).toEqual({
      state,
      message,
      startedAtMs,
      ...(completedAtMs === undefined ? {} : { completedAtMs }),
    });
  });
});
