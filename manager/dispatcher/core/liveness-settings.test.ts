/** Limits and periods that change while nodes are connected. */
import { expect, test } from "vitest";

import type { NodeId } from "../../../shared/model/ids.js";
import { Liveness } from "./liveness.js";
import { DEFAULT_LIVENESS_LIMITS, type LivenessLimits } from "./liveness-limits.js";

const N1 = "n1" as NodeId;

class Watched {
  limits: LivenessLimits = DEFAULT_LIVENESS_LIMITS;
  nowMs = 0;
  readonly liveness = new Liveness(0, () => this.limits);

  constructor(periodMs: number) {
    this.liveness.registered(N1, { periodMs, engine: { kind: "answers" } }, 0);
  }

  heartbeat(told: number): void {
    this.liveness.heard(N1, this.nowMs);
    this.liveness.told(N1, told);
  }

  /** The state after so much silence. */
  after(silenceMs: number): string | undefined {
    for (const untilMs = this.nowMs + silenceMs; this.nowMs < untilMs;) {
      this.nowMs += 100;
      this.liveness.look(this.nowMs, "fresh");
    }
    return this.liveness.of(N1)?.state;
  }
}

test("another limit counts for nodes that are connected already", () => {
  const node = new Watched(500);
  node.limits = { ...DEFAULT_LIVENESS_LIMITS, silenceMs: 9_000 };
  expect(node.after(8_900)).toBe("ready");
  expect(node.after(200)).toBe("down");
});

test("an agent that is told a longer period is given its time from then on", () => {
  const node = new Watched(500);
  node.heartbeat(5_000);
  expect(node.after(14_900)).toBe("ready");
  expect(node.after(200)).toBe("down");
});

test("one that is told a shorter one may not have heard it until its next heartbeat", () => {
  const node = new Watched(5_000);
  node.heartbeat(500);
  expect(node.after(5_000)).toBe("ready");
  node.heartbeat(500);
  expect(node.after(2_900)).toBe("ready");
  expect(node.after(200)).toBe("down");
});
