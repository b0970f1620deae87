import { describe, expect, test } from "vitest";

import type { NodeId } from "../../../shared/model/ids.js";
import { LivenessWorld } from "../../../test/liveness-world.js";

const AWAY = { kind: "away", reason: "no such file" } as const;
const ANSWERS = { kind: "answers" } as const;

/** One node that was heard for ten seconds. */
function world(): LivenessWorld {
  const made = new LivenessWorld();
  made.connect("a");
  made.run(10_000).log.length = 0;
  return made;
}

describe("an engine that does not answer", () => {
  test("costs its node new tasks at once, and those that it has after ten seconds", () => {
    const one = world();
    one.engine("a", AWAY);
    one.run(1_000);
    expect(one.said("a")).toEqual({
      state: "disconnected",
      message: "the engine does not answer: no such file",
    });
    one.run(20_000);
    expect(one.log).toEqual(["10.1 a disconnected", "20.0 a down"]);
    expect(one.said("a")?.message).toBe("the engine has not answered for 10 s: no such file");
  });

  test("costs nothing more where it is back in time", () => {
    const one = world();
    one.engine("a", AWAY);
    one.run(9_000).engine("a", ANSWERS);
    expect(one.run(60_000).log).toEqual(["10.1 a disconnected", "19.1 a ready"]);
  });

  test("may change its excuses: neither its time nor what is said of it changes", () => {
    const one = world();
    for (let second = 0; second < 12; second++) {
      one.engine("a", { kind: "away", reason: `excuse ${second}` });
      one.run(1_000);
    }
    expect(one.log).toEqual(["10.1 a disconnected", "20.0 a down"]);
  });

  test("leaves its node its session: when it answers, the node is ready", () => {
    const one = world();
    one.engine("a", AWAY);
    one.run(15_000);
    expect(one.liveness.isLost("a" as NodeId)).toBe(false);
    one.engine("a", ANSWERS);
    expect(one.run(1_000).log.at(-1)).toBe("25.1 a ready");
  });

  test("that comes and goes has to prove itself longer each time", () => {
    const one = world();
    const waits: string[] = [];
    for (let loss = 0; loss < 4; loss++) {
      one.engine("a", AWAY);
      one.run(12_000).engine("a", ANSWERS);
      one.run(100);
      waits.push(one.said("a")?.message ?? "");
      one.run(10_000);
      expect(one.said("a")?.state).toBe("ready");
    }
    expect(waits).toEqual([
      "",
      "lost 2 times within minutes: ready once it has stayed for 1 s",
      "lost 3 times within minutes: ready once it has stayed for 2 s",
      "lost 4 times within minutes: ready once it has stayed for 4 s",
    ]);
  });

  test("does not hide that the node itself fell silent, or that its daemon ended", () => {
    const silent = world();
    silent.engine("a", AWAY);
    silent.mute("a");
    expect(silent.run(20_000).log).toEqual(["10.1 a disconnected", "13.0 a down"]);
    expect(silent.said("a")?.message).toBe("heartbeat failure");

    const ended = world();
    ended.engine("a", AWAY);
    ended.run(1_000).close("a");
    expect(ended.run(60_000).log).toEqual(["10.1 a disconnected", "41.0 a down"]);
  });
});

describe("an agent that comes without its engine", () => {
  test("is not ready, and counts from then on", () => {
    const one = new LivenessWorld();
    one.expect("a", "unknown");
    one.engine("a", AWAY);
    one.connect("a");
    expect(one.run(30_000).log).toEqual(["0.0 a disconnected", "10.0 a down"]);
  });

  test("again, after its daemon restarted, counts from when it first said so", () => {
    const one = world();
    one.engine("a", AWAY);
    one.run(6_000).close("a");
    one.run(500).connect("a");
    expect(one.run(30_000).log).toEqual([
      "10.1 a disconnected",
      "16.5 a disconnected",
      "20.0 a down",
    ]);
  });

  test("does not bring back a node that is down", () => {
    const one = new LivenessWorld();
    one.expect("a", "down");
    one.engine("a", AWAY);
    one.connect("a");
    expect(one.run(30_000).log).toEqual(["0.0 a down"]);
    one.engine("a", ANSWERS);
    expect(one.run(1_000).log.at(-1)).toBe("30.1 a ready");
  });
});
