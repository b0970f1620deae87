// The published vectors of majorities, joint and simple.
import { readdirSync } from "node:fs";

import { describe, expect, test } from "vitest";

import type { MemberId } from "../../manager/raft/core/member-id.js";
import { type Electorate, reachedByQuorum, voteResult } from "../../manager/raft/core/quorum.js";
import { describeWithShared } from "../setup/requirements.js";
import { type Case, readCases } from "./data-driven.js";

describeWithShared("vectors of quorums", "raft-vectors/quorum", (folder) => {
  describe.each(readdirSync(folder))("%s", (file) => {
    test.each(readCases(`${folder}/${file}`))("line $line: $command", (vector) => {
      // What stands before it is a drawing.
      const result = /\w+$|∞$/u.exec(vector.expected.trimEnd())?.[0];
      expect(resultOf(vector)).toBe(result);
    });
  });
});

function resultOf(vector: Case): string {
  const electorate = electorateOf(vector);
  if (vector.command === "vote") {
    const votes = valuesOf(vector, "votes").flatMap(([id, value]) =>
      value === "_" ? [] : [[id, value === "y"] as const],
    );
    return { won: "VoteWon", lost: "VoteLost", pending: "VotePending" }[
      voteResult(electorate, new Map(votes))
    ];
  }
  expect(vector.command).toBe("committed");
  const reached = new Map(
    valuesOf(vector, "idx").map(([id, value]) => [id, value === "_" ? undefined : Number(value)]),
  );
  const index = reachedByQuorum(electorate, (id) => reached.get(id));
  return index === Infinity ? "∞" : String(index);
}

function electorateOf({ options }: Case): Electorate {
  const ids = (name: string): MemberId[] =>
    (options.get(name) ?? []).filter((id) => id !== "zero") as MemberId[];
  return { voters: ids("cfg"), outgoing: ids("cfgj") };
}

/** The values stand in the order in which the ids first come. */
function valuesOf(vector: Case, name: string): [MemberId, string][] {
  const { voters, outgoing } = electorateOf(vector);
  const ids = [...new Set([...voters, ...outgoing])];
  const values = vector.options.get(name) ?? [];
  return ids.map((id, i) => [id, values[i] ?? "_"]);
}
