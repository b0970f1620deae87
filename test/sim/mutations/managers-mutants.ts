/**
 * Deliberate bugs that show where several managers agree for real, and in what hosts have by name or
 * number, for whole clusters to notice.
 */
import type { Mutant } from "./mutant.js";

type Bug = readonly [name: string, file: string, find: string, replace: string];

const BUGS: readonly Bug[] = [
  ["loops of a lost lead go on", "manager/leadership.ts", "    this.#lostLead = lostLead;\n", ""],
  [
    "a restored state has no sequence number",
    "manager/store/snapshot-codec.ts",
    "  replica.tables.advanceTo(fromUint64(header.sequence));\n",
    "",
  ],
  [
    "whole clusters: the head is kept after a dropped proposal",
    "manager/store/proposals.ts",
    "if (proposal.head === this.#head) this.endHead();\n    const place",
    "const place",
  ],
  [
    "whole clusters: the head is kept after somebody else's entry",
    "manager/store/proposals.ts",
    "      this.endHead();\n      return undefined;",
    "      return undefined;",
  ],
  [
    "an agent that starts again forgets what it has obeyed",
    "worker/agent/agent.ts",
    "      fence: assignments.fence,\n    };\n    book.restore",
    "      fence: { epoch: 0, term: 0, sequence: 0 },\n    };\n    book.restore",
  ],
  [
    "a thing that a host has by name is given twice",
    "manager/scheduler/core/generic-stock.ts",
    "held?.has(name) !== true",
    "name.length > (held?.size ?? 0) * 0",
  ],
  [
    "what a host has by number is given without counting",
    "manager/scheduler/core/generic-stock.ts",
    "return (capacity?.count ?? 0) - (this.#counts.get(kind) ?? 0);",
    "return capacity?.count ?? 0;",
  ],
  [
    "who has what its host lost keeps it",
    "manager/orchestrator/core/beyond-capacity.ts",
    "if (fits(reserved, free) && stock.has(generics)) {",
    "if (fits(reserved, free)) {",
  ],
];

export const MANAGERS_MUTANTS: readonly Mutant[] = BUGS.map(([name, file, find, replace]) => {
  return { name, file, find, replace, caughtBy: "cluster simulation" };
});
