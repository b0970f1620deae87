import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { assert } from "../../../shared/errors/assert.js";
import { InvalidArgumentError } from "../../../shared/errors/cluster-error.js";
import { messageType } from "../../../shared/rpc/protos.js";
import type { MemberId } from "../core/member-id.js";
import { type Membership, NO_MEMBERS } from "../core/membership.js";
import type { Entry, MessageBody } from "../core/message.js";
import type { Said } from "./message-writer.js";
import { MESSAGES } from "./raft-rpc.js";

const [A, B] = ["a.1", "b"] as MemberId[] as [MemberId, MemberId];
const membership: Membership = { ...NO_MEMBERS, voters: [A], learners: [B] };
const bytes = (...values: number[]): Uint8Array => Buffer.from(values);

const CHANGE: Entry = {
  kind: "membership",
  term: 3,
  index: 8,
  change: { kind: "change", joint: "if-needed", changes: [{ kind: "add-learner", id: B }] },
};

const BODIES: {
  readonly [Kind in MessageBody["kind"]]: readonly (MessageBody & { kind: Kind })[];
} = {
  "vote-request": [
    {
      kind: "vote-request",
      phase: "pre-vote",
      last: { term: 2, index: 9 },
      cause: "timeout",
      committed: { term: 1, index: 8 },
    },
    {
      kind: "vote-request",
      phase: "vote",
      last: { term: 0, index: 0 },
      cause: "transfer",
      committed: { term: 0, index: 0 },
    },
  ],
  "vote-reply": [
    { kind: "vote-reply", phase: "pre-vote", granted: true, committed: { term: 0, index: 0 } },
    { kind: "vote-reply", phase: "vote", granted: false, committed: { term: 3, index: 4 } },
  ],
  append: [
    { kind: "append", previous: { term: 0, index: 0 }, entries: [], commit: 0 },
    {
      kind: "append",
      previous: { term: 2, index: 6 },
      commit: 2 ** 52,
      entries: [
        { kind: "data", term: 2, index: 7, data: bytes() },
        CHANGE,
        { kind: "data", term: 3, index: 9, data: bytes(0, 255, 1) },
      ],
    },
    { kind: "append", previous: { term: 2, index: 7 }, entries: [CHANGE], commit: 7 },
  ],
  "append-accepted": [{ kind: "append-accepted", index: 0 }],
  "append-rejected": [{ kind: "append-rejected", index: 5, hint: { term: 0, index: 4 } }],
  outdated: [{ kind: "outdated" }],
  heartbeat: [{ kind: "heartbeat", commit: 0, read: 0 }],
  "heartbeat-reply": [{ kind: "heartbeat-reply", read: 0 }],
  snapshot: [{ kind: "snapshot", snapshot: { term: 1, index: 2, membership } }],
  "timeout-now": [{ kind: "timeout-now" }],
  "read-request": [{ kind: "read-request", request: "a.17" }],
  "read-reply": [{ kind: "read-reply", request: "a.17", index: 0 }],
};

function carried(messages: readonly Said[]): unknown {
  return MESSAGES.request.decode(MESSAGES.request.encode({ kind: "messages", messages }));
}

describe("what is said arrives as it was said", () => {
  test.each(Object.values(BODIES).flat())("$kind", (body) => {
    const messages = [{ ...body, term: 4 }];
    expect(carried(messages)).toEqual({ kind: "messages", messages });
  });

  test("all in one frame, in order, and only what belongs to it", () => {
    const messages = Object.values(BODIES)
      .flat()
      .map((body, term) => ({ ...body, term }));
    const addressed = messages.map((said) => ({ ...said, from: A, to: B }));
    expect(carried(addressed)).toEqual({ kind: "messages", messages });
  });

  test("hellos, pings and answers", () => {
    const hello = { kind: "hello", hello: { from: A, to: B, address: "10.0.0.1:2377" } } as const;
    for (const frame of [hello, { kind: "ping", ping: 7 } as const]) {
      expect(MESSAGES.request.decode(MESSAGES.request.encode(frame))).toEqual(frame);
    }
    for (const reply of [{ pong: 0 }, { pong: 7 }]) {
      expect(MESSAGES.response.decode(MESSAGES.response.encode(reply))).toEqual(reply);
    }
  });

  test("entries of any terms and sizes, up to the largest proposal and beyond", () => {
    const entry = fc.record({
      rise: fc.nat(2),
      data: fc.uint8Array({ maxLength: 300 }).map((data) => Buffer.from(data)),
    });
    fc.assert(
      fc.property(fc.array(entry), fc.nat(), (made, start) => {
        let term = 1;
        const entries = made.map(({ rise, data }, i): Entry => {
          term += rise;
          return { kind: "data", term, index: start + i + 1, data };
        });
        const previous = { term: 1, index: start };
        const messages: Said[] = [{ kind: "append", previous, entries, commit: start, term }];
        expect(carried(messages)).toEqual({ kind: "messages", messages });
      }),
    );
  });

  test("an entry larger than any that may be proposed", () => {
    const data = Buffer.alloc(9 * 1024 * 1024, 1);
    const entries: Entry[] = [{ kind: "data", term: 1, index: 1, data }];
    const previous = { term: 0, index: 0 };
    const said: Said = { kind: "append", previous, entries, commit: 0, term: 1 };
    const frame = MESSAGES.request.decode(
      MESSAGES.request.encode({ kind: "messages", messages: [said] }),
    );
    assert(frame.kind === "messages", "messages stay messages");
    const [heard] = frame.messages;
    assert(heard?.kind === "append" && heard.entries[0]?.kind === "data", "an append with data");
    expect(data.equals(heard.entries[0].data)).toBe(true);
  });
});

describe("is refused", () => {
  const wire = messageType<object>("skep.raft.v1.Frame");
  test.each([
    ["a message of a kind that this release does not know", { messages: [{ term: 1 }] }],
    ["more entries than data", { messages: [{ append: { terms: [{ term: 1, count: 2 }] } }] }],
    ["a change where there is no entry", { messages: [{ append: { changes: [0] } }] }],
    ["a hello without a name", { hello: { from: "", to: "b" } }],
  ])("%s", (_case, frame) => {
    expect(() => MESSAGES.request.decode(wire.encode(frame))).toThrow(InvalidArgumentError);
  });
});
