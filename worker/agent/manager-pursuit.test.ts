import { beforeEach, describe, expect, test } from "vitest";

import { UnavailableError } from "../../shared/errors/cluster-error.js";
import { ManualClock } from "../../shared/ports/manual-clock.js";
import { seededRandom } from "../../shared/ports/random.js";
import { NodeRemovedError, SilentManagerError } from "./agent-errors.js";
import { ManagerPursuit, type Told } from "./manager-pursuit.js";
import { ManagerSearch } from "./manager-search.js";

/** What a manager does that is asked for a session. */
type Manner = "welcomes" | "sends away" | "hangs" | "is out of reach" | "does not know us";

let clock: ManualClock;
let manners: Record<string, Manner>;
/** What was asked, and what came of it, with the time. */
let log: string[];
/** How patient each session was to be. */
let patiences: number[];
/** Open sessions. */
let sessions: Map<string, { readonly told: Told; readonly end: (cause: Error) => void }>;
let stop: AbortController;
let ended: Promise<unknown>;

beforeEach(() => {
  clock = new ManualClock();
  log = [];
  patiences = [];
  sessions = new Map();
  stop = new AbortController();
});

function pursue(given: Record<string, Manner>): void {
  manners = given;
  const names = Object.keys(given);
  const search = new ManagerSearch(
    seededRandom("search"),
    () => names,
    () => names.length,
  );
  const pursuit = new ManagerPursuit({
    search,
    clock,
    reach: async (address, signal) => {
      if (manners[address] === "is out of reach") await clock.sleep(60_000, signal);
    },
    converse: ({ address, patience }, told, signal) => {
      patiences.push(patience);
      return converse(address, told, signal);
    },
    onBegun: (address) => note(`${address} begun`),
    onEnded: (address, cause, outcome) => {
      if (outcome === "begun") note(`${address} ended: ${(cause as Error).message}`);
    },
  });
  ended = pursuit.run(stop.signal).catch((cause: unknown) => cause);
}

function converse(address: string, told: Told, signal: AbortSignal): Promise<never> {
  note(`${address} asked`);
  return new Promise((_resolve, reject) => {
    const end = (cause: Error): void => {
      sessions.delete(address);
      reject(cause);
    };
    sessions.set(address, { told, end });
    signal.addEventListener("abort", () => {
      note(`${address} let go`);
      end(signal.reason as Error);
    });
    if (manners[address] === "welcomes") told.begun();
    if (manners[address] === "sends away") end(new UnavailableError("does not lead"));
    if (manners[address] === "does not know us") end(new NodeRemovedError());
  });
}

function note(what: string): void {
  log.push(what);
}

function lose(address: string): void {
  sessions.get(address)?.end(new UnavailableError("lost"));
}

describe("in search of a session", () => {
  test("the one that leads is found among those that do not, within a moment", async () => {
    pursue({ a: "sends away", b: "sends away", c: "welcomes" });
    await clock.advance(400);
    expect(log.at(-1)).toBe("c begun");
    expect([...sessions.keys()]).toEqual(["c"]);
  });

  test("one that hangs keeps nobody from asking the next, and is let go then", async () => {
    pursue({ a: "hangs", b: "hangs", c: "hangs" });
    await clock.advance(1_600);
    expect([...sessions.keys()].sort()).toEqual(["a", "b", "c"]);
    await clock.advance(10_000);
    expect(log.filter((line) => line.endsWith("asked"))).toHaveLength(3); // each once
    sessions.get("b")!.told.begun();
    await clock.advance(0);
    expect([...sessions.keys()]).toEqual(["b"]);
    expect(log.slice(3).sort()).toEqual(["a let go", "b begun", "c let go"]);
  });

  test("one that leads from now on is found though another hangs", async () => {
    pursue({ a: "hangs", b: "sends away" });
    await clock.advance(5_000);
    manners["b"] = "welcomes";
    const beforeMs = clock.nowMs();
    while (!sessions.has("b")) await clock.advance(10);
    expect(clock.nowMs() - beforeMs).toBeLessThanOrEqual(1_000);
    expect([...sessions.keys()]).toEqual(["b"]);
  });

  test("one that was out of reach is found within a second", async () => {
    pursue({ a: "is out of reach" });
    await clock.advance(30_000);
    manners["a"] = "welcomes";
    await clock.advance(1_000);
    expect(log).toEqual(["a asked", "a begun"]);
  });

  test("a lone manager that is short of time is left to itself", async () => {
    pursue({ a: "hangs" });
    await clock.advance(60_000);
    expect(log).toEqual(["a asked"]);
  });

  test("what says that the node was removed ends it", async () => {
    pursue({ a: "hangs", b: "does not know us" });
    await clock.advance(2_000);
    expect(await ended).toBeInstanceOf(NodeRemovedError);
    expect(sessions.size).toBe(0);
  });

  test("it leaves nothing behind when the daemon stops", async () => {
    pursue({ a: "hangs", b: "is out of reach" });
    await clock.advance(3_000);
    stop.abort(new Error("the daemon is stopped"));
    await clock.advance(0);
    expect(await ended).toMatchObject({ message: "the daemon is stopped" });
    expect([sessions.size, clock.pending]).toEqual([0, 0]);
  });
});

describe("while a session stands", () => {
  /** A session with a manager of two; returns it and the other. */
  async function standing(other: Manner): Promise<[string, string]> {
    pursue({ a: "welcomes", b: "welcomes" });
    await clock.advance(400);
    const [one = ""] = sessions.keys();
    const another = one === "a" ? "b" : "a";
    manners[another] = other;
    log = [];
    return [one, another];
  }

  test("nobody else is asked", async () => {
    await standing("welcomes");
    await clock.advance(60_000);
    expect(log).toEqual([]);
  });

  test("and its manager is silent, the others are asked, and one that welcomes us has us", async () => {
    const [one, other] = await standing("sends away");
    sessions.get(one)!.told.voice("silent");
    await clock.advance(2_500);
    expect(sessions.has(one)).toBe(true);
    expect(log.filter((line) => line === `${other} asked`).length).toBeGreaterThan(1);
    manners[other] = "welcomes";
    await clock.advance(1_000);
    expect([...sessions.keys()]).toEqual([other]);
    expect(log.slice(-2)).toEqual([`${one} let go`, `${other} begun`]);
  });

  test("and its manager speaks again, the others are let go", async () => {
    const [one, other] = await standing("hangs");
    sessions.get(one)!.told.voice("silent");
    await clock.advance(1_000);
    expect(sessions.has(other)).toBe(true);
    sessions.get(one)!.told.voice("speaks");
    await clock.advance(10_000);
    expect([...sessions.keys()]).toEqual([one]);
    expect(log).toEqual([`${other} asked`, `${other} let go`]);
  });

  test("and its manager is silent, it is kept as long as the host takes connections", async () => {
    pursue({ a: "welcomes" });
    await clock.advance(400);
    sessions.get("a")!.told.voice("silent");
    await clock.advance(10_000);
    expect(log).toEqual(["a asked", "a begun"]);
  });

  test("and its manager's host is cut off, it is left, and begun anew within a second of the mend", async () => {
    pursue({ a: "welcomes" });
    await clock.advance(400);
    manners["a"] = "is out of reach";
    sessions.get("a")!.told.voice("silent");
    await clock.advance(400);
    expect(log.slice(2)).toEqual(["a let go", expect.stringContaining("a ended: ")]);
    await clock.advance(30_000);
    manners["a"] = "welcomes";
    await clock.advance(1_000);
    expect(log.slice(4)).toEqual(["a asked", "a begun"]);
  });

  test.each([
    ["takes connections all the time: it is short of time", "welcomes", 2],
    ["is out of reach for a while: it was cut off", "is out of reach", 1],
  ] as const)("and it ends in silence while the host %s", async (_what, meanwhile, patience) => {
    pursue({ a: "welcomes" });
    await clock.advance(400);
    manners["a"] = meanwhile;
    sessions.get("a")!.end(new SilentManagerError("silent"));
    await clock.advance(5_000);
    manners["a"] = "welcomes";
    await clock.advance(1_000);
    expect(patiences).toEqual([1, patience]);
  });

  test("and it breaks, the others are asked first", async () => {
    const [one, other] = await standing("welcomes");
    lose(one);
    await clock.advance(400);
    expect(log).toEqual([`${one} ended: lost`, `${other} asked`, `${other} begun`]);
  });
});
