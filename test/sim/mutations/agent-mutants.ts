/** Deliberate bugs in who follows the log: the store's head, and agents under several managers. */
import type { Mutant } from "./mutant.js";

export const AGENT_MUTANTS: readonly Mutant[] = [
  {
    name: "the head is kept after a dropped proposal",
    file: "manager/store/proposals.ts",
    find: "if (proposal.head === this.#head) this.endHead();\n    const place",
    replace: "const place",
    caughtBy: "manager/store/store.property.test.ts",
  },
  {
    name: "the head is kept after somebody else's entry",
    file: "manager/store/proposals.ts",
    find: "      this.endHead();\n      return undefined;",
    replace: "      return undefined;",
    caughtBy: "manager/store/store.property.test.ts",
  },
  {
    name: "a head begins while proposals of the one before are in flight",
    file: "manager/store/proposals.ts",
    find: " || this.#inFlight.length > 0) return;",
    replace: ") return;",
    caughtBy: "manager/store/store.property.test.ts",
  },
  {
    name: "an agent obeys an older term",
    file: "worker/agent/core/diff-assignments.ts",
    find: "if (order < 0) return undefined;",
    replace: "",
    caughtBy: "worker/agent/core/diff-assignments.test.ts",
  },
  {
    name: "an agent forgets at a restart which term it has seen",
    file: "worker/agent/task-db.ts",
    find: "this.#fence = laterFence(assignments?.fence ?? LOWEST_FENCE, statuses?.fence ?? LOWEST_FENCE);",
    replace: "this.#fence = laterFence(LOWEST_FENCE, LOWEST_FENCE);",
    caughtBy: "worker/agent/task-db.test.ts",
  },
];
