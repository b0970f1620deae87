/**
 * `npm run sim`: simulated clusters, one seed after the other. What is wrong is printed with the
 * seed and the command that repeats it: managers and their consensus, or, with `agents`, agents and
 * their managers.
 */
import { availableParallelism } from "node:os";

import { Command, InvalidArgumentError, Option } from "commander";

import { type Kind, KINDS, simulationOf } from "./cluster/kinds.js";
import { runSimulation } from "./cluster/run-simulation.js";
import { type ManagersFlags, simulateManagers } from "./raft/simulate.js";
import { simulateClusters } from "./whole/simulate.js";

interface AgentsFlags {
  readonly kind: readonly Kind[];
  readonly first: number;
  readonly seeds: number;
}

const program = new Command("npm run sim --")
  .description("Clusters in simulated trouble: managers that agree on a log.")
  .enablePositionalOptions()
  .option("--seeds <number>", "how many seeds", wholeNumber, 1_000)
  .option("--from <number>", "the first seed", wholeNumber, 1)
  .option("--workers <number>", "so many at once", wholeNumber, availableParallelism())
  .option("--trace", "tell the story of each run")
  .option("--only <numbers>", "with these faults of its plan only, such as 3,7", numbers)
  .option("--shrink", "leave faults out of what fails, while it fails")
  .option("--cluster", "whole clusters: managers, agents, engines, users and their services")
  .action(async ({ cluster, ...flags }: ManagersFlags & { readonly cluster?: true }) => {
    process.exitCode = await (cluster ? simulateClusters(flags) : simulateManagers(flags));
  });

program
  .command("agents")
  .description("agents, managers and the network between them: who is called lost, who is not")
  .addOption(new Option("--kind <kind...>", "kinds of trouble").choices(KINDS).default(KINDS))
  .option("--first <number>", "the first seed", wholeNumber, 0)
  .option("--seeds <number>", "how many seeds", wholeNumber, 100)
  .action(agents);

await program.parseAsync();

async function agents({ kind: kinds, first, seeds }: AgentsFlags): Promise<void> {
  for (const kind of kinds) {
    for (let number = first; number < first + seeds; number++) {
      const { violations, story } = await runSimulation(simulationOf(kind, number));
      if (violations.length === 0) continue;
      console.log(`${story}\n\n${kind} ${number}:\n${violations.join("\n")}`);
      process.exitCode = 1;
      return;
    }
    console.log(`${kind}: ${seeds} seeds, nothing wrong`);
  }
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("a whole number is needed");
  return Number(text);
}

function numbers(text: string): number[] {
  return text === "" ? [] : text.split(",").map(wholeNumber);
}
