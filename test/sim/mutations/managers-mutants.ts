/** Deliberate bugs that show where managers agree for real, or hosts have things, for whole clusters to notice. */
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
];

export const MANAGERS_MUTANTS: readonly Mutant[] = BUGS.map(([name, file, find, replace]) => {
  return { name, file, find, replace, caughtBy: "cluster simulation" };
});
