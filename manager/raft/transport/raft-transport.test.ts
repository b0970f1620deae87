import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { RaftMembers } from "../../../test/raft-members.js";
import type { MemberId } from "../core/member-id.js";

const IDS = ["one", "two", "three"] as MemberId[];
const WAIT = { timeout: 10_000, interval: 20 };

let members: RaftMembers;

beforeEach(async () => {
  members = await RaftMembers.create();
});

afterEach(async () => {
  await members.close();
  expect(members.fatal).toEqual([]);
});

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const lines = (count: number, name = "line"): string[] =>
  Array.from({ length: count }, (_, i) => `${name} ${i + 1}`);

async function everybodyHas(wanted: readonly string[]): Promise<void> {
  await vi.waitFor(() => {
    for (const { journal } of members.running.values()) expect(journal.lines).toEqual(wanted);
  }, WAIT);
}

describe("three managers", () => {
  test("agree on what their leader proposes", async () => {
    const leader = await members.found(IDS);
    await Promise.all(lines(500).map((line) => leader.member.propose(bytes(line))));
    await everybodyHas(lines(500));
  });

  test("elect another leader when theirs is gone, and it follows when it is back elsewhere", async () => {
    const leader = await members.found(IDS);
    await leader.member.propose(bytes("before"));
    await members.stop(leader.id);
    const next = await vi.waitFor(() => {
      const { leader: found } = members;
      expect(found).toBeDefined();
      return found!;
    }, WAIT);
    await next.member.propose(bytes("meanwhile"));
    const { port } = await members.start(leader.id, { beginning: "join" });
    expect(port).not.toBe(leader.port);
    await next.member.propose(bytes("after"));
    await everybodyHas(["before", "meanwhile", "after"]);
  });
});
