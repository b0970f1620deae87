/** Sentences of the paper (Ongaro and Ousterhout 2014) that take many coincidences to matter. */
import { describe, expect, test } from "vitest";

import { seededRandom } from "../../../shared/ports/random.js";
import type { MemberId } from "./member-id.js";
import { SAFE_VARIANT } from "./member-state.js";
import { NO_MEMBERS } from "./membership.js";
import type { Entry, Message } from "./message.js";
import { RaftNode } from "./node.js";
import type { Ready } from "./ready.js";

const [ME, ...OTHERS] = ["m1", "m2", "m3", "m4", "m5"] as MemberId[] as [MemberId, ...MemberId[]];
const MANY = 1_000_000;

function entry(index: number, term: number): Entry {
  return { kind: "data", index, term, data: new Uint8Array([index, term]) };
}

/** One of `voters`, with these entries, of which the first is committed and applied. */
function member(entries: readonly Entry[], voters: MemberId[] = [ME, ...OTHERS]): RaftNode {
  const term = entries.at(-1)?.term ?? 0;
  return new RaftNode({
    id: ME,
    random: seededRandom("paper"),
    electionTicks: 10,
    heartbeatTicks: 1,
    variant: { ...SAFE_VARIANT, preVote: false },
    limits: {
      messageBytes: MANY,
      inFlight: { messages: MANY, bytes: MANY },
      uncommittedBytes: MANY,
    },
    latestSnapshot: () => undefined,
    apply: { upTo: "durable", bytes: MANY },
    stored: {
      base: { term: 0, index: 0 },
      entries,
      commitIndex: 1,
      appliedIndex: 1,
      hardState: { term, vote: undefined },
      membership: { ...NO_MEMBERS, voters },
    },
  });
}

/** What was to be written is durable now. */
function written(node: RaftNode, { write }: Ready): void {
  for (const message of write?.then ?? []) if (message.to === ME) node.step(message);
  if (write?.receipt !== undefined) node.written(write.receipt);
}

function settle(node: RaftNode): void {
  while (node.hasReady) {
    const ready = node.takeReady();
    written(node, ready);
    node.applied(ready.apply);
  }
}

function accepted(from: MemberId, index: number, term: number): Message {
  return { kind: "append-accepted", index, from, to: ME, term };
}

describe("5.4.2, figure 8", () => {
  test("an entry of an earlier term is committed only together with one of the own term", () => {
    const node = member([entry(1, 1), entry(2, 2)]);
    node.campaign();
    settle(node);
    const committed = { term: 1, index: 1 };
    for (const from of OTHERS.slice(0, 2)) {
      const vote = { kind: "vote-reply", phase: "vote", granted: true, committed } as const;
      node.step({ ...vote, from, to: ME, term: 3 });
    }
    settle(node);
    expect(node.status).toMatchObject({ role: "leader", term: 3, lastIndex: 3 });

    for (const from of OTHERS) node.step(accepted(from, 2, 3));
    expect(node.status.committedIndex).toBe(1);
    for (const from of OTHERS.slice(0, 2)) node.step(accepted(from, 3, 3));
    expect(node.status.committedIndex).toBe(3);
  });
});

describe("figure 2, AppendEntries", () => {
  test("what the message does not reach is not committed by it", () => {
    const node = member([entry(1, 1), entry(2, 1), entry(3, 1)]);
    const append = { kind: "append", previous: { term: 1, index: 2 }, entries: [] } as const;
    node.step({ ...append, commit: 9, from: OTHERS[0] as MemberId, to: ME, term: 2 });
    expect(node.status.committedIndex).toBe(2);
  });

  test("what was replaced before it was durable says nothing of what took its place", () => {
    const node = member([entry(1, 1)]);
    const from = OTHERS[0] as MemberId;
    const append = { kind: "append", previous: { term: 1, index: 1 }, from, to: ME } as const;
    node.step({ ...append, entries: [entry(2, 2)], commit: 1, term: 2 });
    const first = node.takeReady();
    node.step({ ...append, entries: [entry(2, 3)], commit: 2, term: 3 });
    const second = node.takeReady();
    expect(second.apply).toEqual([]);

    written(node, first);
    expect(node.hasReady).toBe(false);
    written(node, second);
    expect(node.takeReady().apply).toEqual([entry(2, 3)]);
  });
});

describe("thesis, 6.4, linearizable reads", () => {
  test("the only voter too reads nothing before its term's first entry is committed", () => {
    const from = OTHERS[0] as MemberId;
    const node = member([entry(1, 1), entry(2, 1)], [ME]);
    node.campaign();
    const vote = node.takeReady();
    written(node, vote);
    expect(node.status).toMatchObject({ role: "leader", term: 2, committedIndex: 1 });

    // Entry 2 may have been committed and acknowledged by this very member before it restarted.
    node.read("own");
    node.step({ kind: "read-request", request: "theirs", from, to: ME, term: 0 });
    const early = node.takeReady();
    expect(early.reads).toEqual([]);
    expect(early.messages).toEqual([]);

    written(node, early);
    const { reads, messages } = node.takeReady();
    expect(reads).toEqual([{ request: "own", index: 3 }]);
    expect(messages).toEqual([
      { kind: "read-reply", request: "theirs", index: 3, from: ME, to: from, term: 2 },
    ]);
  });
});

test("another pace counts at once: a follower stands for election after it", () => {
  const follower = member([entry(1, 1)]);
  follower.setPace({ electionTicks: 100, heartbeatTicks: 3 });
  for (let tick = 0; tick < 99; tick++) follower.tick();
  expect(follower.status.role).toBe("follower");
  follower.setPace({ electionTicks: 10, heartbeatTicks: 3 });
  follower.tick();
  expect(follower.status.role).toBe("candidate");
});
