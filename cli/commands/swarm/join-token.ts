/** `skep swarm join-token`: shows or renews what lets other hosts in. */
import type { Swarm } from "../../../shared/docker-api/swarm-spec.js";
import type { SystemInfo } from "../../../shared/docker-api/system.js";
import { defineCommand, ONE_ARGUMENT } from "../../command.js";
import { words } from "../../completion/sources.js";
import { printLine } from "../../context.js";
import { UsageError } from "../../errors.js";
import type { FlagSet } from "../../flags/flag.js";
import { toggle } from "../../flags/numbers.js";
import { type JoinRole, printJoinCommands } from "./join-instructions.js";

const FLAGS = {
  quiet: toggle("Only display token", { short: "q" }),
  rotate: toggle("Rotate join token"),
} satisfies FlagSet;

export const joinTokenCommand = defineCommand({
  name: "join-token",
  summary: "Manage join tokens",
  synopsis: "[OPTIONS] (worker|manager)",
  arguments: ONE_ARGUMENT,
  completion: words("worker", "manager"),
  flags: FLAGS,
  async run({ client, stdout }, { flags, args }) {
    const role = parseRole(args[0] ?? "");
    if (flags.rotate === true) {
      const { Version: version, Spec: body } = await client.call<Swarm>("GET", "/swarm");
      const which = role === "worker" ? "rotateWorkerToken" : "rotateManagerToken";
      const query = { version: version.Index, [which]: true };
      await client.call("POST", "/swarm/update", { query, body });
      if (flags.quiet !== true) {
        printLine(stdout, `Successfully rotated ${role} join token.\n`);
      }
    }
    if (flags.quiet === true) {
      const { JoinTokens: tokens } = await client.call<Swarm>("GET", "/swarm");
      printLine(stdout, role === "worker" ? tokens.Worker : tokens.Manager);
      return;
    }
    const info = await client.call<SystemInfo>("GET", "/info");
    await printJoinCommands({ client, stdout }, info.Swarm?.NodeID ?? "", [role]);
  },
});

function parseRole(given: string): JoinRole {
  if (given === "worker" || given === "manager") return given;
  throw new UsageError(`unknown role ${given} (must be worker or manager)`);
}
