/** What is promised is checked well enough: each of these bugs, put into the real code, is found. */
import { afterEach, describe, expect, test, vi } from "vitest";

import { AttentiveClock } from "../../../manager/dispatcher/core/attention.js";
import { LossHistory } from "../../../manager/dispatcher/core/flapping.js";
import { NodeLiveness } from "../../../manager/dispatcher/core/node-liveness.js";
import { SelfDoubt } from "../../../manager/dispatcher/core/self-doubt.js";
import { NodeWriter } from "../../../manager/dispatcher/node-writer.js";
import { ManagerSearch } from "../../../worker/agent/manager-search.js";
import { SimulatedEngine } from "../simulated-engine.js";
import { type Kind, simulationOf } from "./kinds.js";
import { Network } from "./network.js";
import { runSimulation } from "./run-simulation.js";

interface DeliberateBug {
  readonly kind: Kind;
  /** What the checks say of it. */
  readonly found: RegExp;
  readonly plant: () => void;
}

/** Many more than any of them needs. */
const SEEDS = 40;

const BUGS: Readonly<Record<string, DeliberateBug>> = {
  "heartbeats are not heard": {
    kind: "harmless",
    found: /is down .*with faults for/,
    plant: () => void vi.spyOn(NodeLiveness.prototype, "heard").mockReturnValue(undefined),
  },
  "time in which the manager stood still counts against the nodes": {
    kind: "harmless",
    found: /is down .*with faults for/,
    plant: () => {
      const now = (nowMs: number): number => nowMs;
      vi.spyOn(AttentiveClock.prototype, "at").mockImplementation(now);
      vi.spyOn(AttentiveClock.prototype, "look").mockImplementation(now);
    },
  },
  "a session that its host ended is a silent one": {
    kind: "any",
    found: /ended its session, and is down/,
    plant: () => void vi.spyOn(NodeLiveness.prototype, "closed").mockReturnValue(undefined),
  },
  "a silent node is never down": {
    kind: "any",
    found: /after \d+ ms of silence/,
    plant: () => void vi.spyOn(SelfDoubt.prototype, "holds").mockReturnValue(true),
  },
  "a manager never doubts itself": {
    kind: "isolated",
    found: /into an isolation/,
    plant: () => void vi.spyOn(SelfDoubt.prototype, "holds").mockReturnValue(false),
  },
  "a node that flaps comes back at once": {
    kind: "any",
    found: /ms after its return, having been lost/,
    plant: () => void vi.spyOn(LossHistory.prototype, "waitMs").mockReturnValue(0),
  },
  "a new leader forgets who was down": {
    kind: "any",
    found: /is back, and was not heard/,
    plant: () => {
      const { expected } = NodeLiveness;
      vi.spyOn(NodeLiveness, "expected").mockImplementation((was, atMs, limits) => {
        const node = expected({ ...was, state: "unknown" }, atMs, limits);
        node.registered({ periodMs: 500, engine: { kind: "answers" } }, atMs);
        node.closed(atMs);
        return node;
      });
    },
  },
  "what the managers say of nodes is not written": {
    kind: "any",
    found: /after \d+ ms of silence/,
    plant: () => void vi.spyOn(NodeWriter.prototype, "write").mockResolvedValue(undefined),
  },
  "an engine that is away is not told of": {
    kind: "any",
    found: /is ready, and its engine is away/,
    plant: () => void vi.spyOn(NodeLiveness.prototype, "engine").mockReturnValue(undefined),
  },
  "an engine that hangs is not noticed": {
    kind: "any",
    found: /is ready, and its engine is away/,
    plant: () => void vi.spyOn(SimulatedEngine.prototype, "ping").mockResolvedValue(undefined),
  },
  "an agent sleeps long between its tries": {
    kind: "any",
    found: /has been searching/,
    plant: () => {
      const next = ManagerSearch.prototype.next;
      vi.spyOn(ManagerSearch.prototype, "next").mockImplementation(function (this: ManagerSearch) {
        const attempt = next.call(this);
        return attempt && { ...attempt, delayMs: 4 * attempt.delayMs };
      });
    },
  },
  "an agent trusts the kernel to reach a host that was cut off": {
    kind: "any",
    found: /has been searching/,
    plant: () => {
      vi.spyOn(Network.prototype, "reach").mockResolvedValue(undefined);
      const next = ManagerSearch.prototype.next;
      vi.spyOn(ManagerSearch.prototype, "next").mockImplementation(function (this: ManagerSearch) {
        const attempt = next.call(this);
        return attempt && { ...attempt, wordLimitMs: 8_000 };
      });
    },
  },
};

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a bug that was put in is found", () => {
  test.each(Object.entries(BUGS))("%s", async (_name, { kind, found, plant }) => {
    plant();
    for (let number = 0; number < SEEDS; number++) {
      const { violations } = await runSimulation(simulationOf(kind, number));
      if (violations.some((line) => found.test(line))) return;
    }
    expect.unreachable(`not found in ${SEEDS} simulations`);
  });
});
