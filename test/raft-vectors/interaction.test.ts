// The published traces of whole clusters, line by line, without their log.
import { readdirSync } from "node:fs";

import { expect, test } from "vitest";

import { describeWithShared } from "../setup/requirements.js";
import { type Case, readCases } from "./data-driven.js";
import { Trace } from "./trace-commands.js";

/** Where our members do something else on purpose: from this line on, and why. */
const DIFFERENCES: Readonly<Record<string, { readonly line: number; readonly why: string }>> = {
  "confchange_v2_add_single_explicit.txt": {
    line: 102,
    why:
      "A change of the membership that does not fit is refused with the reason. The traces append " +
      "an empty entry in its place, and who proposed it never hears that nothing changed.",
  },
  "confchange_v2_replace_leader_stepdown.txt": {
    line: 63,
    why:
      "Only a leader takes proposals: a manager forwards a write as a request with an id, before " +
      "it becomes an entry, so that a retry after a lost answer is safe.",
  },
  "forget_leader_read_only_lease_based.txt": {
    line: 26,
    why: "There are no reads on a lease: they trust clocks. Every read asks a quorum.",
  },
};

describeWithShared("traces of clusters", "raft-vectors/interaction", (folder) => {
  test.each(readdirSync(folder))("%s", (file) => {
    const cases = readCases(`${folder}/${file}`);
    const trace = new Trace(cases);
    const differsAt = DIFFERENCES[file]?.line ?? Infinity;
    for (const vector of cases) {
      const output = trace.run(vector).trimEnd();
      if (vector.line === differsAt) {
        expect(output, "a difference that is none any more").not.toBe(withoutLog(vector));
        return;
      }
      expect(output, `${file}:${vector.line}`).toBe(withoutLog(vector));
    }
    expect(differsAt, "the line of a difference").toBe(Infinity);
  });
});

function withoutLog({ expected }: Case): string {
  const lines = expected.split("\n").filter((line) => !/^\s*(DEBUG|INFO|WARN|ERROR) /.test(line));
  const text = lines.join("\n").trimEnd();
  return text === "ok" ? "" : text;
}
