import { beforeEach, describe, expect, test } from "vitest";

import type { AssignmentSet } from "../../shared/model/assignment.js";
import { type Fence, LOWEST_FENCE } from "../../shared/model/fence.js";
import type { TaskId } from "../../shared/model/ids.js";
import { ManualClock } from "../../shared/ports/manual-clock.js";
import type { AgentMessage, ManagerMessage } from "../../shared/rpc/dispatcher-messages.js";
import { NodeRemovedError, OutdatedManagerError } from "./agent-errors.js";
import {
  type Conversation,
  type HostReport,
  Session,
  type SessionHandlers,
  type Voice,
} from "./session.js";
import { StatusBook } from "./status-book.js";

const FENCE: Fence = { epoch: 1, term: 1, sequence: 1 };
const WELCOME: ManagerMessage = {
  kind: "welcome",
  sessionId: "s",
  fence: FENCE,
  heartbeatPeriodMs: 500,
};
const ANSWER: ManagerMessage = { kind: "heartbeat-received" };

/** Both ends of a stream, in memory. */
class Line implements Conversation {
  readonly sent: AgentMessage[] = [];
  readonly #queue: ManagerMessage[] = [];
  #open = true;
  #wake: () => void = () => undefined;

  get messages(): AsyncIterable<ManagerMessage> {
    return this.#read();
  }

  get open(): boolean {
    return this.#open;
  }

  send(message: AgentMessage): void {
    this.sent.push(message);
  }

  cancel(): void {
    this.#open = false;
    this.#wake();
  }

  say(...messages: ManagerMessage[]): void {
    this.#queue.push(...messages);
    this.#wake();
  }

  /** What was said and not yet read. */
  get unread(): number {
    return this.#queue.length;
  }

  kinds(): string[] {
    return this.sent.map(({ kind }) => kind);
  }

  async *#read(): AsyncIterable<ManagerMessage> {
    for (;;) {
      const message = this.#queue.shift();
      if (message !== undefined) yield message;
      else if (!this.#open) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

let clock: ManualClock;
let line: Line;
let book: StatusBook;
let session: Session;
let ended: Error | undefined;
let off: AbortController;
let outcomes: ("applied" | "gap")[];
let applied: number[];
let host: HostReport;
let voices: Voice[];
let referrals: readonly string[];

beforeEach(() => {
  clock = new ManualClock();
  line = new Line();
  book = new StatusBook(() => undefined);
  ended = undefined;
  off = new AbortController();
  outcomes = [];
  applied = [];
  voices = [];
  referrals = [];
  host = { description: {}, engine: { kind: "answers" } };
});

function begin(handlers: Partial<SessionHandlers> = {}, patience = 1): void {
  session = new Session({
    conversation: line,
    clock,
    book,
    hello: { fence: LOWEST_FENCE, memory: "none" },
    host: () => host,
    handlers: {
      welcomed: () => Promise.resolve(),
      begun: () => undefined,
      voice: (voice) => void voices.push(voice),
      assigned: (set) => {
        applied.push(set.sequence);
        return Promise.resolve(outcomes.shift() ?? "applied");
      },
      removed: () => Promise.reject(new NodeRemovedError()),
      managersChanged: () => Promise.resolve(),
      referred: (addresses) => void (referrals = addresses),
      roleNamed: () => undefined,
      ...handlers,
    },
    wordLimitMs: 2_000,
    patience,
  });
  session.run(off.signal).catch((cause: unknown) => {
    ended = cause as Error;
  });
}

async function welcomed(): Promise<void> {
  begin();
  line.say(WELCOME);
  await clock.advance(0);
}

function set(sequence: number, kind: AssignmentSet["kind"]): ManagerMessage {
  const nothing = { tasks: [], removed: [], templates: [] };
  return { kind: "assignments", set: { fence: FENCE, kind, sequence, ...nothing } };
}

describe("a session", () => {
  test("says hello and sends heartbeats, as often as the manager wants them", async () => {
    begin();
    await clock.advance(1_000);
    expect(line.kinds()).toEqual(["hello", "heartbeat", "heartbeat"]);
    line.say({ ...WELCOME, heartbeatPeriodMs: 700 });
    await clock.advance(499);
    expect(line.kinds()).toHaveLength(3);
    await clock.advance(701);
    expect(line.kinds().slice(3)).toEqual(["heartbeat", "heartbeat"]);
  });

  test("waits for its welcome as long as the manager shows that it is there", async () => {
    begin();
    for (let passedMs = 0; passedMs < 10_000; passedMs += 500) {
      line.say(ANSWER);
      await clock.advance(500);
    }
    expect(ended).toBeUndefined();
    await clock.advance(500);
    expect(ended?.message).toBe("the manager has been silent for 1000 ms");
  });

  test("ends where the first word does not come in time", async () => {
    begin();
    await clock.advance(2_000);
    expect(ended?.message).toBe("the manager has been silent for 2000 ms");
    expect(line.open).toBe(false);
    expect(clock.pending).toBe(0);
  });

  test("ends after a second of silence, and no earlier", async () => {
    await welcomed();
    await clock.advance(900);
    line.say(ANSWER);
    await clock.advance(950);
    expect(ended).toBeUndefined();
    await clock.advance(50);
    expect(ended?.message).toBe("the manager has been silent for 1000 ms");
    expect(clock.pending).toBe(0);
  });

  test("with a patient agent, is told of as silent first, and ends only when that lasts", async () => {
    begin({}, 3);
    line.say(WELCOME);
    await clock.advance(1_000);
    expect(voices).toEqual(["silent"]);
    line.say(ANSWER);
    await clock.advance(2_900);
    expect([voices, ended]).toEqual([["silent", "speaks", "silent"], undefined]);
    await clock.advance(100);
    expect(ended?.message).toBe("the manager has been silent for 3000 ms");
  });

  test("keeps to another period from the answer on that tells it", async () => {
    begin();
    line.say({ ...WELCOME, heartbeatPeriodMs: 10_000 });
    line.say({ kind: "heartbeat-received", heartbeatPeriodMs: 200 });
    await clock.advance(450);
    expect(line.kinds().filter((kind: string) => kind === "heartbeat")).toHaveLength(2);
    line.say(ANSWER);
    await clock.advance(200);
    expect(line.kinds().filter((kind: string) => kind === "heartbeat")).toHaveLength(3);
  });

  test("is as patient as its heartbeats are rare", async () => {
    begin();
    line.say({ ...WELCOME, heartbeatPeriodMs: 3_000 });
    await clock.advance(5_900);
    expect(ended).toBeUndefined();
    await clock.advance(100);
    expect(ended).toBeDefined();
  });

  describe("that waits for its disk", () => {
    let disk: (() => void)[];

    /** Answers a heartbeat every half second. */
    async function answerFor(ms: number): Promise<void> {
      for (let passedMs = 0; passedMs < ms; passedMs += 500) {
        line.say(ANSWER);
        await clock.advance(500);
      }
    }

    beforeEach(() => {
      disk = [];
    });

    test("sends its heartbeats, hears the manager, and obeys when it is done", async () => {
      begin({
        welcomed: () => new Promise((resolve) => void disk.push(resolve)),
        begun: () => void applied.push(0),
      });
      line.say(WELCOME, set(1, "complete"), set(2, "incremental"));
      await answerFor(5_000);
      expect(ended).toBeUndefined();
      expect(line.kinds().filter((kind) => kind === "heartbeat")).toHaveLength(10);
      expect(applied).toEqual([]);
      disk.shift()?.();
      await clock.advance(0);
      expect(applied).toEqual([0, 1, 2]);
    });

    test("notices that the manager fell silent", async () => {
      begin({ assigned: () => new Promise(() => undefined) });
      line.say(WELCOME, set(1, "complete"));
      await answerFor(5_000);
      await clock.advance(1_000);
      expect(ended?.message).toBe("the manager has been silent for 1000 ms");
    });

    test("ends with its stream, and then begins nothing more of what it was told", async () => {
      const assigned: number[] = [];
      begin({
        welcomed: () => new Promise((resolve) => void disk.push(resolve)),
        begun: () => void assigned.push(0),
        assigned: ({ sequence }) => Promise.resolve(assigned.push(sequence)).then(() => "applied"),
      });
      line.say(WELCOME, set(1, "complete"));
      await clock.advance(100);
      line.cancel();
      await clock.advance(0);
      expect(ended?.message).toBe("the manager ended the session");
      disk.shift()?.();
      await clock.advance(0);
      expect(assigned).toEqual([]);
    });

    test("listens to no more than it can hold", async () => {
      begin({ assigned: () => new Promise(() => undefined) });
      line.say(WELCOME, ...Array.from({ length: 50 }, (_, i) => set(i + 1, "incremental")));
      await clock.advance(10_000);
      // It reads nothing more, so it cannot tell the manager's silence from its own.
      expect(ended).toBeUndefined();
      expect(line.unread).toBeGreaterThan(30);
    });
  });

  test("ends with the daemon, for its reason", async () => {
    await welcomed();
    off.abort(new Error("the daemon is stopped"));
    await clock.advance(0);
    expect(ended?.message).toBe("the daemon is stopped");
    expect(clock.pending).toBe(0);
  });

  test("ends when the manager ends it", async () => {
    await welcomed();
    line.cancel();
    await clock.advance(0);
    expect(ended?.message).toBe("the manager ended the session");
  });

  test("hears where the managers are from one that cannot welcome it", async () => {
    begin();
    line.say({ kind: "managers", addresses: ["a:1", "b:2"] });
    line.cancel();
    await clock.advance(0);
    expect(referrals).toEqual(["a:1", "b:2"]);
    expect(ended?.message).toBe("the manager ended the session");
  });

  test("takes orders from nobody who has not welcomed it", async () => {
    begin();
    line.say(set(1, "complete"));
    await clock.advance(0);
    expect(ended?.message).toBe("the manager began with assignments, not with welcome");
    expect(applied).toEqual([]);
  });

  test("hears that its node was removed, in place of a welcome or later", async () => {
    const slowly = async (): Promise<never> => {
      await clock.sleep(10, off.signal);
      throw new NodeRemovedError();
    };
    begin({ removed: slowly });
    line.say({ kind: "removed", fence: FENCE });
    line.cancel();
    await clock.advance(10);
    expect(ended).toBeInstanceOf(NodeRemovedError);
    line = new Line();
    await welcomed();
    line.say({ kind: "removed", fence: FENCE });
    await clock.advance(0);
    expect(ended).toBeInstanceOf(NodeRemovedError);
  });

  test("ends where the manager is outdated", async () => {
    const outdated = new OutdatedManagerError({ seen: FENCE, sent: LOWEST_FENCE });
    begin({ welcomed: () => Promise.reject(outdated) });
    line.say(WELCOME);
    await clock.advance(0);
    expect(ended).toBe(outdated);
    expect(line.kinds()).toEqual(["hello"]);
  });
});

test("what changes of the host is told, each change once, also before the welcome", async () => {
  begin();
  host = { ...host, engine: { kind: "away", reason: "gone" } };
  session.sendHost();
  session.sendHost();
  expect(line.sent.slice(1)).toEqual([{ kind: "engine", health: host.engine }]);
  line.say(WELCOME);
  await clock.advance(0);
  host = { description: { Hostname: "renamed" }, engine: { kind: "answers" } };
  session.sendHost();
  expect(line.sent.slice(2)).toEqual([
    { kind: "description", description: host.description },
    { kind: "engine", health: host.engine },
  ]);
  line.cancel();
  await clock.advance(0);
  host = { ...host, engine: { kind: "away", reason: "gone" } };
  session.sendHost();
  expect(line.sent).toHaveLength(4);
});

test("a gap asks once for everything, and increments before it comes are passed over", async () => {
  outcomes = ["gap", "applied"];
  await welcomed();
  line.say(set(3, "incremental"), set(4, "incremental"), set(5, "incremental"));
  line.say(set(1, "complete"), set(2, "incremental"));
  await clock.advance(0);
  expect(line.kinds()).toEqual(["hello", "resend-assignments"]);
  expect(applied).toEqual([3, 1, 2]);
});

test("statuses are sent once the manager has welcomed us, and again after a session broke", async () => {
  begin();
  book.report("a" as TaskId, { state: "running", atMs: 0, message: "" });
  session.sendStatuses();
  expect(line.kinds()).toEqual(["hello"]);
  line.say(WELCOME);
  await clock.advance(0);
  expect(line.kinds()).toEqual(["hello", "statuses"]);
  line.cancel();
  await clock.advance(0);
  line = new Line();
  await welcomed();
  expect(line.kinds()).toEqual(["hello", "statuses"]);
});
