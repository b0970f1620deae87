/** `skep swarm leave`: this host belongs to the swarm no longer. */
import { defineCommand, NO_ARGUMENTS } from "../../command.js";
import { printLine } from "../../context.js";
import type { FlagSet } from "../../flags/flag.js";
import { toggle } from "../../flags/numbers.js";

const FLAGS = {
  force: toggle("Force this node to leave the swarm, ignoring warnings", { short: "f" }),
} satisfies FlagSet;

export const leaveCommand = defineCommand({
  name: "leave",
  summary: "Leave the swarm",
  synopsis: "[OPTIONS]",
  arguments: NO_ARGUMENTS,
  flags: FLAGS,
  async run({ client, stdout }, { flags }) {
    await client.call("POST", "/swarm/leave", {
      query: { force: flags.force === true ? true : undefined },
    });
    printLine(stdout, "Node left the swarm.");
  },
});
