import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { NodeId } from "../../../shared/model/ids.js";
import { LivenessWorld } from "../../../test/liveness-world.js";
import { LOOK_PERIOD_MS } from "./attention.js";
import { CLOSED_LIMIT_MS, SILENCE_LIMIT_MS } from "./liveness-limits.js";

const names = (count: number, prefix = "n"): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

describe("silence", () => {
  test("a node that beats is ready for ever", () => {
    const world = new LivenessWorld();
    world.connect("a");
    expect(world.run(600_000).log).toEqual(["0.0 a ready"]);
  });

  test("three seconds of it, and a node is down; it is ready as soon as it is back", () => {
    const world = new LivenessWorld();
    world.connect("a", "b");
    world.run(10_000).mute("a");
    world.run(20_000).connect("a");
    expect(world.run(10_000).log).toEqual([
      "0.0 a ready",
      "0.0 b ready",
      "13.0 a down",
      "30.0 a ready",
    ]);
    expect(world.liveness.of("a" as NodeId)?.message).toBe("");
  });

  test("the reason is in Docker's words", () => {
    const world = new LivenessWorld();
    world.connect("a");
    world.mute("a");
    world.run(5_000);
    expect(world.liveness.of("a" as NodeId)).toEqual({
      state: "down",
      message: "heartbeat failure",
    });
  });
});

describe("a stream that the host itself ended", () => {
  test("gets thirty seconds, and no new tasks after the first", () => {
    const world = new LivenessWorld();
    world.connect("a");
    world.run(5_000).close("a");
    expect(world.run(60_000).log).toEqual(["0.0 a ready", "6.0 a disconnected", "35.0 a down"]);
  });

  test("a daemon that restarts is ready again without ever being down", () => {
    const world = new LivenessWorld();
    world.connect("a");
    world.run(5_000).close("a");
    world.run(500).connect("a");
    world.run(5_000).close("a");
    world.run(20_000).connect("a");
    expect(world.run(5_000).log).toEqual([
      "0.0 a ready",
      "5.5 a ready",
      "11.5 a disconnected",
      "30.5 a ready",
    ]);
  });

  test("an end after a silence is a cut, and its silence goes on counting", () => {
    const world = new LivenessWorld();
    world.connect("a");
    world.run(5_000).mute("a");
    world.run(1_500).close("a");
    expect(world.run(10_000).log).toEqual(["0.0 a ready", "8.0 a down"]);
  });
});

describe("a new leader", () => {
  test.each([
    ["ready", ["3.0 a down"]],
    ["unknown", ["30.0 a down"]],
    ["disconnected", ["30.0 a down"]],
    ["down", []],
  ] as const)("starts the clock of a node that was %s afresh", (state, log) => {
    const world = new LivenessWorld();
    world.expect("a", state);
    expect(world.run(60_000).log).toEqual(log);
  });

  test("takes back a node that was down as soon as it comes", () => {
    const world = new LivenessWorld();
    world.expect("a", "down");
    world.run(1_000).connect("a");
    expect(world.run(5_000).log).toEqual(["1.0 a ready"]);
  });

  test("gives those that turn to it late a little longer where many are late", () => {
    const world = new LivenessWorld();
    for (const name of names(9)) world.expect(name, "ready");
    world.run(1_000).connect(...names(5));
    world.run(2_800).connect(...names(9).slice(5));
    expect(world.run(10_000).log.filter((line) => line.includes("down"))).toEqual([]);
  });
});

describe("a manager that did not listen", () => {
  test.each([1_000, 2_900, 3_100, 10_000, 600_000])(
    "a stall of %i ms counts against nobody",
    (stallMs) => {
      const world = new LivenessWorld();
      world.connect("a");
      world.run(2_300).stall(stallMs);
      expect(world.run(10_000).log).toEqual(["0.0 a ready"]);
    },
  );

  test("a node that died during the stall is found afterwards", () => {
    const world = new LivenessWorld();
    world.connect("a", "b");
    world.run(2_300).mute("a");
    world.stall(10_000);
    world.run(3_000);
    expect(world.log.slice(2)).toEqual(["14.8 a down"]);
  });
});

describe("a node that flaps", () => {
  test("has to stay longer each time to count as ready", () => {
    const world = new LivenessWorld();
    const waitsMs: number[] = [];
    for (let loss = 0; loss < 9; loss++) {
      world.connect("a");
      const cameMs = world.nowMs;
      while (world.liveness.of("a" as NodeId)?.state !== "ready") world.run(LOOK_PERIOD_MS);
      waitsMs.push(world.nowMs - cameMs);
      world.mute("a");
      world.run(4_000);
    }
    expect(waitsMs).toEqual([0, 0, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000]);
  });

  test("says why it does not count, and is forgiven in time", () => {
    const world = new LivenessWorld();
    for (let loss = 0; loss < 3; loss++) {
      world.connect("a");
      world.run(3_000).mute("a");
      world.run(4_000);
    }
    world.connect("a");
    expect(world.liveness.of("a" as NodeId)).toEqual({
      state: "down",
      message: "lost 3 times within minutes: ready once it has stayed for 2 s",
    });
    world.run(400_000).mute("a");
    world.run(4_000).connect("a");
    expect(world.log.at(-1)).toMatch(/ready$/);
  });

  test("a daemon that restarts while its node has to stay starts that wait again", () => {
    const world = new LivenessWorld();
    for (let loss = 0; loss < 4; loss++) {
      world.connect("a");
      world.run(3_000).mute("a");
      world.run(4_000);
    }
    world.connect("a");
    world.run(2_000).close("a");
    world.run(200).connect("a");
    expect(world.liveness.of("a" as NodeId)?.state).toBe("down");
    world.run(4_100);
    expect(world.liveness.of("a" as NodeId)?.state).toBe("ready");
  });
});

describe("when many fall silent at once", () => {
  /** When the first goes down, in seconds after the silence began. */
  function firstDown(world: LivenessWorld): number | undefined {
    const line = world.log.find((entry) => entry.endsWith("down"));
    return line === undefined ? undefined : Number(line.split(" ")[0]) - 10;
  }

  test.each([
    ["two of five: too few to tell", 5, 2, "fresh", 3],
    ["two of six: no more than a third", 6, 2, "fresh", 3],
    ["three of six, the rest well heard", 6, 3, "fresh", 4],
    ["forty of a hundred, the rest well heard", 100, 40, "fresh", 4],
    ["three of six, and the other managers are silent too", 6, 3, "stale", 8],
    ["all of six", 6, 6, "fresh", 8],
  ] as const)("%s", (_case, count, silent, quorum, seconds) => {
    const world = new LivenessWorld();
    world.connect(...names(count));
    world.run(10_000).mute(...names(silent));
    world.quorum = quorum;
    world.run(20_000);
    expect(firstDown(world)).toBe(seconds);
    const downs = world.log.filter((line) => line.endsWith("down"));
    expect(downs).toHaveLength(silent);
  });

  test("a manager that was cut off for a while calls nobody down", () => {
    const world = new LivenessWorld();
    world.connect(...names(20));
    world.run(10_000).mute(...names(20));
    world.run(7_000).connect(...names(20));
    world.run(20_000);
    expect(firstDown(world)).toBeUndefined();
  });

  test("a second incident is doubted anew", () => {
    const world = new LivenessWorld();
    world.connect(...names(12));
    world.run(10_000).mute(...names(5));
    world.run(10_000).connect(...names(5));
    world.log.length = 0;
    world.run(10_000).mute(...names(5));
    world.run(10_000);
    expect(world.log.filter((line) => line.endsWith("down"))[0]).toMatch(/^34\.0 /);
  });
});

describe("always", () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant("run" as const), ms: fc.integer({ min: 100, max: 40_000 }) }),
      fc.record({ kind: fc.constant("stall" as const), ms: fc.integer({ min: 0, max: 40_000 }) }),
      fc.record({
        kind: fc.constantFrom("mute", "close", "connect"),
        node: fc.integer({ min: 1, max: 7 }),
      }),
    ),
    { maxLength: 40, size: "max" },
  );

  test("a node that sends its heartbeats is never called down, whatever happens around it", () => {
    fc.assert(
      fc.property(steps, (script) => {
        const world = new LivenessWorld();
        world.connect(...names(8));
        play(world, script);
        world.run(100);
        expect(world.log.filter((line) => / n0 (?!ready)/.test(line))).toEqual([]);
      }),
    );
  });

  test("a node that is silent is down in the end, and one that has come back to stay is ready", () => {
    fc.assert(
      fc.property(steps, (script) => {
        const world = new LivenessWorld();
        world.connect(...names(8));
        play(world, script);
        world.mute("n1");
        world.connect("n2");
        world.run(CLOSED_LIMIT_MS + 61_000);
        expect(world.liveness.of("n1" as NodeId)?.state).toBe("down");
        expect(world.liveness.of("n2" as NodeId)?.state).toBe("ready");
      }),
    );
  });

  test("nobody is called down before its silence has lasted", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: SILENCE_LIMIT_MS - 200 }), (ms) => {
        const world = new LivenessWorld();
        world.connect("n0");
        world.run(1_000).mute("n0");
        world.run(ms);
        expect(world.liveness.of("n0" as NodeId)?.state).toBe("ready");
      }),
    );
  });

  function play(
    world: LivenessWorld,
    script: readonly ({ kind: "run" | "stall"; ms: number } | { kind: string; node: number })[],
  ): void {
    for (const step of script) {
      if ("ms" in step) {
        if (step.kind === "run") world.run(step.ms);
        else world.stall(step.ms);
      } else if (step.kind === "mute") world.mute(`n${step.node}`);
      else if (step.kind === "close") world.close(`n${step.node}`);
      else world.connect(`n${step.node}`);
    }
  }
});
